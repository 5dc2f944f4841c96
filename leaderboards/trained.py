"""Which training of ours a run's checkpoint is of, as the run recorded it (`trainers.origin`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..harness.store import Manifest


class Trained(NamedTuple):
    """A checkpoint of `recipe` with this training seed, after `step` steps.

    `base` is the digest of the weights that the training began with, `settings` that of everything in its recipe; both are
    empty in records of before they were kept.
    """

    recipe: str
    seed: int
    step: int
    base: str
    settings: str


def trained(manifest: Manifest) -> Trained | None:
    """None for a checkpoint that no training of ours is recorded of. A manifest is untrusted: so is the record."""
    recorded = manifest.environment.get("training")
    if not isinstance(recorded, Mapping):
        return None
    recipe, seed, step = (recorded.get(name) for name in ("recipe", "seed", "step"))
    base, settings = (recorded.get(name, "") for name in ("base", "settings"))
    if type(seed) is not int or type(step) is not int:
        return None
    if not (isinstance(recipe, str) and isinstance(base, str) and isinstance(settings, str)):
        return None
    return Trained(recipe, seed, step, base, settings)
