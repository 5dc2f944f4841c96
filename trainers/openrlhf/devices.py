"""Which of the first node's GPUs are whose: first the training's own, then its judge's, last those for examinations.

openrlhf/devices.json    what examinations of a training that is running have; its own are not to be had
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path

from ...harness.errors import DataError
from ...harness.files import read_object, write_json
from ...harness.folder import is_locked
from ..recipe_settings import OpenRlhfSettings
from .arguments import FOLDER

VISIBLE = "CUDA_VISIBLE_DEVICES"
FILE = "devices.json"


@dataclass(frozen=True)
class Devices:
    """Numbers or names of GPUs, as CUDA_VISIBLE_DEVICES has them."""

    training: tuple[str, ...]
    judge: tuple[str, ...]
    examinations: tuple[str, ...]

    @classmethod
    def of(cls, settings: OpenRlhfSettings, *, reference: bool) -> Devices:
        """Of the visible GPUs; of those that are needed, from 0, where nothing is said of visible ones."""
        judge, examine = settings.judge_gpus, settings.examine_gpus
        named = os.environ.get(VISIBLE, "")
        total = settings.gpus_needed(reference=reference) + judge + examine
        devices = tuple(named.split(",")) if named else tuple(str(number) for number in range(total))
        own = len(devices) - judge - examine
        return cls(devices[:own], devices[own : own + judge], devices[own + judge :])

    def environment(self, devices: tuple[str, ...]) -> dict[str, str]:
        """This process's, in which those GPUs alone are visible if some are set apart, and Ray reports its use to nobody."""
        apart = {VISIBLE: ",".join(devices)} if devices and (self.judge or self.examinations) else {}
        return {"RAY_USAGE_STATS_ENABLED": "0", **os.environ, **apart}

    def write(self, training: Path) -> None:
        """Tell examinations. Raises StoreError."""
        write_json(training / FOLDER / FILE, dataclasses.asdict(self))


def take_reserved(training: Path) -> None:
    """Let this process see only the GPUs that a training which is running has reserved for examinations, if it has any.

    Raises DataError for a damaged file.
    """
    file = training / FOLDER / FILE
    record = read_object(file)
    if record is None or not is_locked(training):
        return
    names = record.get("examinations")
    if not isinstance(names, list) or not all(isinstance(name, str) and name.isprintable() for name in names):
        raise DataError(f"{file} is damaged: its examinations are no list of GPUs")
    if names:
        os.environ[VISIBLE] = ",".join(names)
