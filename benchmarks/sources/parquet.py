"""Parquet files as the hub stores them: pictures are structs of bytes and path. Needs pyarrow (the extra `data`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ...harness.errors import DataError, MissingExtraError, install
from ..items import Record
from .layout import ROW, SPLIT, ImageColumn, Layout, arrange, missing_columns, record_of, wanted_columns

ROWS_AT_ONCE = 16  # rows hold pictures of a megabyte and more


def read_parquet(files: list[Path], layouts: Sequence[Layout]) -> Iterator[Record | DataError]:
    """The rows of parquet files, one file after the other; the split of a file is its name before the first "-".

    A file is read by the first of the layouts whose columns it has; one whose columns are of none is taken to be in the
    project's own columns, if it has an `id`.
    Raises DataError for a file that cannot be read or lacks columns, MissingExtraError without pyarrow.
    """
    numbers: dict[str, int] = {}
    for path in files:
        split = path.stem.partition("-")[0]
        for layout, where, row in _rows(path, layouts):
            number = numbers.get(split, 0)
            numbers[split] = number + 1
            yield row_record(row, layout, where, number, split)


def row_record(
    row: Mapping[str, Any], layout: Layout | None, where: str, number: int, split: str
) -> Record | DataError:
    """The record of a row whose pictures are structs; a row that is in the project's own columns stays as it is."""
    try:
        plain = {column: plain_value(value) for column, value in row.items()}
    except ValueError as error:
        return DataError(f"{where}: {error}")
    if layout is None or (missing_columns(layout, set(row)) and "id" in row):
        return record_of(plain, where)
    return arrange({**plain, ROW: number, SPLIT: split}, layout, where)


def plain_value(value: Any) -> Any:
    """A value in the types of JSON; a struct of bytes and path is a Picture, or its path if it has no bytes.

    Raises ValueError for bytes that are no picture.
    """
    if isinstance(value, dict):
        if value.keys() == {"bytes", "path"}:
            return _picture(value["bytes"], value["path"])
        return {str(key): plain_value(entry) for key, entry in value.items()}
    if isinstance(value, bytes):
        return _picture(value, None)
    if isinstance(value, list | tuple):
        return [plain_value(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _picture(data: Any, path: Any) -> ImageColumn | str | None:
    if data:
        return ImageColumn(bytes(data), PurePosixPath(path).name if path else "image")
    return None if path is None else str(path)


def _rows(path: Path, layouts: Sequence[Layout]) -> Iterator[tuple[Layout | None, str, dict[str, Any]]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError(f"{path}: to read parquet, install pyarrow: {install('data')}") from error
    try:
        with pq.ParquetFile(path) as file:
            present = list(file.schema_arrow.names)
            fitting = (one for one in layouts if not missing_columns(one, set(present)))
            layout = next(fitting, layouts[0] if layouts else None)
            columns = columns_to_read(str(path), layout, present)
            number = 0
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield layout, f"{path}: row {number}", row
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error!s:.200}") from error
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable parquet file ({_one_line(error)})") from error


def columns_to_read(name: str, layout: Layout | None, present: list[str]) -> list[str] | None:
    """The columns of a source to read, None for all. Raises DataError, once for the source, if some are missing."""
    lacking = missing_columns(layout, set(present)) if layout is not None else []
    if layout is None or (lacking and "id" in present):
        return None
    if lacking:
        raise DataError(f"{name}: columns missing: {', '.join(lacking)}; there are: {', '.join(present):.300}")
    return wanted_columns(layout, present)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
