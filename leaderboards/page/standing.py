"""How the entries of a leaderboard stand under one protocol: scores with their spread, paired differences, ranks.

A rank is a range: 1 + the number of entries that are shown to be better, up to the number of all less those that are shown
to be worse. Shown is a paired test at 0.05 after Holm's adjustment for all pairs of the suite, over items and seeds; of more
than `MOST_PAIRED` entries, two 95% intervals that do not touch.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from ...harness.stats.intervals import ALPHA, Difference, holm, rank_ranges, seeded_difference
from ...harness.stats.metrics import cluster
from ...harness.stats.seeds import SeedEstimate, pooled
from ...harness.types import Json
from .entries import Entry
from .overview import Grid
from .run_view import RunView

MOST_PAIRED = 32
"""Up to so many entries, every pair is tested."""
FEW_ITEMS = 30
"""A suite of fewer items is folded at first where it shows no difference."""


@dataclass(frozen=True)
class Cell:
    """A score with its 95% interval over items and seeds, and the ranks that it may have; `spread` is the seeds' deviation.

    `right` of `total` answers, over all seeds.
    """

    value: float
    low: float
    high: float
    spread: float | None
    right: int
    total: int
    ranks: tuple[int, int] = (0, 0)

    def to_json(self) -> Json:
        """Shares with six digits."""
        return {
            "value": round(self.value, 6),
            "low": round(self.low, 6),
            "high": round(self.high, 6),
            "spread": None if self.spread is None else round(self.spread, 6),
            "right": self.right,
            "total": self.total,
            "ranks": list(self.ranks),
        }


@dataclass(frozen=True)
class Change:
    """Entry `after` minus entry `before` on a column; `adjusted` is p after Holm's adjustment for the pairs it belongs to.

    Those are all of the column; of more than `MOST_PAIRED` entries, all trainings and what each began with, or else all
    entries and the one that they are compared with, whatever others can be chosen.
    """

    before: int
    after: int
    column: int
    difference: Difference
    adjusted: float

    @property
    def shown(self) -> bool:
        """True if the two can be told apart."""
        return self.adjusted < ALPHA

    def turned(self) -> Change:
        """The same the other way round."""
        one = self.difference
        back = Difference(
            *(-one.value, one.stderr, -one.high, -one.low, one.lost, one.gained),
            *(one.n, one.clusters, one.p, one.test, one.detectable, one.seeds),
        )
        return Change(self.after, self.before, self.column, back, self.adjusted)

    def to_json(self) -> Json:
        """Shares with six digits; what no test could see is null."""
        one = self.difference
        return {
            "before": self.before,
            "after": self.after,
            "column": self.column,
            "value": round(one.value, 6),
            "low": round(one.low, 6),
            "high": round(one.high, 6),
            "clusters": one.clusters,
            "p": float(f"{one.p:.3g}"),
            "adjusted": float(f"{self.adjusted:.3g}"),
            "gained": one.gained,
            "lost": one.lost,
            "n": one.n,
            "detectable": round(one.detectable, 6) if math.isfinite(one.detectable) else None,
        }


@dataclass(frozen=True)
class Standing:
    """`cells` by (entry, column), `changes` by (after, before, column) both ways, and the columns that tell something.

    `averages` are over the telling columns, by entry; empty where there is one such column.
    """

    cells: Mapping[tuple[int, int], Cell]
    changes: Mapping[tuple[int, int, int], Change]
    telling: tuple[int, ...]
    averages: Mapping[int, Cell]

    def to_json(self, offered: Iterable[int], entries: Sequence[Entry]) -> Json:
        """Everything, of the differences those to an offered baseline or to an entry's own base."""
        kept = set(offered)
        return {
            "cells": [[entry, column, cell.to_json()] for (entry, column), cell in sorted(self.cells.items())],
            "changes": [
                one.to_json()
                for (after, before, _), one in sorted(self.changes.items())
                if before in kept or entries[after].base == before
            ],
            "telling": list(self.telling),
            "averages": [[entry, cell.to_json()] for entry, cell in sorted(self.averages.items())],
        }


class Runs:
    """The runs of all entries, by (entry, column)."""

    def __init__(self, views: Sequence[RunView], grid: Grid, entries: Sequence[Entry]) -> None:
        owner = {row: n for n, one in enumerate(entries) for row in one.rows}
        self.of: dict[tuple[int, int], list[RunView]] = defaultdict(list)
        for view, (row, column) in zip(views, grid.of, strict=True):
            self.of[owner[row], column].append(view)
        self.entries, self.columns = entries, len(grid.columns)

    def scored(self, protocol: str) -> dict[tuple[int, int], list[RunView]]:
        """Those entries on those columns that have a score under a protocol, every seed of them."""
        return {
            place: runs
            for place, runs in self.of.items()
            if len(runs) == len(self.entries[place[0]].rows)
            and all(protocol in one.judged and one.judged[protocol].complete for one in runs)
        }


def standing(runs: Runs, protocol: str, compared: Sequence[int]) -> Standing:
    """How all entries stand; of many entries only the differences to those `compared` are made."""
    scored = runs.scored(protocol)
    cells = {place: cell for place, its in scored.items() if (cell := _cell(its, protocol)) is not None}
    changes: dict[tuple[int, int, int], Change] = {}
    every = len(runs.entries) <= MOST_PAIRED
    for column in range(runs.columns):
        there = [entry for entry in range(len(runs.entries)) if (entry, column) in cells]
        families = [list(combinations(there, 2))] if every else _families(there, compared, runs.entries)
        for one in _changes(scored, protocol, column, families):
            changes.setdefault((one.after, one.before, column), one)
            changes.setdefault((one.before, one.after, column), one.turned())
        values = {entry: cells[entry, column] for entry in there}
        better = _better_by_pairs(column, changes) if every else _better_by_intervals(values)
        for entry, cell in _ranked(values, better).items():
            cells[entry, column] = cell
    telling = _telling(runs, cells, changes)
    return Standing(cells, changes, telling, _averages(cells, changes, telling, len(runs.entries), every))


def _families(there: Sequence[int], compared: Sequence[int], entries: Sequence[Entry]) -> list[list[tuple[int, int]]]:
    """The pairs that are adjusted together: trainings and their bases; each entry and one that it is compared with."""
    own = [(base, entry) for entry in there if (base := entries[entry].base) is not None and base in there]
    return [own, *([(one, entry) for entry in there if entry != one] for one in compared if one in there)]


def _cell(runs: Sequence[RunView], protocol: str) -> Cell | None:
    judged = [one.judged[protocol] for one in runs]
    scores = [one.summary["score"] for one in judged]
    if any(score is None for score in scores):
        return None
    draws = [
        SeedEstimate(
            score["value"],
            (score["stderr"] or 0.0) ** 2,
            max(0, len({cluster(asked.item) for asked in run.asked}) - 1),
            score["low"],
            score["high"],
        )
        for run, score in zip(runs, scores, strict=True)
    ]
    whole = pooled(draws)
    spread = statistics.stdev(one.value for one in draws) if len(draws) > 1 else None
    right, total = (sum(score[name] or 0 for score in scores) for name in ("correct", "total"))
    return Cell(whole.value, whole.low, whole.high, spread, right, total)


def _changes(
    scored: Mapping[tuple[int, int], Sequence[RunView]],
    protocol: str,
    column: int,
    families: Sequence[Sequence[tuple[int, int]]],
) -> Iterator[Change]:
    """The differences of the pairs, each family's adjusted together; a pair of two families is computed once."""
    found: dict[tuple[int, int], Difference] = {}
    for before, after in {pair for family in families for pair in family}:
        one, other = ([run.judged[protocol].item_scores for run in scored[entry, column]] for entry in (before, after))
        clusters = {asked.item.id: cluster(asked.item) for asked in scored[before, column][0].asked}
        found[before, after] = seeded_difference(one, other, clusters)
    for family in families:
        adjusted = holm([found[pair].p for pair in family])
        yield from (Change(*pair, column, found[pair], p) for pair, p in zip(family, adjusted, strict=True))


def _better_by_pairs(column: int, changes: Mapping[tuple[int, int, int], Change]) -> set[tuple[int, int]]:
    """(one, other): one is shown to be better."""
    return {
        (after, before)
        for (after, before, its), one in changes.items()
        if its == column and one.shown and one.difference.value > 0
    }


def _better_by_intervals(cells: Mapping[int, Cell]) -> set[tuple[int, int]]:
    return {(one, other) for one, a in cells.items() for other, b in cells.items() if a.low > b.high}


def _ranked(cells: Mapping[int, Cell], better: set[tuple[int, int]]) -> dict[int, Cell]:
    ranks = rank_ranges(cells, better)
    return {entry: replace(cell, ranks=ranks[entry]) for entry, cell in cells.items()}


def _telling(
    runs: Runs, cells: Mapping[tuple[int, int], Cell], changes: Mapping[tuple[int, int, int], Change]
) -> tuple[int, ...]:
    """The columns with a score and enough items or a difference that is shown; if there are none, all with a score."""
    filled = sorted({column for _, column in cells})
    items = {column: len(its[0].asked) for (_, column), its in runs.of.items()}
    shown = {column for (_, _, column), one in changes.items() if one.shown}
    telling = [column for column in filled if items[column] >= FEW_ITEMS or column in shown]
    return tuple(telling or filled)


def _averages(
    cells: Mapping[tuple[int, int], Cell],
    changes: Mapping[tuple[int, int, int], Change],
    columns: Sequence[int],
    count: int,
    every: bool,
) -> dict[int, Cell]:
    """The mean over columns, each of one weight, of the entries that have all; the interval squares and adds the columns'.

    Of bounds l and u of each score v: v - root of the sum of (v - l)^2, over the number of columns, and so upwards (Zou &
    Donner 2008, "Construction of confidence limits about effect measures"): items of different suites are drawn apart.
    """
    if len(columns) < 2:
        return {}
    whole = [entry for entry in range(count) if all((entry, column) in cells for column in columns)]
    means = {}
    for entry in whole:
        its = [cells[entry, column] for column in columns]
        value, low, high = _squared_and_added([(one.value, one.low, one.high) for one in its])
        means[entry] = Cell(value, low, high, None, sum(one.right for one in its), sum(one.total for one in its))
    better = set()
    if every:
        tests = []
        for before, after in combinations(whole, 2):
            pair = [changes[after, before, column].difference for column in columns]
            value, low, high = _squared_and_added([(one.value, one.low, one.high) for one in pair])
            reach = value - low if value > 0 else high - value
            tests.append((before, after, value, math.erfc(1.96 * abs(value) / reach / math.sqrt(2)) if reach else 1.0))
        adjusted = holm([p for *_, p in tests])
        better = {
            (after, before) if value > 0 else (before, after)
            for (before, after, value, _), p in zip(tests, adjusted, strict=True)
            if p < ALPHA
        }
    else:
        better = _better_by_intervals(means)
    return _ranked(means, better)


def _squared_and_added(parts: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """(value, low, high) of the mean of independent numbers that each have such."""
    count = len(parts)
    value = math.fsum(value for value, _, _ in parts) / count
    down = math.sqrt(math.fsum((value - low) ** 2 for value, low, _ in parts)) / count
    up = math.sqrt(math.fsum((high - value) ** 2 for value, _, high in parts)) / count
    return value, value - down, value + up
