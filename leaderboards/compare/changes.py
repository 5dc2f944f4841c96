"""Where a difference lies: the categories in which it is largest, and the items that were gained and lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...harness.stats.intervals import Difference
from ...harness.types import Item, Json, Response, Verdict
from .explain import Side

MAX_VALUES = 30
"""A key of the items' `meta` with more distinct values is no category."""
SHOWN_CHARACTERS = 400


@dataclass(frozen=True)
class CategoryChange:
    """The paired difference over the items with one value under one key."""

    key: str
    value: str
    difference: Difference

    @property
    def signal(self) -> float:
        """The size of the difference in half widths of its interval: what is most surely a change comes first."""
        return abs(self.difference.value) / max((self.difference.high - self.difference.low) / 2, 1e-9)


def category_changes(
    items: Sequence[Item], difference: Callable[[Sequence[str]], Difference]
) -> tuple[CategoryChange, ...]:
    """The difference in each category, the surest change first; `difference` gives that over item ids.

    A category is a value, or a label among several, under a key of the items' `meta` that has at most 30 of them, each
    shared by two items or more on average.
    """
    members: dict[str, dict[str, list[str]]] = {}
    for item in items:
        for key, label in _labels(item):
            members.setdefault(key, {}).setdefault(label, []).append(item.id)
    found = [
        CategoryChange(key, label, difference(ids))
        for key, by_label in sorted(members.items())
        if 2 <= len(by_label) <= MAX_VALUES and 2 * len(by_label) <= sum(map(len, by_label.values()))
        for label, ids in sorted(by_label.items())
    ]
    return tuple(sorted(found, key=lambda one: (-one.signal, one.key, one.value)))


def _labels(item: Item) -> Iterator[tuple[str, str]]:
    """The keys and labels of an item, each once; fractional numbers are measurements, not categories."""
    for key, value in item.meta.items():
        labels = dict.fromkeys(value) if isinstance(value, tuple) else [value]
        yield from ((key, str(label)) for label in labels if label not in (None, "") and not isinstance(label, float))


@dataclass(frozen=True)
class ItemReading:
    """What one arm made of an item: one answer of one of its runs."""

    model: str
    sample: int
    verdict: Verdict
    response: Response

    def to_json(self) -> Json:
        """The end of the response, and what was read in it."""
        read = self.verdict.extracted
        return {
            "model": self.model,
            "sample": self.sample,
            "correct": self.verdict.correct,
            "read": None if read is None else read[-SHOWN_CHARACTERS:],
            "reason": self.verdict.reason,
            "response_end": (self.response.text or "")[-SHOWN_CHARACTERS:],
        }


@dataclass(frozen=True)
class Flip:
    """An item that B gets right more often than A (gained) or less often (lost), with an answer of each that shows it."""

    item: Item
    change: float
    before: ItemReading
    after: ItemReading

    @property
    def gold(self) -> str:
        """The answer as the suite has it."""
        return str(self.item.meta.get("published_answer") or self.item.answer)

    def to_json(self) -> Json:
        """For machines; `change` in percentage points."""
        return {
            "id": self.item.id,
            "gold": self.gold,
            "change": round(100 * self.change, 6),
            "a": self.before.to_json(),
            "b": self.after.to_json(),
        }


def flips(
    items: Sequence[Item], changes: Mapping[str, float], before: Sequence[Side], after: Sequence[Side]
) -> tuple[Flip, ...]:
    """The items that changed, the largest changes first, then in the order of `items`."""
    changed = sorted((item for item in items if changes[item.id]), key=lambda item: -abs(changes[item.id]))
    readings = [_readings(side) for side in (before, after)]
    return tuple(
        Flip(
            item,
            changes[item.id],
            *(
                next(one for one in of_arm[item.id] if one.verdict.correct is right)
                for of_arm, right in zip(readings, (changes[item.id] < 0, changes[item.id] > 0), strict=True)
            ),
        )
        for item in changed
    )


def _readings(sides: Sequence[Side]) -> dict[str, list[ItemReading]]:
    """Every answer of an arm by item id, in the order of its runs and samples."""
    found: dict[str, list[ItemReading]] = {}
    for side in sides:
        for verdict in sorted(side.scored.verdicts, key=lambda verdict: verdict.sample):
            response = side.answers.by_key[verdict.item_id, verdict.sample]
            model = side.scored.run.manifest.model_name
            found.setdefault(verdict.item_id, []).append(ItemReading(model, verdict.sample, verdict, response))
    return found
