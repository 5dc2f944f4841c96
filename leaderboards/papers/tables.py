"""The papers' printed tables as data: what each column is in the words of this project, and which recipe fills each row.

`papers.toml` describes the tables, and `PAPER_NUMBER.csv` holds the rows of each: labels and cells as printed,
in percent, and the recipe. A row without a recipe is a model as its makers published it. Models are called by the titles of
their profiles, one without a profile by its name on the hub.

How the rows of the papers' tables are called: "mm_upt/1/mm_upt_geoqa" by the recipe, "mm_upt/1/base", or "mm_upt/1:5".

A third party's tables stand in a folder that is as this one is: one of a package, which the entry point `proctor.papers`
names, or any other, whose tables are called FOLDER:PAPER/NUMBER.

A printed table can be wrong by its own numbers: averages that their cells do not give, and one row printed twice.
Cells are taken as rounded to their last decimal, in either direction, and so is an average: it is wrong only if no values
that round to the cells have a mean that rounds to it.
"""

from __future__ import annotations

import csv
import dataclasses
import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ...benchmarks.registry import SUITES
from ...harness.errors import UsageError
from ...harness.profiles import readable_profiles
from ...harness.registry import FileRegistry
from ...harness.types import Json

DESCRIPTION = "papers.toml"
DEFAULT = "mm_upt"
"""The paper that a number alone belongs to."""
AVERAGE, RECIPE = "avg", "recipe"
AS_CODE = "_code"
"""How a recipe that follows the authors' code is called, behind the name of the one that follows their text."""
"""Columns of the CSV files that are no benchmark's."""


@dataclass(frozen=True)
class Column:
    """A benchmark's column: the number is `metric` of `suite` under `protocol`, over all of its `items` items."""

    key: str
    title: str
    suite: str
    protocol: str
    metric: str
    items: int


@dataclass(frozen=True)
class Average:
    """The printed average: the mean of the columns with these keys, to so many decimals."""

    of: tuple[str, ...]
    decimals: int


@dataclass(frozen=True)
class Paper:
    """A paper, and how it drew the answers that it printed the scores of; None where it does not say."""

    name: str
    arxiv: str
    title: str
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class PrintedRow:
    """A printed row: `cells` by column key, in percent, without those that were not reported.

    `hub` is the name on the hub of the model that was examined or trained; `recipe` is empty for the model as it is.
    """

    labels: Mapping[str, str]
    cells: Mapping[str, str]
    recipe: str
    hub: str

    @property
    def name(self) -> str:
        """Its labels in one line."""
        return ", ".join(label for label in self.labels.values() if label)

    @property
    def recipes(self) -> tuple[str, ...]:
        """What its numbers may be trained by: as the paper's text has it, or as its authors' code has it."""
        return (self.recipe, f"{self.recipe}{AS_CODE}") if self.recipe else ()


@dataclass(frozen=True)
class Table:
    """A printed table."""

    paper: Paper
    number: int
    title: str
    columns: tuple[Column, ...]
    rows: tuple[PrintedRow, ...]
    average: Average | None = None

    @property
    def name(self) -> str:
        """As the command line calls it."""
        return f"{self.paper.name}/{self.number}"


@dataclass(frozen=True)
class Library:
    """All tables by name, and the inconsistencies in them that are known, each with the reason."""

    tables: Mapping[str, Table]
    known: Mapping[str, str]

    def table(self, name: str) -> Table:
        """The table "mm_upt/1", or "1" for short, or "FOLDER:mine/1". Raises UsageError, naming those there are."""
        name = _in_folder(name)[1]
        full = f"{DEFAULT}/{name}" if name.isdecimal() else name
        if full not in self.tables:
            if full.partition("/")[0] in PAPERS:
                PAPERS.get(full.partition("/")[0])  # raises what is wrong with its package
            raise UsageError(
                f"no table {name!r:.60}; there are: {', '.join(self.tables)} (a number alone is of {DEFAULT})"
            )
        return self.tables[full]


def judged_by(table: Table, protocol: str) -> Table:
    """The same table, with every column under another protocol. Raises UsageError for one that none of its suites has."""
    suites = sorted({one.suite for one in table.columns})
    if not any(SUITES.get(name).has_protocol(protocol) for name in suites):
        raise UsageError(f"no suite of table {table.name} ({', '.join(suites)}) has a protocol {protocol!r:.60}")
    return dataclasses.replace(
        table, columns=tuple(dataclasses.replace(one, protocol=protocol) for one in table.columns)
    )


def load_papers(folder: Path, *names: str) -> Library:
    """The tables of the papers of these names (default: all) in a folder that is as this one is. Raises UsageError."""
    described = _described(folder)
    hub = {profile.title: profile.hub for profile in readable_profiles()}
    try:
        tables = [
            _table(folder, name, int(number), paper, hub)
            for name, paper in described["papers"].items()
            for number in paper["tables"]
            if name in names or not names
        ]
        known = {one["finding"]: one["reason"] for one in described.get("known", [])}
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"no {error}" if isinstance(error, LookupError) else str(error)
        raise UsageError(f"{folder / DESCRIPTION} and its tables are not as they should be: {what:.200}") from error
    return Library({one.name: one for one in tables}, known)


def open_library(*named: str) -> Library:
    """The tables of all papers, bundled and of packages, and those of the folders that names like FOLDER:mine/1 begin with.

    A package that cannot be read is left out until one of its tables is asked for. Raises UsageError for a folder without
    tables, and for one whose paper is called as another.
    """
    libraries = [load_papers(PAPERS.folder)]
    for name in PAPERS.names():
        if all(one.paper.name != name for one in libraries[0].tables.values()):
            with suppress(UsageError):
                libraries.append(PAPERS.get(name))
    for folder in dict.fromkeys(folder for folder, _ in map(_in_folder, named) if folder):
        libraries.append(load_papers(folder))
    names = Counter(name for one in libraries for name in one.tables)
    if repeated := [name for name, count in names.items() if count > 1]:
        raise UsageError(f"there are two tables {repeated[0]}: call the paper in your own folder otherwise")
    return Library(
        {name: table for one in libraries for name, table in one.tables.items()},
        {finding: reason for one in libraries for finding, reason in one.known.items()},
    )


def _in_folder(name: str) -> tuple[Path | None, str]:
    """The folder that a name like "FOLDER:mine/1" begins with, if it does, and the name in it."""
    for place in (place for place, character in enumerate(name) if character == ":"):
        folder = Path(name[:place].removesuffix(DESCRIPTION))
        if (folder / DESCRIPTION).is_file():
            return folder, name[place + 1 :]
    return None, name


def _described(folder: Path) -> dict[str, Any]:
    """What papers.toml says. Raises UsageError."""
    try:
        found = tomllib.loads((folder / DESCRIPTION).read_text())
        if not isinstance(found["papers"], dict):
            raise TypeError("papers is no section")
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{folder / DESCRIPTION} cannot be read: {error!s:.150}") from error
    return found


PAPERS: FileRegistry[Library] = FileRegistry(
    kind="paper",
    group="proctor.papers",
    folder=Path(__file__).parent,
    read=load_papers,
    summary=lambda folder, name: str(_described(folder)["papers"][name].get("title", "")),
    members=lambda folder: dict.fromkeys(_described(folder)["papers"], folder),
)


def _table(folder: Path, name: str, number: int, described: Mapping[str, Any], hub: Mapping[str, str]) -> Table:
    with (folder / f"{name}_{number}.csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    about = described["tables"][str(number)]
    columns = [
        Column(key, protocol=described["protocol"], **column)
        for key, column in described["columns"].items()
        if key in records[0]
    ]
    average = Average(tuple(about["average"]["of"]), about["average"]["decimals"]) if "average" in about else None
    return Table(
        Paper(name, described["arxiv"], described["title"], described.get("temperature"), described.get("max_tokens")),
        number,
        about["title"],
        tuple(columns),
        tuple(_row(record, {*(column.key for column in columns), AVERAGE}, hub) for record in records),
        average,
    )


def _row(record: Mapping[str, str], cells: set[str], hub: Mapping[str, str]) -> PrintedRow:
    return PrintedRow(
        labels={key: value for key, value in record.items() if key not in cells | {RECIPE}},
        cells={key: value for key, value in record.items() if key in cells and value},
        recipe=record[RECIPE],
        hub=hub.get(record["model"], record["model"]),
    )


BASE = "base"
MAX_NAME = 80
NEAR, CUTOFF = 3, 0.4


@dataclass(frozen=True)
class PaperRow:
    """A row of a table, with its number from 1 and its name."""

    table: Table
    number: int
    id: str

    @property
    def row(self) -> PrintedRow:
        """The row."""
        return self.table.rows[self.number - 1]

    @property
    def system(self) -> str:
        """What is examined: the recipe's name, or the name of the model as it is on the hub. Rows may share it."""
        return self.row.recipe or self.row.hub


def places(table: Table) -> list[PaperRow]:
    """The rows in order, each under a name of its own: of several bases with their model, else with their number."""
    several = Counter(map(_short, table.rows))
    names = [_short(row) if several[_short(row)] == 1 else f"{_short(row)}_{_slug(row)}" for row in table.rows]
    repeated = Counter(names)
    return [
        PaperRow(table, number, f"{table.name}/{name if repeated[name] == 1 else f'{name}_{number}'}")
        for number, name in enumerate(names, start=1)
    ]


def find_row(library: Library, name: str) -> PaperRow:
    """The row of that name; a table's number alone is of MM-UPT. Raises UsageError that tells the nearest names."""
    name = _in_folder(name)[1]
    known = {place.id: place for table in library.tables.values() for place in places(table)}
    numbered = {f"{place.table.name}:{place.number}": place for place in known.values()}
    full = f"{DEFAULT}/{name}" if name[:1].isdecimal() else name
    if full in known or full in numbered:
        return known.get(full) or numbered[full]
    near = difflib.get_close_matches(full[:MAX_NAME], known, NEAR, CUTOFF) or list(known)[:NEAR]
    raise UsageError(f"no row {name!r:.80}; near ones: {', '.join(near)} (all: proctor paper plan)")


def _short(row: PrintedRow) -> str:
    return row.recipe or BASE


def _slug(row: PrintedRow) -> str:
    return re.sub(r"[^a-z0-9]+", "_", next(iter(row.labels.values()), "").lower()).strip("_")


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
