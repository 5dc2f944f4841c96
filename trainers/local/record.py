"""What every local training writes after a step: its metrics, and a checkpoint when one is due."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...harness.errors import DivergedError
from ..base import Progress
from ..training import TrainingFolder
from .learner import Learner


@dataclass(frozen=True)
class Recorder:
    """Writes the steps of a learner into a training's folder; `last` is the step that the training ends with."""

    folder: TrainingFolder
    learner: Learner[Any]
    last: int
    progress: Progress

    def restore(self, first: int = 0) -> int:
        """Go on from the last checkpoint if it is after step `first`; returns how many steps after that it is."""
        found = self.folder.last_checkpoint()
        if found is None or found.step <= first:
            return 0
        self.learner.restore(found.path, found.state())
        return found.step - first

    def record(self, step: int, metrics: Mapping[str, float], note: str, *, due: bool) -> None:
        """Keep a step, counted from 1, and a checkpoint if it is `due`. Raises DivergedError for what is not finite."""
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(
                f"{self.folder.path}: {unfit[0]} is not finite at step {step}: lower optimiser.learning_rate"
            )
        self.folder.record(step, metrics)
        if due:
            self.folder.save_checkpoint(step, self.learner.policy, self.learner.state())
        self.progress(step, self.last, note)
