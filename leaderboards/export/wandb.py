"""Weights & Biases: a training becomes a run of a project. WANDB_MODE, WANDB_DIR and the rest of its settings are its own.

With WANDB_MODE=offline nothing leaves this machine; `wandb sync` uploads what was written later.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...harness.errors import UsageError
from ...harness.trackers.wandb import REFUSALS, WandBRun
from .curves import TrainingCurves


@dataclass(frozen=True)
class WandB:
    """Logs to a project; writing again makes a second run."""

    project: str

    def write(self, curves: TrainingCurves) -> str:
        """Log every step in order. Raises UsageError if wandb refuses the project, the login or the values."""
        try:
            run = WandBRun(self.project, curves.name, curves.settings)
            try:
                for step, values in curves.points:
                    run.log(step, values)
            except BaseException:
                run.close(failed=True)
                raise
            return run.close()
        except REFUSALS as error:
            said = str(error).strip().partition("\n")[0][:200]
            raise UsageError(f"wandb: {said}; WANDB_MODE=offline writes without a login") from error
