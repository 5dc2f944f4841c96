"""Training directories as they are found: by which recipe, how far, and whether somebody is at work there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..harness.checkpoints import find_checkpoints
from ..harness.errors import DataError, UsageError
from .origin import trained_by

_STEP = re.compile(r"step-([0-9]{1,9})")


@dataclass(frozen=True)
class Found:
    """A training directory: recipe, seed and base as an Origin has them, and the step of its last complete checkpoint.

    `finished`: the trainer has written its end mark. `running`: a process holds the directory.
    """

    path: Path
    recipe: str
    seed: int
    base: str
    step: int
    finished: bool
    running: bool


def training_folders(paths: Iterable[Path]) -> list[Path]:
    """The training directories among `paths` and directly under them. Raises UsageError for what is no folder."""
    found = []
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{path}: no such folder of trainings")
        inside = [path] if (path / "training.json").is_file() else sorted(path.iterdir())
        found += [one for one in inside if (one / "training.json").is_file()]
    return found


def look(training: Path) -> Found:
    """What a training directory says of itself. Raises DataError for a damaged one."""
    made = trained_by(training)
    steps = [int(step[1]) for one in find_checkpoints(training) if (step := _STEP.fullmatch(one.name))]
    finished = (training / "finished.json").is_file()
    return Found(training, made.recipe, made.seed, made.base, max(steps, default=0), finished, _held(training))


def _held(training: Path) -> bool:
    """True if a process holds the lock that every trainer takes; it is let go of at once."""
    file = training / ".lock"
    try:
        if not file.is_file():
            return False
        with FileLock(file, blocking=False):
            return False
    except Timeout:
        return True
    except OSError as error:
        raise DataError(f"cannot tell whether {training} is being trained: {file}: {error.strerror}") from error
