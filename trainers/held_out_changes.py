"""What a guard's judge makes of the answers to held-out prompts that are no longer the base's.

    OUT/guard/base.jsonl            the base's greedy answers, a line for each held-out prompt
    OUT/guard/step-000005.jsonl     how many prompts a check asked, and a line for each answer that is another one

A prompt that has its old answer again has its old change again: the judge is asked of each answer once. So two checks differ
by what became of the prompts between them, and by no second opinion on the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from math import inf, sqrt
from pathlib import Path

from ..harness.errors import DataError
from ..harness.files import write_atomic
from ..harness.jsonl import Line, json_line, read_lines
from ..harness.limits import RUN_LINE_BYTES
from .recipe_settings import MOST_HELD_OUT

GUARD = "guard"
BASE_ANSWERS = Path(GUARD) / "base.jsonl"
WITHOUT = "delete it, and its check is compared without it"


@dataclass(frozen=True)
class Change:
    """An answer that is not the base's, None where none is in the form asked for; and its score less the base's, in [-1, 1].

    The score is None where the judge gave no usable one.
    """

    answer: str | None
    judged: float | None


SAME = Change(None, 0.0)
"""Where the answer is the base's, of which the judge is not asked."""


@dataclass(frozen=True)
class Changes:
    """Of a check of so many `prompts`, by item."""

    prompts: int
    by_item: Mapping[str, Change]

    def mean_and_error(self, before: Changes | None = None) -> tuple[float, float]:
        """The mean change over prompts since an earlier check, or the base, and its standard error.

        Prompts that the judge gave no score for, then or now, are left out; of fewer than two nothing is known.
        """
        old, new = before.by_item if before else {}, self.by_item
        pairs = [(old.get(item, SAME).judged, new.get(item, SAME).judged) for item in {**old, **new}]
        scored = [now - then for then, now in pairs if now is not None and then is not None]
        n = self.prompts - len(pairs) + len(scored)
        if n < 2:
            return 0.0, inf
        mean = sum(scored) / n
        squares = max(0.0, sum(change * change for change in scored) - n * mean * mean)
        return mean, sqrt(squares / (n - 1) / n)


def write_changes(training: Path, step: int, changes: Changes) -> None:
    """Store those of the check after `step` steps. Raises StoreError."""
    lines = ({"item_id": item, **asdict(change)} for item, change in changes.by_item.items())
    write_atomic(changes_file(training, step), map(json_line, ({"prompts": changes.prompts}, *lines)))


def read_changes(training: Path, step: int) -> Changes | None:
    """Those of the check after `step` steps; None if they were not recorded. Raises DataError for a damaged file."""
    file = changes_file(training, step)
    lines = read_lines(file, RUN_LINE_BYTES, missing_ok=True)
    first = next(lines, None)
    if first is None and not file.exists():
        return None
    try:
        prompts = first.value()["prompts"] if first is not None else None
        if type(prompts) is not int or not 2 <= prompts <= MOST_HELD_OUT:
            raise ValueError("it does not begin with the number of prompts")
        return Changes(prompts, dict(map(_change, islice(lines, prompts + 1))))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file} is damaged ({error}): {WITHOUT}") from error


def _change(line: Line) -> tuple[str, Change]:
    record = line.value()
    change = Change(record["answer"], record["judged"])
    if not isinstance(record["item_id"], str) or not isinstance(change.answer, str | None):
        raise ValueError("no item or answer")
    if change.judged is not None and not (type(change.judged) in (int, float) and -1 <= change.judged <= 1):
        raise ValueError("no score")
    return record["item_id"], change


def changes_file(training: Path, step: int) -> Path:
    """Where they are stored."""
    return training / GUARD / f"step-{step:06d}.jsonl"
