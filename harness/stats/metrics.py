"""What a metric is, and the one that every suite has: the share of right answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .stats import Estimate, proportion
from .types import Item, Verdict


@dataclass(frozen=True)
class Metric:
    """One number of a suite, a share from 0 to 1; undefined (0/0) is NaN with n = 0.

    `correct` of `total` as integers where it is a share of things that are counted (answers, problems, seeds), else None.
    """

    name: str
    estimate: Estimate
    correct: int | None = None
    total: int | None = None


Measure: TypeAlias = Callable[[Sequence[Item], Sequence[Verdict]], list[Metric]]


def cluster(item: Item) -> str:
    """What an item stands or falls with: its cluster, or itself."""
    return item.cluster or item.id


def judged(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[tuple[Item, Verdict]]:
    """The verdicts that say right or wrong, each with its item."""
    by_id = {item.id: item for item in items}
    return [(by_id[verdict.item_id], verdict) for verdict in verdicts if verdict.correct is not None]


def share(name: str, outcomes: Iterable[tuple[str, bool]]) -> Metric:
    """The share of true ones among (cluster, outcome) pairs, with a clustered error."""
    pairs = list(outcomes)
    values = [float(value) for _, value in pairs]
    return Metric(name, proportion(values, [name for name, _ in pairs]), int(sum(values)), len(values))


def accuracy(items: Sequence[Item], verdicts: Sequence[Verdict], name: str = "accuracy") -> Metric:
    """The share of right answers among all judged ones, every sample counted, clustered by the suite's clusters."""
    return share(name, [(cluster(item), bool(verdict.correct)) for item, verdict in judged(items, verdicts)])


def overall(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
    """`accuracy` alone."""
    return [accuracy(items, verdicts)]
