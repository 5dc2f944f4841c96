"""Which checkpoints a training keeps, and whether there is room for the next.

    examined.jsonl    what examinations of the training's checkpoints found, a line each: checkpoint, suite, score

With a recipe's `keep` it keeps the last so many, the one that each stage ended with, the best of those examined, by the
suite of the first line, and the one that its guard would go back to. Without it all are kept.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from safetensors import safe_open

from ..harness.errors import DataError, StoreError
from ..harness.jsonl import json_line, read_lines
from ..harness.limits import METRICS_LINE_BYTES
from .recipe import ADAMW

EXAMINED = "examined.jsonl"
DROPPED = ".dropped-"
"""A checkpoint that is being deleted has this before its name."""
MB, GB = 1e6, 1e9


def note_examined(training: Path, checkpoint: str, suite: str, score: float) -> None:
    """Tell a training of an examination. Raises StoreError if it cannot be written."""
    try:
        with (training / EXAMINED).open("ab") as file:
            file.write(json_line({"checkpoint": checkpoint, "suite": suite, "score": score}))
    except OSError as error:
        raise StoreError(f"cannot write to {training / EXAMINED}: {error.strerror}") from error


def scores(training: Path) -> dict[str, float]:
    """The last score of each checkpoint on the suite that was told of first; lines that say nothing else are passed over."""
    found: dict[str, float] = {}
    first: object = None
    for line in read_lines(training / EXAMINED, METRICS_LINE_BYTES, missing_ok=True):
        try:
            told = line.value()
        except DataError:
            continue
        if isinstance(told, Mapping) and isinstance(told.get("score"), float):
            first = first or told.get("suite")
            if told.get("suite") == first:
                found[str(told.get("checkpoint"))] = told["score"]
    return found


def drop_superfluous(
    training: Path, checkpoints: Sequence[tuple[int, Path]], keep: int, stage: int, guarded: int = 0
) -> None:
    """Delete the checkpoints, (step, path) by step, that are not kept; a stage has `stage` steps.

    The last one of at most `guarded` steps is kept. Raises StoreError if that fails.
    """
    told = scores(training)
    best = max((path.name for _, path in checkpoints if path.name in told), key=lambda name: told[name], default=None)
    before = max((step for step, _ in checkpoints if step <= guarded), default=None)
    superfluous = [path for step, path in checkpoints[:-keep] if path.name != best and step != before and step % stage]
    try:
        for path in superfluous:
            path.replace(path.with_name(f"{DROPPED}{path.name}"))
        for dropped in (training / "checkpoints").glob(f"{DROPPED}*"):
            shutil.rmtree(dropped)
    except OSError as error:
        raise StoreError(f"cannot delete checkpoints of {training}: {error.strerror or error}") from error


def check_room(folder: Path, needed: int, what: str) -> None:
    """Raise StoreError if the disk of `folder` has not the bytes that `what` needs."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"{folder}: {what} needs {_amount(needed)}, and {_amount(free)} are free: make room, or set keep to a few "
            "checkpoints, and resume the training"
        )


def check_room_for_all(
    training: Path, keep: int | None, to_come: int, each: int, beside: int = 0, *, guarded: bool = False
) -> None:
    """Raise StoreError if the checkpoints that are `to_come`, of `each` bytes, and what is `beside` them find no room.

    With `keep` the best one is there beside the last ones, so is a guard's, and the newest before an older one goes.
    """
    there = sum(1 for _ in (training / "checkpoints").glob("step-*"))
    held = to_come if keep is None else min(to_come, max(1, keep + 2 + guarded - there))
    check_room(training, held * each + beside, f"the training ({held} checkpoints)")


def _amount(number: int) -> str:
    return f"{number / GB:.1f} GB" if number >= GB else f"{number / MB:.1f} MB"


def stored_bytes(checkpoint: Path) -> int:
    """The size of a checkpoint's weights; a trainer's state is beside them."""
    return sum(file.stat().st_size for file in checkpoint.glob("*.safetensors"))


def parameters(checkpoint: Path) -> int:
    """How many numbers the weights of a checkpoint are, by the heads of its files."""
    return sum(math.prod(shape) for file in checkpoint.glob("*.safetensors") for shape in _shapes(file))


def state_bytes(numbers: int, optimiser: str, *, masters: bool) -> int:
    """About the size of the local trainer's state for so many trained numbers, with an `optimiser` of recipe.OPTIMISERS.

    It has two moments to a number, of 4 bytes or of 1, and a float32 master unless the checkpoint itself is that.
    """
    return numbers * ((8 if optimiser == ADAMW else 2) + (4 if masters else 0))


def _shapes(file: Path) -> Iterator[Sequence[int]]:
    with safe_open(file, framework="numpy") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - it is no mapping
            yield tensors.get_slice(name).get_shape()
