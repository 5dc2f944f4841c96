"""Trackers of experiments that follow a training while it runs, by the recipe's section [track].

They are told what metrics.jsonl is told, step by step. A tracker that fails, at any moment and in any way, is left out from
then on with one warning: what is on the disk is the training, and `proctor board export` can hand it over later.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Protocol

from ..harness.errors import printable
from ..harness.types import Json
from .recipe_settings import TRACKIO, WANDB, TrackSettings

PREFIX = "train/"
"""Begins the name of every curve, as in an export."""


class TrackerRun(Protocol):
    """A run that is open at a tracker."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values of a step."""
        ...

    def close(self) -> str:
        """End the run, and say where it is to be seen."""
        ...


def _wandb(settings: TrackSettings, name: str, about: Mapping[str, Json]) -> TrackerRun:
    from ..harness.trackers.wandb import WandBRun  # noqa: PLC0415

    return WandBRun(settings.project, name, about, offline=not settings.online)


def _trackio(settings: TrackSettings, name: str, about: Mapping[str, Json]) -> TrackerRun:
    from ..harness.trackers.trackio import TrackioRun  # noqa: PLC0415

    return TrackioRun(settings.project, name, about, offline=not settings.online)


_OPEN: Mapping[str, Callable[[TrackSettings, str, Mapping[str, Json]], TrackerRun]] = {
    WANDB: _wandb,
    TRACKIO: _trackio,
}


class LiveTrackers:
    """The trackers of a training called `name`; each is opened at the first step, and `about` becomes the run's settings."""

    def __init__(self, settings: TrackSettings | None, name: str, about: Mapping[str, Json]) -> None:
        self._settings, self._name, self._about = settings, name, about
        self._waiting = [one for one in (settings.to if settings else ()) if one in _OPEN]
        self._open: dict[str, TrackerRun] = {}

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Tell all of them a step's metrics."""
        values = {PREFIX + name: value for name, value in metrics.items()}
        for tracker in self._waiting:
            self._try(tracker, self._begin)
        self._waiting = []
        for tracker in list(self._open):
            self._try(tracker, lambda one: self._open[one].log(step, values))

    def close(self) -> None:
        """End their runs."""
        for tracker in list(self._open):
            self._try(tracker, lambda one: self._open[one].close())
        self._open.clear()

    def _begin(self, tracker: str) -> None:
        assert self._settings is not None
        self._open[tracker] = _OPEN[tracker](self._settings, self._name, self._about)

    def _try(self, tracker: str, act: Callable[[str], object]) -> None:
        try:
            act(tracker)
        except Exception as error:
            self._open.pop(tracker, None)
            said = printable((str(error).strip() or type(error).__name__).partition("\n")[0])[:200]
            print(f"{tracker} does not follow the training any more: {said}", file=sys.stderr)
