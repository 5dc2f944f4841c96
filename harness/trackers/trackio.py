"""A run of Trackio, in its local store (TRACKIO_DIR), or where TRACKIO_SPACE_ID says."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import MissingExtraError, install
from ..types import Json

try:
    import trackio
except ImportError as error:
    raise MissingExtraError(f"this needs trackio: {install('trackers')} ({error})") from error

REFUSALS = (ValueError, RuntimeError, OSError)
"""What the package raises where it refuses a project, a setting or a value."""
REMOTE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")
"""The variables that send a run elsewhere."""


class TrackioRun:
    """The run that is open; there is one in a process. With `offline` it is kept on this machine. Raises REFUSALS."""

    def __init__(self, project: str, name: str, settings: Mapping[str, Json], *, offline: bool = False) -> None:
        self._project = project
        with contextlib.redirect_stdout(sys.stderr), _without(REMOTE if offline else ()):  # it prints
            self._run: Any = trackio.init(
                project, name=name, config=dict(settings), embed=False, auto_log_gpu=False, auto_log_cpu=False
            )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values of a step, after those of all earlier steps."""
        with contextlib.redirect_stdout(sys.stderr):
            self._run.log(dict(values), step=step)

    def close(self, *, failed: bool = False) -> str:
        """End the run, and say where it is to be seen."""
        with contextlib.redirect_stdout(sys.stderr):
            trackio.finish()
        return f"project {self._project}"


@contextlib.contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Variables of the environment as if they were not set."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
