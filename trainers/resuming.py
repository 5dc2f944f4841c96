"""What a resume may change: on which machine a training runs, what it keeps, and how long it goes on.

    resumes.jsonl    a line per resume that took a step: the steps done before it, the settings that are not those that
                     training.json has (key, and what it is now), and the environment

What is learned stays what training.json says, so everything else that differs is refused by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..harness.errors import UsageError
from ..harness.folder import differing_keys
from ..harness.jsonl import Journal, json_line
from ..harness.limits import METRICS_LINE_BYTES
from ..harness.runs.provenance import environment
from ..harness.types import Json
from .methods.base import StagedMethod
from .methods.registry import open_method
from .recipe import Recipe
from .recipe_settings import LocalSettings, TrackSettings

RESUMES = "resumes.jsonl"
STEPS = "recipe.policy.steps"
OPENRLHF = (
    *("nodes", "gpus", "engines", "tensor_parallel", "colocate", "judge_gpus", "examine_gpus"),
    *("micro_rollout", "micro_train", "zero_stage", "adam_offload", "gradient_checkpointing", "attention"),
    *("gpu_memory_utilization", "enforce_eager", "silence", "most_vllm_kl"),
)  # fmt: skip
"""Settings of [openrlhf] that change nothing of what is learned, but for rounding."""
JUDGE = ("url", "batch", "concurrency")
ROLLOUTS = ("gpu_memory_utilization", "enforce_eager", "most_vllm_kl")
GUARD = ("action", "z", "checks", "z_once", "least", "shortest")
"""Settings of [guard] that say what is an alarm and what follows from it, and nothing of what is looked at."""
MACHINE = (
    *("recipe.checkpoint_every", "recipe.keep", "recipe.policy.accumulate", "judge.url", "guard_judge.url"),
    *(f"recipe.{judge}.{name}" for judge in ("judge", "guard.judge") for name in JUDGE),
    *(f"recipe.guard.{name}" for name in GUARD),
    *(f"recipe.openrlhf.{name}" for name in OPENRLHF),
    *("recipe.track", *(f"recipe.track.{one.name}" for one in dataclasses.fields(TrackSettings))),
    *(f"recipe.rollouts.{name}" for name in ROLLOUTS),
    *("recipe.local", *(f"recipe.local.{one.name}" for one in dataclasses.fields(LocalSettings))),
)
MADE = "recipe.collect.least"
"""A stage that made too little can be taken as it is."""


def free_keys(recipe: Recipe) -> tuple[str, ...]:
    """Keys of a training's identity that a resume may change.

    The steps, because the learning rate does not depend on how many there will be; not those of several stages, each of which
    begins with the checkpoint that the one before it ended with.
    """
    method = open_method(recipe)
    one = not isinstance(method, StagedMethod) or len(list(method.stages)) == 1
    return (*MACHINE, MADE, *((STEPS,) if one else ()))


@dataclass(frozen=True)
class Resume:
    """A training that goes on after `done` steps, with the settings that are `changed`, by their keys."""

    done: int
    changed: Mapping[str, Json]

    @classmethod
    def of(cls, stored: Json, identity: Json, done: int) -> Resume:
        """From the identity that training.json has to the present one. Raises UsageError for fewer steps than are done."""
        changed = {key: _at(identity, key) for key in differing_keys(stored, identity)}
        if STEPS in changed and changed[STEPS] < done:
            steps = changed[STEPS]
            raise UsageError(
                f"the training has {done} steps already, and policy.steps is {steps}: set at least as many"
            )
        return cls(done, changed)

    @property
    def extended(self) -> bool:
        """Whether it has another end than the one that it was begun with."""
        return STEPS in self.changed

    def write(self, folder: Path) -> None:
        """Add it to the training's record. Raises StoreError if it cannot be written."""
        journal = Journal(folder / RESUMES, METRICS_LINE_BYTES)
        journal.append(json_line({"done": self.done, "changed": self.changed, "environment": environment()}))
        journal.close()


def _at(identity: Json, key: str) -> Json:
    """What stands at a dotted key; None where there is nothing."""
    for name in key.split("."):
        if not isinstance(identity, Mapping) or name not in identity:
            return None
        identity = identity[name]
    return identity
