"""What a leaderboard ranks: a model, or the seeds of one training as one entry.

Trainings are put together by what they record: one recipe, one digest of its settings, one base and one step, asked the
same in the same way. Names say what the entry is called, and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...harness.runs.store import Manifest
from ...harness.types import Json, canonical_json
from ..board.table import Trained, trained
from .overview import Grid, rows_of
from .run_view import RunView, short

DEFAULT_BASELINE = "base"
_SIZE = re.compile(r"(?<![A-Za-z0-9.])([0-9]{1,4}(?:\.[0-9]{1,2})?)[ _-]?([BbMm])(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Entry:
    """A line of the leaderboard: `rows` of the grid, one for each of `seeds`; a model that was not trained here has none.

    `base` is the entry whose weights the training began with, `day` that of the first examination, and `size` what the
    name says of it ("3B"), both "" where nothing does. `settings` begins the digest of the recipe's settings where another
    entry is of the same recipe, base and step.
    """

    name: str
    rows: tuple[int, ...]
    recipe: str = ""
    seeds: tuple[int, ...] = ()
    step: int | None = None
    base: int | None = None
    day: str = ""
    size: str = ""
    settings: str = ""

    def to_json(self) -> Json:
        """As the page has it."""
        return {
            "name": self.name,
            "rows": list(self.rows),
            "recipe": self.recipe,
            "seeds": list(self.seeds),
            "step": self.step,
            "base": self.base,
            "day": self.day,
            "size": self.size,
            "settings": self.settings,
        }


def entries(views: Sequence[RunView], grid: Grid) -> list[Entry]:
    """All rows of the grid, each in one entry, in the order of the rows."""
    of_row: dict[int, list[tuple[int, Manifest]]] = defaultdict(list)
    for one, (row, column) in zip(views, grid.of, strict=True):
        of_row[row].append((column, one.manifest))
    made = {row: trained(runs[0][1]) for row, runs in of_row.items()}
    groups: dict[str, list[int]] = defaultdict(list)
    for row in sorted(of_row):
        groups[_key(row, made[row], of_row[row])].append(row)
    found = [_entry(rows, made, of_row, grid) for rows in groups.values()]
    named = _alike_but_in_settings(_distinct(_without_seed(found), made), made)
    weights = _weights(named, of_row, made)
    return [replace(one, base=weights.get(_base(made[one.rows[0]]))) for one in named]


def default_baseline(found: Sequence[Entry], pairs: Sequence[int]) -> int:
    """The entry that others are compared with at first; `pairs` says with how many others each can be compared.

    The most pairs decide; then what most trainings began with, a model called base, and what was not trained.
    """
    begun = Counter(one.base for one in found if one.base is not None)
    return max(
        range(len(found)),
        key=lambda n: (pairs[n], begun[n], found[n].name == DEFAULT_BASELINE, not found[n].recipe, -n),
    )


ALL_BASELINES = 8
"""Up to so many entries, every one can be the baseline; of more, only those that are named, or the default."""


def offered_baselines(found: Sequence[Entry], grid: Grid, wanted: Sequence[str]) -> tuple[int, list[int]]:
    """The entry that others are compared with at first, and all that can be chosen: those of the `wanted` models, or any.

    A name stands for all rows of that model, and for the entry that is called so. Raises UsageError for an unknown name.
    """
    called = {one.name: n for n, one in enumerate(found)}
    owner = {row: n for n, one in enumerate(found) for row in one.rows}
    named = []
    for name in wanted:
        named += [called[name]] if name in called else [owner[row] for row in rows_of(grid.models, name)]
    if named:
        return named[0], list(dict.fromkeys(named))
    first = default_baseline(found, pairs_of(found, grid))
    every = range(len(found)) if len(found) <= ALL_BASELINES else [n for n, one in enumerate(found) if not one.recipe]
    return first, list(dict.fromkeys([first, *list(every)[:ALL_BASELINES]]))


def pairs_of(found: Sequence[Entry], grid: Grid) -> list[int]:
    """For each entry with how many others it has a suite in common, counted for each suite."""
    owner = {row: n for n, one in enumerate(found) for row in one.rows}
    places = {(owner[row], column) for row, column in grid.of}
    entered = Counter(column for _, column in places)
    return [sum(entered[column] - 1 for entry, column in places if entry == n) for n in range(len(found))]


def _key(row: int, made: Trained | None, runs: Sequence[tuple[int, Manifest]]) -> str:
    """Rows with one key are seeds of one training, asked alike."""
    if made is None:
        return f"row {row}"
    asked = sorted((column, one.protocol, str(one.identity["prompts"]), _drawn(one)) for column, one in runs)
    return canonical_json([made.recipe, made.settings, made.base, made.step, asked])


def _drawn(manifest: Manifest) -> str:
    return canonical_json({name: value for name, value in manifest.identity["sampling"].items() if name != "seed"})


def _entry(
    rows: Sequence[int],
    made: Mapping[int, Trained | None],
    of_row: Mapping[int, Sequence[tuple[int, Manifest]]],
    grid: Grid,
) -> Entry:
    first = made[rows[0]]
    days = sorted(day for row in rows for _, one in of_row[row] if (day := _day(one)))
    names = [grid.models[row] for row in rows]
    size = next((said for said in map(_size, names) if said), "")
    if first is None:
        return Entry(names[0], tuple(rows), day=days[0] if days else "", size=size)
    seeds = [training.seed for row in rows if (training := made[row]) is not None]
    if len(set(seeds)) < len(seeds):
        seeds = []  # one seed twice: told apart by their names alone
    return Entry(
        names[0] if len(rows) == 1 else common_name(names) or short(first.recipe),
        tuple(rows),
        short(first.recipe),
        tuple(seeds),
        first.step,
        day=days[0] if days else "",
        size=size,
    )


def common_name(names: Sequence[str]) -> str:
    """What the names of seeds begin with, without the word seed; "" where that is next to nothing."""
    first, last = min(names), max(names)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    begun = first[:same].rstrip("0123456789")
    begun = re.sub(r"[-_ ./]*(?:seed)?[-_ ./]*$", "", begun)
    return begun if len(begun) >= 3 else ""


_SEED_AT_END = re.compile(r"[-_ ./]*seed[-_ ]?\d{1,9}(?:[-_ ./]+step[-_ ]?\d{1,9})?$")


def _without_seed(found: Sequence[Entry]) -> list[Entry]:
    """Trainings of one seed without what their names say of seed and step, where no other entry is called so."""
    short_names = [_SEED_AT_END.sub("", one.name) if one.seeds and len(one.rows) == 1 else one.name for one in found]
    taken = Counter(name for one, its in zip(found, short_names, strict=True) for name in {one.name, its})
    return [
        replace(one, name=name) if len(name) >= 3 and taken[name] == 1 else one
        for one, name in zip(found, short_names, strict=True)
    ]


def _alike_but_in_settings(found: Sequence[Entry], made: Mapping[int, Trained | None]) -> list[Entry]:
    """Trainings that differ in settings alone have the beginnings of their settings' digests."""
    kinds = [None if (its := made[one.rows[0]]) is None else (its.recipe, its.base, its.step) for one in found]
    taken = Counter(kinds)
    return [
        replace(one, settings=its.settings[:8])
        if kind is not None and taken[kind] > 1 and (its := made[one.rows[0]]) is not None
        else one
        for one, kind in zip(found, kinds, strict=True)
    ]


def _distinct(found: Sequence[Entry], made: Mapping[int, Trained | None]) -> list[Entry]:
    """Groups of one name are told apart by their steps, and by their settings where that is not enough."""

    def by_settings(one: Entry) -> str:
        first = made[one.rows[0]]
        return f"{one.name} #{first.settings[:8] if first else one.rows[0]}"

    for tell in (lambda one: f"{one.name}, step {one.step}", by_settings, lambda one: f"{one.name} #{one.rows[0]}"):
        names = Counter(one.name for one in found)
        found = [replace(one, name=tell(one)) if names[one.name] > 1 and len(one.rows) > 1 else one for one in found]
    return list(found)


def _weights(
    found: Sequence[Entry],
    of_row: Mapping[int, Sequence[tuple[int, Manifest]]],
    made: Mapping[int, Trained | None],
) -> dict[str, int]:
    """Digest of weights -> the entry that has them; only of models that were not trained here."""
    known: dict[str, int] = {}
    for n, one in enumerate(found):
        row = one.rows[0]
        weights = str(of_row[row][0][1].identity["model"].get("weights") or "")
        if weights and made[row] is None:
            known.setdefault(weights, n)
    return known


def _base(made: Trained | None) -> str:
    return made.base if made is not None and made.base else "none recorded"


def _day(manifest: Manifest) -> str:
    started = manifest.environment.get("started")
    return started[:10] if isinstance(started, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", started) else ""


def _size(name: str) -> str:
    said = _SIZE.search(name)
    return f"{said[1]}{said[2].upper()}" if said else ""
