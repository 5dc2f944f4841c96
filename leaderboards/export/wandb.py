"""Weights & Biases: a training becomes a run of a project. WANDB_MODE, WANDB_DIR and the rest of its settings are its own.

With WANDB_MODE=offline nothing leaves this machine; `wandb sync` uploads what was written later. What the package would
tell of this machine and process by itself is turned off, for they are not those of the training.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...harness.errors import MissingExtraError, UsageError, install
from .curves import TrainingCurves

try:
    import wandb
except ImportError as error:
    raise MissingExtraError(f"this needs wandb: {install('trackers')} ({error})") from error


@dataclass(frozen=True)
class WandB:
    """Logs to a project; writing again makes a second run."""

    project: str

    def write(self, curves: TrainingCurves) -> str:
        """Log every step in order. Raises UsageError if wandb refuses the project, the login or the values."""
        settings = wandb.Settings(
            console="off",
            silent=True,
            disable_git=True,
            save_code=False,
            x_disable_machine_info=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
        )
        try:
            run = wandb.init(
                project=self.project,
                name=curves.name,
                config=dict(curves.settings),
                settings=settings,
                reinit="create_new",
            )
            with run:
                for step, values in curves.points:
                    run.log(dict(values), step=step)
        except (wandb.Error, ValueError) as error:
            said = str(error).strip().partition("\n")[0][:200]
            raise UsageError(f"wandb: {said}; WANDB_MODE=offline writes without a login") from error
        if run.offline:
            return str(run.settings.sync_dir)
        return str(run.url or "nothing: WANDB_MODE is disabled")
