"""A training's metrics and the scores of its examined checkpoints, by step: what a tracker of experiments shows.

What a tracker of experiments is: something that takes a training's curves. One file per tracker, imported when wanted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...harness.errors import DataError, UsageError, printable
from ...harness.jsonl import Line, read_lines
from ...harness.limits import METRICS_LINE_BYTES
from ...harness.types import Json
from ..board.load_rows import as_share
from ..board.table import Row
from .markdown import unpublishable

LONGEST_NAME = 200
TRAIN, EXAMINED = "train", "examination"


@dataclass(frozen=True)
class TrainingCurves:
    """A training by its folder's name: settings as stored, and values by name at each step, in the order of the steps.

    Names are `train/METRIC`, and `examination/SUITE/PROTOCOL/METRIC` with its interval as `... low` and `... high`.
    """

    name: str
    settings: Mapping[str, Json]
    points: tuple[tuple[int, Mapping[str, float]], ...]


def read_curves(training: Path, rows: Sequence[Row] = ()) -> TrainingCurves:
    """The curves of a training directory, with the scores that `rows` have of its base (step 0) and its checkpoints.

    Raises UsageError for a folder that is no training, or two runs that claim one place; DataError for damaged files.
    """
    name = training.resolve().name
    settings = _settings(training / "training.json")
    points: dict[int, dict[str, float]] = {}
    for step, values in _metrics(training / "metrics.jsonl"):
        if step in points:
            raise DataError(f"{training / 'metrics.jsonl'}: step {step} is there twice")
        points[step] = {_name(TRAIN, key): value for key, value in values.items()}
    for row in rows:
        examined = _step(row, name, settings)
        if examined is not None and not unpublishable(row):
            _add_scores(points.setdefault(examined, {}), row, examined)
    return TrainingCurves(name, settings, tuple(sorted(points.items())))


def _add_scores(values: dict[str, float], row: Row, step: int) -> None:
    """Put a row's score and interval among the values of its step."""
    for key, value in _scores(row):
        if key in values:
            raise UsageError(f"run {row.run_id} and another give {key!r} at step {step}: name the runs of one sampling")
        values[key] = value


def _settings(file: Path) -> Mapping[str, Json]:
    """What is trained and from what, as the training recorded it."""
    try:
        identity = json.loads(file.read_bytes())["identity"]
    except FileNotFoundError:
        raise UsageError(f"{file.parent} is no training directory: it has no {file.name}") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
    if not isinstance(identity, dict):
        raise DataError(f"{file} is damaged: its identity is no object")
    return identity


def _metrics(file: Path) -> Iterator[tuple[int, Mapping[str, float]]]:
    """The steps and metrics of each line; a torn last line is one that is being written."""
    for line in read_lines(file, METRICS_LINE_BYTES, missing_ok=True):
        if not line.torn:
            yield _point(line)


def _point(line: Line) -> tuple[int, Mapping[str, float]]:
    values = line.value()
    try:
        step = values.pop("step")
        whole = isinstance(step, int) and not isinstance(step, bool) and step >= 0
        numbers = {name: float(value) for name, value in values.items() if not isinstance(value, bool | str)}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(f"{line.where}: no metrics of a step ({str(error)[:80]})") from error
    if not whole or len(numbers) != len(values) or not all(map(math.isfinite, numbers.values())):
        raise DataError(f"{line.where}: no metrics of a step: a step and finite numbers are needed")
    return step, numbers


def _step(row: Row, training: str, settings: Mapping[str, Json]) -> int | None:
    """The step of the training that a row's model is of: a checkpoint by its name, the base by its digests."""
    folder, slash, checkpoint = row.model.rpartition("/")
    if slash and folder == training:
        digits = checkpoint.removeprefix("step-")
        return int(digits) if digits != checkpoint and digits.isdecimal() and len(digits) < 19 else None
    base = settings.get("base")
    is_base = isinstance(base, Mapping) and (row.weights, row.configuration) == (
        base.get("weights"),
        base.get("configuration"),
    )
    return 0 if is_base else None


def _scores(row: Row) -> Iterator[tuple[str, float]]:
    texts = {"": ("score", row.score), " low": ("ci_low", row.ci_low), " high": ("ci_high", row.ci_high)}
    for suffix, (column, text) in texts.items():
        value = as_share(text, column)
        if value is not None:
            yield _name(EXAMINED, row.suite, row.protocol, row.metric + suffix), value


def _name(*parts: str) -> str:
    """A curve's name: one line of a length that every tracker takes."""
    return printable("/".join(parts))[:LONGEST_NAME]


class Tracker(Protocol):
    """Takes the curves of one training as one run of its own."""

    def write(self, curves: TrainingCurves) -> str:
        """Hand everything over; returns where it is to be seen. Raises UsageError if the tracker refuses."""
        ...
