"""Which training of ours a run's checkpoint is of, as the run recorded it (`trainers.origin`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..harness.store import Manifest


class Trained(NamedTuple):
    """A checkpoint of `recipe` with this training seed, after `step` steps."""

    recipe: str
    seed: int
    step: int


def trained(manifest: Manifest) -> Trained | None:
    """None for a checkpoint that no training of ours is recorded of. A manifest is untrusted: so is the record."""
    recorded = manifest.environment.get("training")
    if not isinstance(recorded, Mapping):
        return None
    recipe, seed, step = (recorded.get(name) for name in Trained._fields)
    return Trained(recipe, seed, step) if isinstance(recipe, str) and type(seed) is type(step) is int else None
