"""The first sheet of an .xlsx file, as texts and numbers: bounded, without DTDs, and nothing in it is computed.

Cells are read as they were written, formulas as their own text: older VLMEvalKit wrote an answer that begins with "=" as a
formula, whose stored value is 0. Needs openpyxl (the extra `data`).
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...harness.errors import DataError, MissingExtraError, install

MAX_UNPACKED = 256 * 2**20
"""Bytes of the file's parts, unpacked; zipfile reads no more of a part than its header declares."""
MAX_PARTS = 1_000
MAX_ROWS = 100_000
MAX_COLUMNS = 500
MAX_CELL = 32_767
"""Characters of a cell: Excel's limit, at which XlsxWriter, and so VLMEvalKit, cuts off."""
_DTD = re.compile(rb"<\x00?!\x00?D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E")
_CONTROL = re.compile(r"_x00(0[0-9A-Fa-f]|1[0-9A-Fa-f])_")
_CHUNK = 2**20


def read_sheet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, cells by the names of the first row) of each row below it; rows without any cell are left out.

    Raises DataError for a file that is no such sheet, is too large, or names a column twice; MissingExtraError without
    openpyxl.
    """
    try:
        import openpyxl  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError(f"{path}: to read .xlsx, install openpyxl: {install('data')}") from error
    rows = _rows(path, openpyxl)
    header = [None if cell is None else str(cell) for cell in next(rows, ())]  # a column without a name keeps its place
    names = [name for name in header if name is not None]
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"{path}: row 1: columns repeat: {', '.join(repeated):.200}")
    for number, row in enumerate(rows, start=2):
        if number > MAX_ROWS:
            raise DataError(f"{path}: the sheet has more than {MAX_ROWS} rows")
        cells = [_plain(cell) for cell in row]
        if any(cell is not None for cell in cells):
            cells += [None] * (len(header) - len(cells))
            yield (
                f"{path}: row {number}",
                {name: cell for name, cell in zip(header, cells, strict=False) if name is not None},
            )


def _rows(path: Path, openpyxl: Any) -> Iterator[tuple[Any, ...]]:
    _check(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            yield from sheet.iter_rows(min_row=1, max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS, values_only=True)
    except Exception as error:  # openpyxl raises errors of any kind on files that are not as it expects
        raise DataError(f"{path}: not a readable .xlsx file ({type(error).__name__}: {error!s:.100})") from error


def _check(path: Path) -> None:
    """Raise DataError for an archive that would fill the memory, or XML that declares entities."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise DataError(f"{path}: larger than {MAX_UNPACKED // 2**20} MiB or {MAX_PARTS} parts when unpacked")
            for part in parts:
                if _has_dtd(archive, part):
                    raise DataError(f"{path}: {part.filename!r:.60} has a document type declaration, as no sheet has")
    except DataError:
        raise
    except Exception as error:  # zipfile: BadZipFile, NotImplementedError, RuntimeError, zlib.error, OSError, ...
        raise DataError(f"{path}: not a readable .xlsx file ({type(error).__name__}: {error!s:.100})") from error


def _has_dtd(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as file:
        before = b""
        while chunk := file.read(_CHUNK):
            if _DTD.search(before + chunk):
                return True
            before = chunk[-32:]
    return False


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):  # XlsxWriter writes control characters as _x0001_
        return _CONTROL.sub(lambda escape: chr(int(escape[1], 16)), cell)
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
