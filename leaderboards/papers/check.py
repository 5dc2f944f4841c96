"""What is wrong in a printed table by its own numbers: averages that their cells do not give, and one row printed twice.

Cells are taken as rounded to their last decimal, in either direction, and so is an average: it is wrong only if no values
that round to the cells have a mean that rounds to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from ...harness.types import Json
from .tables import AVERAGE, Average, Library, PrintedRow, Table


@dataclass(frozen=True)
class TableReport:
    """How many averages and repeated cells were checked, what was found, and which known findings were not."""

    averages: int
    repeated: int
    findings: tuple[str, ...]
    known: dict[str, str]

    @property
    def unknown(self) -> list[str]:
        """Findings that are not listed with a reason."""
        return [one for one in self.findings if one not in self.known]

    @property
    def vanished(self) -> list[str]:
        """What is listed and was not found: the data or the check changed."""
        return [one for one in self.known if one not in self.findings]

    @property
    def passed(self) -> bool:
        """True if exactly the known was found."""
        return not self.unknown and not self.vanished

    def to_json(self) -> Json:
        """For machines."""
        return {
            "passed": self.passed,
            "averages": self.averages,
            "repeated": self.repeated,
            "findings": [{"finding": one, "known": self.known.get(one)} for one in self.findings],
            "vanished": self.vanished,
        }


def check_table(library: Library) -> TableReport:
    """Recompute what can be recomputed of all tables."""
    tables = list(library.tables.values())
    averages = [
        (table, table.average, row)
        for table in tables
        if table.average
        for row in table.rows
        if row.cells.keys() >= {AVERAGE, *table.average.of}
    ]
    found = [wrong for one in averages if (wrong := _wrong_average(*one))]
    pairs = list(_repeated(tables))
    found += [
        f"{row.name}, {title}: printed as {first} in {one.name}, as {second} in {other.name}"
        for row, title, one, first, other, second in pairs
        if Decimal(first) != Decimal(second)
    ]
    return TableReport(len(averages), len(pairs), tuple(found), dict(library.known))


def _slack(printed: str) -> Decimal:
    """Half a unit of the last decimal."""
    exponent = Decimal(printed).as_tuple().exponent
    return Decimal(1).scaleb(int(exponent)) / 2


def _wrong_average(table: Table, average: Average, row: PrintedRow) -> str | None:
    """What is wrong with a row's average; None if its cells can give it."""
    cells, printed = [row.cells[key] for key in average.of], row.cells[AVERAGE]
    mean = sum(map(Decimal, cells), Decimal(0)) / len(cells)
    slack = _slack(printed) + sum(map(_slack, cells), Decimal(0)) / len(cells)
    if abs(mean - Decimal(printed)) <= slack:
        return None
    return (
        f"{table.name}, {row.name}: the average is printed as {printed}, "
        f"but its cells average {mean:.{average.decimals}f}"
    )


def _repeated(tables: Iterable[Table]) -> Iterator[tuple[PrintedRow, str, Table, str, Table, str]]:
    """Cells of one model and recipe under one metric and protocol that are printed in two tables, each beside the first."""
    first: dict[tuple[str, ...], tuple[Table, str]] = {}
    for table in tables:
        for row in table.rows:
            kinds: dict[str, tuple[str, ...]] = {
                column.key: (column.suite, column.protocol, column.metric) for column in table.columns
            }
            if table.average:
                kinds[AVERAGE] = ("average", *map(str, sorted(kinds[key] for key in table.average.of)))
            for key, kind in kinds.items():
                if key not in row.cells:
                    continue
                at = (row.hub, row.recipe, *kind)
                if at in first:
                    yield row, key, *first[at], table, row.cells[key]
                else:
                    first[at] = table, row.cells[key]
