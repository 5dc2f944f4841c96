"""OpenRLHF's rollout engine, which forgets with the older weights also what these saw, and holds a prompt's pictures once."""

from __future__ import annotations

from typing import Any

import ray
from openrlhf.trainer.ray import vllm_engine

RolloutRayActor: Any = vllm_engine.RolloutRayActor.__ray_metadata__.modified_class


class RolloutEngine(RolloutRayActor):  # type: ignore[misc]
    """A vLLM engine in a process of Ray's."""

    async def reset_prefix_cache(self) -> None:
        """Called before new weights come: drop the states of prompts, and the encoded pictures, which vLLM keeps apart."""
        await super().reset_prefix_cache()
        await self.llm.reset_encoder_cache()

    async def generate_responses(self, *arguments: Any, **options: Any) -> Any:
        """The n responses to a prompt, which share what the learner is shown of its pictures.

        OpenRLHF makes it anew for each, in fp32; the learner would turn it into its own bf16. What is shared is sent and kept
        once, on all ways to the learner's processes.
        """
        responses = await super().generate_responses(*arguments, **options)
        shared = _in_bf16(responses[0]["mm_train_inputs"])
        for response in responses:
            response["mm_train_inputs"] = shared
        return responses


def _in_bf16(pictures: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a processor made of pictures, its fractions in the learner's precision."""
    if pictures is None:
        return None
    return {name: one.bfloat16() if one.is_floating_point() else one for name, one in pictures.items()}


def install() -> None:
    """Put it in the place where OpenRLHF looks for its own."""
    vllm_engine.RolloutRayActor = ray.remote(RolloutEngine)
