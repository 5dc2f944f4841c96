"""Rows of a file, whatever form it has: a sheet, a table of texts, a list or an object of JSON, or JSON lines.

The form is told by the first bytes, never by the name alone; nothing of a file is run. JSON that begins with a brace is an
object of rows, unless its first line is whole, and is no object of objects: then it is JSON lines.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ...harness.errors import DataError
from ...harness.files import check_regular
from ..sources.jsonl import read_document, read_jsonl
from ..sources.layout import KEY
from ..sources.tsv import table_rows
from .sheet import read_sheet

HEAD = 65_536
MAX_JSON = 128 * 2**20
SEEN = 100
"""So many rows at the beginning of a file say which columns it has."""

Row: TypeAlias = tuple[str, Mapping[str, Any]]
"""(where it stands, its cells by column); KEY is a row's key in an object."""
FORMS = ("xlsx", "tsv", "csv", "json", "object", "jsonl")


def form_of(path: Path) -> str:
    """The form of a file, one of FORMS. Raises DataError for a file that cannot be read or has none of them."""
    head = _head(path)
    if path.suffix in (".pkl", ".pickle") or head.startswith(b"\x80"):
        raise DataError(f"{path}: a pickle can run code when it is read: write .tsv, .json or .xlsx (PRED_FORMAT)")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"PAR1"):
        raise DataError(f"{path}: a parquet file holds items, not answers: name it with --data")
    form = _form_of_text(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    if form is None:
        raise DataError(f"{path}: neither JSON, nor a sheet (.xlsx), nor a table with a line of column names")
    return form


def _head(path: Path) -> bytes:
    """The first bytes of a file, and the first line to its end."""
    check_regular(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            return head if b"\n" in head.lstrip() else head + file.readline(MAX_JSON)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _form_of_text(text: bytes) -> str | None:
    first = text.partition(b"\n")[0]
    if text.startswith(b"{"):
        return "object" if _is_object(first, more=first != text.rstrip()) else "jsonl"
    if text.startswith(b"["):
        return "json"
    return "tsv" if b"\t" in first else "csv" if b"," in first else None


def _is_object(first: bytes, *, more: bool) -> bool:
    """True for the beginning of an object over several lines, or of objects in one line."""
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return not first.rstrip().endswith(b"}")
    return not more and bool(value) and all(isinstance(entry, dict) for entry in value.values())


def read_rows(path: Path, form: str) -> Iterator[Row | DataError]:
    """The rows of a file of that form; one that is none is a problem in its place.

    Raises DataError for a file that cannot be read any further.
    """
    if form == "xlsx":
        return read_sheet(path)
    if form in ("tsv", "csv"):
        return table_rows(path, "\t" if form == "tsv" else ",")
    return _lines(path) if form == "jsonl" else _entries(path)


def _lines(path: Path) -> Iterator[Row | DataError]:
    for record in read_jsonl(path):
        yield record if isinstance(record, DataError) else (record.where, record.fields)


def _entries(path: Path) -> Iterator[Row | DataError]:
    resolved = path.resolve()
    document = read_document(resolved, resolved.parent, MAX_JSON)
    if not isinstance(document, list | dict):
        raise DataError(f"{path}: must hold a list or an object of rows")
    named = document.items() if isinstance(document, dict) else ((None, entry) for entry in document)
    for number, (key, entry) in enumerate(named, 1):
        where = f"{path}: row {number}"
        if isinstance(entry, dict):
            yield where, entry if key is None else {**entry, KEY: key}
        else:
            yield DataError(f"{where}: must be a JSON object")


def columns(path: Path, rows: Iterator[Row | DataError]) -> tuple[set[str], Iterator[Row | DataError]]:
    """The columns of the first rows of a file, and all rows; what cannot be read behind them raises when it is reached.

    Raises DataError where none of the first rows can be read, with what is wrong.
    """
    first: list[Row | DataError] = []
    try:
        first += itertools.islice(rows, SEEN)
    except DataError as problem:
        if not first:
            raise
        rows = raising(problem)
    readable = [row for row in first if not isinstance(row, DataError)]
    if not readable:
        raise next((row for row in first if isinstance(row, DataError)), DataError(f"{path}: holds no answers"))
    named = {name for row in readable for name in row[1] if not name.startswith("@")}
    return named, itertools.chain(first, rows)


def raising(problem: DataError) -> Iterator[Any]:
    """Nothing: it raises when it is read."""
    raise problem
    yield  # a generator, which raises when it is read
