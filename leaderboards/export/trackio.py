"""Trackio: a training becomes a run of a project in the local store (TRACKIO_DIR), or where TRACKIO_SPACE_ID says."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

from ...harness.errors import MissingExtraError, UsageError, install
from .curves import TrainingCurves

try:
    import trackio
except ImportError as error:
    raise MissingExtraError(f"this needs trackio: {install('trackers')} ({error})") from error


@dataclass(frozen=True)
class Trackio:
    """Logs to a project; writing again makes a second run."""

    project: str

    def write(self, curves: TrainingCurves) -> str:
        """Log every step in order. Raises UsageError if trackio refuses the project, the settings or the values."""
        try:
            with contextlib.redirect_stdout(sys.stderr):  # it prints, and stdout is for the result
                run = trackio.init(
                    self.project,
                    name=curves.name,
                    config=dict(curves.settings),
                    embed=False,
                    auto_log_gpu=False,
                    auto_log_cpu=False,
                )
                for step, values in curves.points:
                    run.log(dict(values), step=step)
                trackio.finish()
        except (ValueError, RuntimeError, OSError) as error:
            raise UsageError(f"trackio: {str(error).strip().partition(chr(10))[0][:200]}") from error
        return f"project {self.project}"
