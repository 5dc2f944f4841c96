"""How the rows of the papers' tables are called: "mm_upt/1/mm_upt_geoqa" by the recipe, "mm_upt/1/base", or "mm_upt/1:5"."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass

from ...harness.errors import UsageError
from .tables import DEFAULT, Library, Row, Table

BASE = "base"
MAX_NAME = 80
NEAR, CUTOFF = 3, 0.4


@dataclass(frozen=True)
class Place:
    """A row of a table, with its number from 1 and its name."""

    table: Table
    number: int
    id: str

    @property
    def row(self) -> Row:
        """The row."""
        return self.table.rows[self.number - 1]

    @property
    def system(self) -> str:
        """What is examined: the recipe's name, or the name of the model as it is on the hub. Rows may share it."""
        return self.row.recipe or self.row.hub


def places(table: Table) -> list[Place]:
    """The rows in order, each under a name of its own: of several bases with their model, else with their number."""
    several = Counter(map(_short, table.rows))
    names = [_short(row) if several[_short(row)] == 1 else f"{_short(row)}_{_slug(row)}" for row in table.rows]
    repeated = Counter(names)
    return [
        Place(table, number, f"{table.name}/{name if repeated[name] == 1 else f'{name}_{number}'}")
        for number, name in enumerate(names, start=1)
    ]


def find_row(library: Library, name: str) -> Place:
    """The row of that name; a table's number alone is of MM-UPT. Raises UsageError that tells the nearest names."""
    known = {place.id: place for table in library.tables.values() for place in places(table)}
    numbered = {f"{place.table.name}:{place.number}": place for place in known.values()}
    full = f"{DEFAULT}/{name}" if name[:1].isdecimal() else name
    if full in known or full in numbered:
        return known.get(full) or numbered[full]
    near = difflib.get_close_matches(full[:MAX_NAME], known, NEAR, CUTOFF) or list(known)[:NEAR]
    raise UsageError(f"no row {name!r:.80}; near ones: {', '.join(near)} (all: proctor paper plan)")


def _short(row: Row) -> str:
    return row.recipe or BASE


def _slug(row: Row) -> str:
    return re.sub(r"[^a-z0-9]+", "_", next(iter(row.labels.values()), "").lower()).strip("_")
