"""What a tracker of experiments is: something that takes a training's curves. One file per tracker, imported when wanted."""

from __future__ import annotations

from typing import Protocol

from .curves import Curves


class Tracker(Protocol):
    """Takes the curves of one training as one run of its own."""

    def write(self, curves: Curves) -> str:
        """Hand everything over; returns where it is to be seen. Raises UsageError if the tracker refuses."""
        ...
