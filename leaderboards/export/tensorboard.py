"""TensorBoard: one event file per training, the same bytes for the same curves, so that writing again adds nothing.

An event file is a sequence of `Event` messages, each between its length and checksums (TensorFlow's record format, which
the package writes). Stored curves have no times of day, so every event's is 0: look at them by step.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...harness.errors import MissingExtraError, install
from ...harness.files import write_atomic
from .curves import TrainingCurves

try:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as error:
    raise MissingExtraError(f"this needs tensorboard: {install('trackers')} ({error})") from error

FILE = "events.out.tfevents.0.proctor"


@dataclass(frozen=True)
class TensorBoard:
    """Writes under `folder`, which `tensorboard --logdir` is given; each training is a run there."""

    folder: Path

    def write(self, curves: TrainingCurves) -> str:
        """Write the event file in one step, in place of an earlier one of that training. Raises StoreError."""
        content = io.BytesIO()
        records = RecordWriter(content)
        for event in _events(curves):
            records.write(event.SerializeToString(deterministic=True))
        write_atomic(self.folder / curves.name / FILE, content.getvalue())
        return str(self.folder)


def _events(curves: TrainingCurves) -> Iterator[Event]:
    yield Event(file_version="brain.Event:2")
    for step, values in curves.points:
        shown = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        yield Event(step=step, summary=Summary(value=shown))
