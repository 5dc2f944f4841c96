"""VLMEvalKit's TSV files: a header, a row per item, pictures in base64 in the column `image`.

As VLMEvalKit reads them, a short `image` is the `index` of another row with the same picture (here: one that came before),
and `image_path` names a file, relative to the folder of the TSV, where there is no `image`.
"""

from __future__ import annotations

import base64
import binascii
import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...harness.errors import DataError
from ...harness.jsonl import read_lines
from ..items import Record
from .layout import ROW, SPLIT, ImageColumn, Layout, arrange, literal, missing_columns

MAX_FIELD = 64 * 2**20
"""Characters of a field, and bytes of a line; a picture of 48 MiB fits."""
REFERENCE = 64
"""An `image` of at most so many characters names another row."""


def read_tsv(path: Path, layout: Layout | None) -> Iterator[Record | DataError]:
    """The rows of a TSV file. A row with too many or too few cells, or with a broken picture, is a problem in its place.

    Raises DataError for a file that cannot be read or lacks columns, or a field that is longer than MAX_FIELD.
    """
    if layout is None:
        raise DataError(f"{path}: VLMEvalKit has no TSV of this suite, so there is no layout to read one by")
    pictures: dict[str, ImageColumn] = {}
    split = path.stem
    for number, (where, row) in enumerate(_rows(path, "\t", lambda header: _check_header(path, header, layout))):
        if isinstance(row, DataError):
            yield row
            continue
        try:
            row["image"] = _picture(row, pictures)
        except ValueError as error:
            yield DataError(f"{where}: {error!s:.200}")
            continue
        if isinstance(row["image"], ImageColumn) and row.get("index"):
            pictures[row["index"]] = row["image"]
        yield arrange({**row, ROW: number, SPLIT: split}, layout, where)


def table_rows(path: Path, delimiter: str) -> Iterator[tuple[str, dict[str, Any]] | DataError]:
    """(place, texts by column) of each row of any table with a header; a row with too many or too few cells is a problem.

    Raises DataError for a file that cannot be read.
    """
    for where, row in _rows(path, delimiter, lambda header: _check_repeated(path, header)):
        yield row if isinstance(row, DataError) else (where, row)


def _rows(
    path: Path, delimiter: str, check: Callable[[list[str]], None]
) -> Iterator[tuple[str, dict[str, Any] | DataError]]:
    lines = _lines(path)
    reader = csv.reader(lines, delimiter=delimiter)
    header: list[str] = []
    started = 1
    while True:
        try:
            with _field_limit():
                cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: not a readable TSV ({error})") from error
        where, started = f"{path}:{started}", reader.line_num + 1
        if not header:
            header = cells
            check(header)
        elif cells and len(cells) != len(header):
            yield where, DataError(f"{where}: the row has {len(cells)} cells, the header {len(header)}")
        elif cells:
            yield where, dict(zip(header, cells, strict=True))


def _lines(path: Path) -> Iterator[str]:
    for line in read_lines(path, MAX_FIELD):
        if line.too_long:
            raise DataError(f"{line.where}: the line is longer than {MAX_FIELD} bytes")
        try:
            yield line.text.decode("utf-8-sig" if line.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{line.where}: not UTF-8 ({error.reason})") from error


@contextmanager
def _field_limit() -> Iterator[None]:
    before = csv.field_size_limit(MAX_FIELD)  # the limit is the process's, so it is put back after each row
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _check_repeated(path: Path, header: list[str]) -> None:
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise DataError(f"{path}:1: columns repeat: {', '.join(repeated)}")


def _check_header(path: Path, header: list[str], layout: Layout) -> None:
    lacking = missing_columns(layout, {*header, "image"} if "image_path" in header else set(header))
    _check_repeated(path, header)
    if lacking:
        raise DataError(f"{path}:1: columns missing: {', '.join(lacking)}; there are: {', '.join(header):.300}")


def _picture(row: dict[str, Any], known: dict[str, ImageColumn]) -> ImageColumn | str | None:
    text = row.get("image", "").strip()
    if text.startswith("["):
        text = _only(text, "image")
    name = row.get("image_path", "").strip()
    if name.startswith("["):
        name = _only(name, "image_path")
    if not text:
        return name or None
    if len(text) <= REFERENCE:
        if text not in known:
            raise ValueError(f"column 'image' names row {text!r}, which has no picture or does not come before")
        return known[text]
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"column 'image' is not base64 ({error})") from error
    return ImageColumn(data, Path(name).name or f"{row.get('index', 'image')}.image")


def _only(text: str, column: str) -> str:
    # a list of pictures may be longer than `literal` takes: quotes and brackets are all that base64 cannot hold
    inner = text[1:-1].strip()
    single = text.endswith("]") and inner[:1] in "'\"" and inner[-1:] == inner[:1] and inner[0] not in inner[1:-1]
    if inner and single:
        return inner[1:-1].strip()
    if inner and len(text) <= REFERENCE and len(literal(text)) == 1:
        return str(literal(text)[0])
    raise ValueError(f"column {column!r} must hold one picture")
