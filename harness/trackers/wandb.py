"""A run of Weights & Biases. WANDB_MODE, WANDB_DIR and the rest of its settings are its own.

What the package would tell of this machine and process by itself is turned off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import MissingExtraError, install
from ..types import Json

try:
    import wandb
except ImportError as error:
    raise MissingExtraError(f"this needs wandb: {install('trackers')} ({error})") from error

REFUSALS = (wandb.Error, ValueError)
"""What the package raises where it refuses a project, a login or a value."""


class WandBRun:
    """A run that is open. With `offline` nothing leaves this machine, whatever WANDB_MODE says. Raises REFUSALS."""

    def __init__(self, project: str, name: str, settings: Mapping[str, Json], *, offline: bool = False) -> None:
        quiet = wandb.Settings(
            console="off",
            silent=True,
            disable_git=True,
            save_code=False,
            x_disable_machine_info=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
            **({"mode": "offline"} if offline else {}),
        )
        self._run: Any = wandb.init(
            project=project, name=name, config=dict(settings), settings=quiet, reinit="create_new"
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values of a step, after those of all earlier steps."""
        self._run.log(dict(values), step=step)

    def close(self, *, failed: bool = False) -> str:
        """End the run, and say where it is to be seen."""
        self._run.finish(exit_code=int(failed))
        if self._run.offline:
            return str(self._run.settings.sync_dir)
        return str(self._run.url or "nothing: WANDB_MODE is disabled")
