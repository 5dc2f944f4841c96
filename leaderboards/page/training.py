"""The curves of a training, and where on them its examined checkpoints lie."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...harness.errors import DataError
from ...harness.files import read_object
from ...harness.jsonl import read_lines
from ...harness.limits import METRICS_LINE_BYTES
from ...harness.runs.store import Manifest
from ...harness.types import Json, digest
from .entries import common_name
from .overview import Grid
from .run_view import RunView, short

SERIES = (
    *("accuracy", "reward", "majority_share", "no_signal_share", "judge_score", "entropy", "response_length"),
    *("truncated_share", "kl", "clipped_share"),
)
"""What is drawn of a training, in this order, where its metrics have it."""
MOST_POINTS = 1_000
_CHECKPOINT = re.compile(r"(?:(?P<training>.*)/)?step-(?P<step>[0-9]{1,12})")


def curves(folder: Path) -> dict[str, Json]:
    """A training's name, recipe and seed, its steps, and its series, thinned evenly to `MOST_POINTS` steps.

    Trainings with one `settings` differ by their seeds alone. Raises DataError if the folder has no readable metrics.jsonl.
    """
    lines = list(_lines(folder / "metrics.jsonl"))
    stride = -(-len(lines) // MOST_POINTS) or 1
    kept = [line for number, line in enumerate(lines, start=1) if number % stride == 0 or number == len(lines)]
    name = short(folder.resolve().name)
    recipe, seed, settings = _identity(folder) or ("", None, name)
    return {
        "name": name,
        "recipe": short(recipe),
        "seed": seed,
        "settings": settings,
        "stride": stride,
        "steps": [line["step"] for line in kept],
        "series": {
            name: [_finite(line.get(name)) for line in kept]
            for name in SERIES
            if any(_finite(line.get(name)) is not None for line in kept)
        },
    }


def _identity(folder: Path) -> tuple[str, int, str] | None:
    """Recipe, seed, and the digest of all that is recorded but the seed; None where no training is. Raises DataError."""
    identity = (read_object(folder / "training.json") or {}).get("identity")
    if not isinstance(identity, dict) or not isinstance(recipe := identity.get("recipe"), dict):
        return None
    name, seed = recipe.get("name"), recipe.get("seed")
    if not isinstance(name, str) or type(seed) is not int:
        return None
    return name, seed, digest({**identity, "recipe": {**recipe, "seed": None}})


def seed_groups(trainings: Sequence[Mapping[str, Json]]) -> list[Json]:
    """Trainings that differ by their seeds alone, as [name, numbers of the trainings], in the order of the first of each."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(trainings):
        groups.setdefault(one["settings"], []).append(number)
    named = []
    for numbers in groups.values():
        names = [trainings[number]["name"] for number in numbers]
        named.append([names[0] if len(names) == 1 else common_name(names) or trainings[numbers[0]]["recipe"], numbers])
    return named


def checkpoints(views: Sequence[RunView], grid: Grid, trainings: Sequence[str]) -> list[Json]:
    """[training, step, row] of each model that is a checkpoint of one of the trainings."""
    found = {}
    for one, (row, _) in zip(views, grid.of, strict=True):
        place = _place(one.manifest, trainings)
        if place is not None:
            found[row] = [*place, row]
    return sorted(found.values())


def _place(manifest: Manifest, trainings: Sequence[str]) -> tuple[int, int] | None:
    """Which training a model is a checkpoint of, and its step: by the manifest, else by the model's name."""
    recorded = manifest.environment.get("training")
    named = _CHECKPOINT.fullmatch(manifest.model_name)
    step = recorded.get("step") if isinstance(recorded, Mapping) else None
    if not isinstance(step, int) or isinstance(step, bool):
        step = int(named["step"]) if named else None
    name = named["training"] if named else None
    if step is None or (name not in trainings and (name is not None or len(trainings) != 1)):
        return None
    return (trainings.index(name) if name in trainings else 0), step


def _lines(file: Path) -> list[dict[str, Json]]:
    if not file.exists():
        raise DataError(f"{file.parent} is no training folder: it has no metrics.jsonl")
    steps = []
    for line in read_lines(file, METRICS_LINE_BYTES):
        if line.torn:
            break  # by a crash, or it is being written
        record = line.value()
        if not isinstance(record, dict) or type(record.get("step")) is not int:
            raise DataError(f"{line.where}: not a step of a training")
        steps.append(record)
    return steps


def _finite(value: Json) -> float | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(f"{value:.6g}") if fine else None
