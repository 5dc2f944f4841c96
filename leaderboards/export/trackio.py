"""Trackio: a training becomes a run of a project in the local store (TRACKIO_DIR), or where TRACKIO_SPACE_ID says."""

from __future__ import annotations

from dataclasses import dataclass

from ...harness.errors import UsageError
from ...harness.trackers.trackio import REFUSALS, TrackioRun
from .curves import TrainingCurves


@dataclass(frozen=True)
class Trackio:
    """Logs to a project; writing again makes a second run."""

    project: str

    def write(self, curves: TrainingCurves) -> str:
        """Log every step in order. Raises UsageError if trackio refuses the project, the settings or the values."""
        try:
            run = TrackioRun(self.project, curves.name, curves.settings)
            for step, values in curves.points:
                run.log(step, values)
            return run.close()
        except REFUSALS as error:
            raise UsageError(f"trackio: {str(error).strip().partition(chr(10))[0][:200]}") from error
