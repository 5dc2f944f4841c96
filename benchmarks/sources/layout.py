"""Layouts: how the columns of a published file become the columns that a suite's `parse` reads.

A layout maps each record column to a source column, or to a `Computed` value of several. A source column whose name ends in
"?" may be missing (None then). ROW and SPLIT stand for the row's number from 0 and the name of its split, KEY for its key
in a JSON object.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ...harness.errors import DataError
from ..items import Record

ROW, SPLIT, KEY = "@row", "@split", "@key"
MAX_LITERAL = 20_000
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"RIFF", b"II*\x00", b"MM\x00*")


@dataclass(frozen=True)
class ImageColumn:
    """An encoded picture that a row holds."""

    data: bytes
    name: str

    def __post_init__(self) -> None:
        if not self.data.startswith(_SIGNATURES):
            raise ValueError(f"the bytes of image {self.name!r:.60} are no picture")


@dataclass(frozen=True, init=False)
class Computed:
    """A record column that `make` computes from source columns; it raises ValueError for a value that it cannot take."""

    make: Callable[..., Any]
    columns: tuple[str, ...]

    def __init__(self, make: Callable[..., Any], *columns: str) -> None:
        object.__setattr__(self, "make", make)
        object.__setattr__(self, "columns", columns)


Layout: TypeAlias = Mapping[str, str | Computed]


def same(*columns: str) -> Layout:
    """Columns that are called alike on both sides."""
    return {column: column for column in columns}


def columns_of(layout: Layout) -> Iterator[str]:
    """The source columns that a layout reads, as it writes them."""
    for column in layout.values():
        yield from (column,) if isinstance(column, str) else column.columns


def missing_columns(layout: Layout, present: set[str]) -> list[str]:
    """The columns that a layout needs and that are not `present`, sorted."""
    needed = {column for column in columns_of(layout) if not column.endswith("?") and not column.startswith("@")}
    return sorted(needed - present)


def wanted_columns(layout: Layout, present: list[str]) -> list[str]:
    """Those of the columns `present` that a layout reads."""
    named = {column.rstrip("?") for column in columns_of(layout)}
    return [column for column in present if column in named]


def arrange(row: Mapping[str, Any], layout: Layout, where: str) -> Record | DataError:
    """The record of a row, or the problem that a value of it is."""
    fields: dict[str, Any] = {}
    for target, source in layout.items():
        columns = (source,) if isinstance(source, str) else source.columns
        values = [row.get(column.rstrip("?")) for column in columns]
        try:
            fields[target] = values[0] if isinstance(source, str) else source.make(*values)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
            named = ", ".join(repr(column.rstrip("?")) for column in columns)
            return DataError(f"{where}: column {named} cannot be read: {error!s:.200}")
    return record_of(fields, where)


def record_of(fields: Mapping[str, Any], where: str) -> Record:
    """A record of columns with pictures in them: each picture becomes its name."""
    pictures: dict[str, bytes] = {}

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [named(entry) for entry in value]
        if not isinstance(value, ImageColumn):
            return value
        name = value.name
        if pictures.get(name, value.data) != value.data:
            name = f"{len(pictures)}-{name}"
        pictures[name] = value.data
        return name

    return Record({column: named(value) for column, value in fields.items()}, where, pictures)


def as_int(value: Any) -> int:
    """A whole number, also if it is written as a text or a float ("3", 3.0). Raises ValueError for another value."""
    number = float(value)
    if isinstance(value, bool) or not number.is_integer():
        raise ValueError(f"{value!r:.60} is not a whole number")
    return int(number)


def as_int_or_none(value: Any) -> int | None:
    """A whole number; None for nothing."""
    return None if blank(value) else as_int(value)


def blank(value: Any) -> bool:
    """True for nothing, an empty text, and "nan" (an empty cell that pandas wrote)."""
    return value is None or (isinstance(value, str) and value.strip().lower() in ("", "nan", "none"))


def empty(value: Any) -> bool:
    """True for a cell with nothing in it. Unlike `blank`, a text like "None" or "nan" is one."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or not str(value).strip()


def first_of_two(first: Any, second: Any) -> Any:
    """The second of two values where the first is blank."""
    return second if blank(first) else first


def literal(value: Any) -> Any:
    """What a text of JSON or of a Python literal says; other values as they are. Nothing is evaluated.

    Raises ValueError for a text that is neither, or longer than MAX_LITERAL.
    """
    if not isinstance(value, str):
        return value
    if len(value) > MAX_LITERAL:
        raise ValueError(f"a list of more than {MAX_LITERAL} characters")
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{value!r:.60} is not a list or an object") from error


def text_list(value: Any) -> list[str]:
    """A list of texts, also if it is written as one text ("['a', 'b']"); nothing is an empty one."""
    entries = [] if blank(value) else literal(value)
    if not isinstance(entries, list | tuple):
        raise ValueError(f"{value!r:.60} is not a list")
    return [str(entry) for entry in entries]


def word_list(value: Any) -> list[str]:
    """A list of texts; a text that is not a list is one of one."""
    if isinstance(value, str) and not blank(value) and not value.strip().startswith("["):
        return [value.strip()]
    return text_list(value)


def read_table(value: Any) -> dict[str, Any]:
    """An object, also if it is written as a text."""
    table = literal(value)
    if not isinstance(table, dict):
        raise ValueError(f"{value!r:.60} is not an object")
    return table


def renamed(**names: str) -> Callable[[Any], str]:
    """A value by another name ("-" in old names is "_" in the keywords); one without stays, for `parse` to refuse."""

    def rename(value: Any) -> str:
        return names.get(str(value).replace("-", "_"), str(value))

    return rename
