"""What a recipe says of the machines: the section [openrlhf]. Nothing here changes what is learned, but for rounding."""

from __future__ import annotations

from dataclasses import dataclass

from ...harness.settings import require

STUDENTS = ("vllm", "transformers")


@dataclass(frozen=True)
class OpenRlhfSettings:
    """GPUs and memory.

    The actor has `nodes` x `gpus` GPUs, and the frozen reference as many; `engines` rollout engines of `tensor_parallel`
    GPUs each. With `colocate` all of them share the actor's GPUs, and the engines sleep while the actor learns. A judge
    that the recipe gives no URL for is served on `judge_gpus` further GPUs of the first node.

    A staged method's student is asked on the engine `student`, "vllm" or "transformers": with vllm as many copies as there
    are `engines`, or one of `tensor_parallel` GPUs if that is more than one. Its SFT and DPO have the `gpus` of one node.

    With `correct_engine` each token weighs by the ratio of the learner's probability to the engine's, kept in [0.5, 5]: they
    compute in different ways. The metric vllm_kl, which shows whether new weights arrived, needs it.

    `prompt_tokens` is the longest prompt; `micro_rollout` and `micro_train` are samples per GPU and pass. A training
    without a sign of life for `silence` seconds is ended.
    """

    nodes: int = 1
    gpus: int = 8
    engines: int = 8
    tensor_parallel: int = 1
    colocate: bool = True
    judge_gpus: int = 0
    prompt_tokens: int = 2048
    micro_rollout: int = 4
    micro_train: int = 1
    zero_stage: int = 3
    adam_offload: bool = False
    gradient_checkpointing: bool = True
    attention: str = "flash_attention_2"
    gpu_memory_utilization: float = 0.6
    enforce_eager: bool = False
    silence: int = 3600
    correct_engine: bool = True
    student: str = "vllm"

    def __post_init__(self) -> None:
        counts = (
            "nodes",
            "gpus",
            "engines",
            "tensor_parallel",
            "prompt_tokens",
            "micro_rollout",
            "micro_train",
            "silence",
        )
        shared = self.engines * self.tensor_parallel == self.nodes * self.gpus
        rules = {
            **{f"{name} must be at least 1": getattr(self, name) >= 1 for name in counts},
            "judge_gpus must not be negative": self.judge_gpus >= 0,
            f"student must be one of: {', '.join(STUDENTS)}": self.student in STUDENTS,
            "zero_stage must be 0, 1, 2 or 3": self.zero_stage in range(4),
            "gpu_memory_utilization must be above 0 and at most 1": 0 < self.gpu_memory_utilization <= 1,
            "with colocate, engines x tensor_parallel must be nodes x gpus": not self.colocate or shared,
        }
        require(rules.items())

    def gpus_needed(self, *, reference: bool) -> int:
        """GPUs of the Ray cluster, the judge's left out."""
        actor = self.nodes * self.gpus
        if self.colocate:
            return actor
        return actor * (2 if reference else 1) + self.engines * self.tensor_parallel
