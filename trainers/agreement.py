"""Whether a learner and the engine that draws for it make the same of the same tokens."""

from __future__ import annotations

from ..harness.errors import EngineError


def check_vllm_kl(vllm_kl: float, most: float, setting: str) -> None:
    """Raise EngineError if the mean log-probability of drawn tokens differs by more than `most` nats between the two.

    `setting` is what the recipe calls the limit.
    """
    if not abs(vllm_kl) <= most:
        raise EngineError(
            f"learner and rollout engine do not agree: vllm_kl is {vllm_kl:.3g} nats per token in the first step, more than "
            f"{setting} = {most:g}. Usually one of them has other weights (the hand-over failed), is "
            "shown other pictures (another size, another background), or has a dropout or a generation_config of its own"
        )
