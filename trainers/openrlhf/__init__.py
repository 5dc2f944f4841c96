"""The distributed backend: OpenRLHF's GRPO on Ray, vLLM and DeepSpeed, with this project's rewards and advantages."""
