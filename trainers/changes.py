"""What a guard's judge makes of the answers to held-out prompts that are no longer the base's.

    OUT/guard/base.jsonl            the base's greedy answers, a line for each held-out prompt
    OUT/guard/step-000005.jsonl     a line for each answer of a check that is another one, and its change

A prompt that has its old answer again has its old change again: the judge is asked of each answer once. So two checks differ
by what became of the prompts between them, and by no second opinion on the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path

from ..harness.errors import DataError
from ..harness.files import write_atomic
from ..harness.jsonl import json_line, read_lines
from ..harness.limits import RUN_LINE_BYTES

GUARD = "guard"
BASE_ANSWERS = Path(GUARD) / "base.jsonl"


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

        Prompts that the judge gave no score for, then or now, are left out.
        """
        old, new = before.by_item if before else {}, self.by_item
        pairs = [(old.get(item, SAME).judged, new.get(item, SAME).judged) for item in {**old, **new}]
        scored = [now - then for then, now in pairs if now is not None and then is not None]
        n = self.prompts - len(pairs) + len(scored)
        mean = sum(scored) / n
        squares = max(0.0, sum(change * change for change in scored) - n * mean * mean)
        return mean, sqrt(squares / (n - 1) / n)


def write_changes(training: Path, step: int, changes: Changes) -> None:
    """Store those of the check after `step` steps. Raises StoreError."""
    lines = ({"item_id": item, **asdict(change)} for item, change in changes.by_item.items())
    write_atomic(_file(training, step), map(json_line, lines))


def read_changes(training: Path, step: int) -> Changes | None:
    """Those of the check after `step` steps; None if they were not recorded. Raises DataError for a damaged file."""
    file = _file(training, step)
    if not file.exists():
        return None
    prompts = sum(1 for _ in read_lines(training / BASE_ANSWERS, RUN_LINE_BYTES))
    by_item: dict[str, Change] = {}
    for line in read_lines(file, RUN_LINE_BYTES):
        record = line.value()
        try:
            change = Change(record["answer"], record["judged"])
            if not isinstance(record["item_id"], str) or not isinstance(change.answer, str | None):
                raise ValueError("no item or answer")
            if change.judged is not None and not (type(change.judged) in (int, float) and -1 <= change.judged <= 1):
                raise ValueError("no score")
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{line.where} is damaged: {error}") from error
        by_item[record["item_id"]] = change
    if prompts - sum(change.judged is None for change in by_item.values()) < 2 or len(by_item) > prompts:
        raise DataError(f"{file} is damaged: it has more answers than {training / BASE_ANSWERS} has")
    return Changes(prompts, by_item)


def _file(training: Path, step: int) -> Path:
    return training / GUARD / f"step-{step:06d}.jsonl"
