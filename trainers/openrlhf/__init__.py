"""The distributed backend: OpenRLHF's GRPO, SFT and DPO, with rewards, advantages, tokens and pictures of the local one."""
