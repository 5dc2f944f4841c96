"""The metrics that suites share, as measures: functions of a run's items and verdicts.

Names are stable: "accuracy" over all items, "accuracy/level=3/subject=algebra" over those of a category. In a name "%" and
"/" inside a category's value are written %25 and %2F. A metric without anything to count is NaN with n = 0. With several
samples per item every sample counts. Errors are clustered by the items' clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, TypeAlias

from ..harness.stats.metrics import Measure, Metric, accuracy, cluster, overall, share
from ..harness.types import Item, Verdict

Value: TypeAlias = "str | int | float | bool"
Category: TypeAlias = tuple[Value, ...]


def together(*measures: Measure) -> Measure:
    """The metrics of several measures, one after another."""

    def measure(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
        return [metric for part in measures for metric in part(items, verdicts)]

    return measure


def name_of(metric: str, keys: Sequence[str], category: Category) -> str:
    """ "metric/key=value/key=value"."""
    parts = (f"{key}={_escaped(value)}" for key, value in zip(keys, category, strict=True))
    return "/".join((metric, *parts))


def _escaped(value: Value) -> str:
    return str(value).replace("%", "%25").replace("/", "%2F")


def by_category(*keys: str, name: str = "accuracy") -> Measure:
    """The share of right answers for each combination of values that items have under these meta keys.

    An item whose value is a tuple of labels counts under each of them; one without a value under none. In order of the
    values, numbers by size.
    """

    def measure(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
        places = {item.id: (cluster(item), tuple(_categories(item, keys))) for item in items}
        outcomes: dict[Category, list[tuple[str, bool]]] = {
            category: [] for _, categories in places.values() for category in categories
        }
        for verdict in verdicts:
            if verdict.correct is not None:
                unit, categories = places[verdict.item_id]
                for category in categories:
                    outcomes[category].append((unit, verdict.correct))
        ordered = sorted(outcomes, key=_order)
        return [share(name_of(name, keys, category), outcomes[category]) for category in ordered]

    return measure


def each_category(*keys: str, name: str, of: Callable[..., Metric]) -> Measure:
    """As `by_category`, of any metric: `of(items, verdicts, name)` gets a category's items and all verdicts on them."""

    def measure(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
        members: dict[Category, list[Item]] = {}
        for item in items:
            for category in _categories(item, keys):
                members.setdefault(category, []).append(item)
        on: dict[str, list[Verdict]] = {}
        for verdict in verdicts:
            on.setdefault(verdict.item_id, []).append(verdict)
        metrics = []
        for category in sorted(members, key=_order):
            its = [verdict for item in members[category] for verdict in on.get(item.id, ())]
            metrics.append(of(members[category], its, name_of(name, keys, category)))
        return metrics

    return measure


def where(name: str, chosen: Callable[[Item], bool]) -> Measure:
    """The accuracy over the chosen items alone, under this name."""

    def measure(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
        some = [item for item in items if chosen(item)]
        ids = {item.id for item in some}
        return [accuracy(some, [verdict for verdict in verdicts if verdict.item_id in ids], name)]

    return measure


def _categories(item: Item, keys: Sequence[str]) -> Iterator[Category]:
    """The categories of an item: labels that it names twice count once."""
    values: list[Any] = [item.meta.get(key) for key in keys]
    if None in values or "" in values:
        return
    if tuple not in map(type, values):
        yield tuple(values)
        return
    labels = [tuple(dict.fromkeys(value)) if isinstance(value, tuple) else (value,) for value in values]
    yield from (category for category in product(*labels) if "" not in category)


def _order(category: Category) -> list[tuple[bool, float, str]]:
    return [(True, 0.0, value) if isinstance(value, str) else (False, float(value), "") for value in category]


__all__ = ["Measure", "Metric", "accuracy", "by_category", "each_category", "name_of", "overall", "together", "where"]
