"""Checkouts of the benchmarks' own repositories, in the layouts that their authors publish.

`--data` names the checkout or its data folder; a table of one file can also be named itself. Items have the ids that the
hub's layout gives them. What a repository holds, and what of it is uncertain, stands in its suite's file.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from ...harness.errors import DataError
from ..items import ImageFolder, Record, Source
from .jsonl import Entry, entries, read_jsonl
from .layout import KEY, ROW, SPLIT, Layout, arrange, missing_columns

Records: TypeAlias = Iterator[Record | DataError]


class Checkout(ABC):
    """A repository that holds a data set."""

    @abstractmethod
    def open(self, path: Path) -> Source | None:
        """The items of a checkout, of its data folder, or of one named table; None if `path` is none of these."""

    def lacking(self, folder: Path) -> str | None:
        """What a folder lacks that is a checkout but for that; None for any other folder."""
        return None


@dataclass(frozen=True)
class TableCheckout(Checkout):
    """Tables of a repository that are read one after another as one set; the first is what the repository is known by.

    `places`: where their folder may lie below the folder that was named. `starts`: where names of pictures may start, from
    the folder of the table; there stands the folder `holds`.
    """

    tables: tuple[str, ...]
    layout: Layout
    places: tuple[str, ...] = ("data", "")
    starts: tuple[str, ...] = ("",)
    holds: str = "images"

    def open(self, path: Path) -> Source | None:
        """The items; a folder counts only if the pictures are there too.

        Tables without them often lie beside parquet files that have them.
        """
        if path.is_file():
            alone = len(self.tables) == 1 and self._is_table(path)
            return self._source(path, path.parent, (path.name,), "") if alone else None
        place = self._place(path)
        if place is None or self._start(path, PurePosixPath(place, self.tables[0])) is None:
            return None
        return self._source(path, path, self.tables, place)

    def lacking(self, folder: Path) -> str | None:
        """Which folder of pictures is missing beside a table."""
        place = self._place(folder)
        if place is None:
            return None
        table = PurePosixPath(place, self.tables[0])
        wanted = [str(PurePosixPath(start, self.holds)) for start in self.starts]
        return f"the pictures of {folder / table} are missing: put the folder {' or '.join(wanted)} beside it"

    def _place(self, folder: Path) -> str | None:
        return next((place for place in self.places if self._is_table(folder / place / self.tables[0])), None)

    def _is_table(self, path: Path) -> bool:
        """True for a file of the table's suffix; JSON lines must have `options`, which the project's own columns do not."""
        try:
            if path.suffix != PurePosixPath(self.tables[0]).suffix or not path.is_file():
                return False
            if path.suffix == ".json":
                return True
            first = next(read_jsonl(path), None)
        except (DataError, OSError):  # whoever reads it as a plain file says what is wrong
            return False
        return isinstance(first, Record) and "options" in first and "choices" not in first

    def _start(self, root: Path, table: PurePosixPath) -> PurePosixPath | None:
        """The folder below `root` where a table's names of pictures start; None if it is not there."""
        for start in self.starts:
            place = PurePosixPath(os.path.normpath(table.parent / start))
            if ".." not in place.parts and (root / place / self.holds).is_dir():
                return place
        return None

    def _source(self, named: Path, root: Path, tables: tuple[str, ...], place: str) -> Source:
        paths = [PurePosixPath(place, table) for table in tables]
        return Source(str(named), ImageFolder(root), self._records(root, paths, place))

    def _records(self, root: Path, tables: list[PurePosixPath], place: str) -> Records:
        row = 0
        for table in tables:
            start = self._start(root, table) or table.parent
            split = str(table.relative_to(place).with_suffix(""))
            for entry in _entries(root, table):
                if isinstance(entry, DataError):
                    yield entry
                else:
                    where, key, columns = entry
                    fields = {**columns, KEY: key, ROW: row, SPLIT: split}
                    yield _placed(_arranged(fields, self.layout, where), start)
                row += 1


def _entries(root: Path, table: PurePosixPath) -> Iterator[Entry | DataError]:
    path = root / table
    try:
        if path.suffix == ".json":
            yield from entries(path, root)
            return
        for record in read_jsonl(path):
            yield record if isinstance(record, DataError) else (record.where, None, dict(record.fields))
    except DataError as problem:  # the other tables can still be read
        yield problem


def _arranged(entry: Mapping[str, Any], layout: Layout, where: str) -> Record | DataError:
    absent = missing_columns(layout, set(entry))
    if absent:
        present = ", ".join(sorted(column for column in entry if not column.startswith("@")))
        return DataError(f"{where}: columns missing: {', '.join(absent)}; there are: {present:.300}")
    return arrange(entry, layout, where)


def _placed(record: Record | DataError, start: PurePosixPath) -> Record | DataError:
    """The record with its picture named from the folder that was named; a name that leaves the folder still does."""
    if isinstance(record, DataError) or not isinstance(record.fields.get("image"), str):
        return record
    return Record({**record.fields, "image": str(start / record.fields["image"])}, record.where)
