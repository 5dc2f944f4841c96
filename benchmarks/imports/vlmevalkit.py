"""VLMEvalKit's result files: a row per item with the suite's columns, `index`, `question` and `prediction`.

As vlmeval/inference.py and vlmeval/smp/file.py (open-compass/VLMEvalKit) write them: {model}_{dataset}.xlsx, or .tsv or
.json by PRED_FORMAT; the column `image` is left out. They say neither the prompt nor how answers were drawn. An item's id
is made of the row as that of a TSV file is (`sources.tsv`).

The first sheet of an .xlsx file, as texts and numbers: bounded, without DTDs, and nothing in it is computed.

Cells are read as they were written, formulas as their own text: older VLMEvalKit wrote an answer that begins with "=" as a
formula, whose stored value is 0. Needs openpyxl (the extra `data`).
"""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from ...harness.errors import DataError, MissingExtraError
from ..base import Suite
from ..items import Record
from ..sources.jsonl import read_document
from ..sources.layout import Layout, arrange, blank, missing_columns
from ..sources.published import VLMEvalKitSet
from ..sources.tsv import read_tsv
from .base import ImportedAnswer, ImportSource, ItemAnswers, answer_of

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
        raise MissingExtraError(f"{path}: to read .xlsx, install openpyxl: pip install 'proctor[data]'") from error
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


TOOL = "vlmevalkit"
MAX_JSON = 64 * 2**20


def open_vlmevalkit(path: Path, suite: Suite, kind: str) -> ImportSource:
    """A result file of the kind "xlsx", "tsv" or "json". Raises DataError for a suite that VLMEvalKit has no layout of."""
    data_set = suite.published.vlmevalkit
    if data_set is None:
        raise DataError(
            f"{path}: VLMEvalKit has no data set of suite {suite.name}, so there is no layout to read one by"
        )
    layout = {"id": data_set.layout["id"], "question": "question", "index": "index", "prediction": "prediction"}
    return ImportSource(TOOL, path, _given(path, kind, layout), _model_name(path, data_set))


def _model_name(path: Path, data_set: VLMEvalKitSet) -> str | None:
    """What stands in the file's name before the last mention of the data set.

    After it stand a variant of the data set and the model that judged, as in X_LogicVista_Rationale_gpt4o-mini.xlsx.
    """
    names = "|".join(map(re.escape, data_set.names))
    found = re.fullmatch(rf"(?P<model>.+)_(?:{names})(?:_.*)?", path.stem)
    return found["model"] if found else None


_Rows: TypeAlias = Iterator[Record | DataError]


def _given(path: Path, kind: str, layout: Layout) -> Iterator[ItemAnswers | DataError]:
    full = MAX_CELL if kind == "xlsx" else None
    for record in {"xlsx": _sheet, "tsv": _table, "json": _document}[kind](path, layout):
        try:
            yield record if isinstance(record, DataError) else _one(record, full)
        except DataError as problem:
            yield problem


def _sheet(path: Path, layout: Layout) -> _Rows:
    for where, row in read_sheet(path):
        if lacking := missing_columns(layout, set(row)):
            raise DataError(f"{path}: row 1: columns missing: {', '.join(lacking)}; there are: {', '.join(row):.300}")
        yield _arranged(row, layout, where)


def _table(path: Path, layout: Layout) -> _Rows:
    for record in read_tsv(path, layout):
        if isinstance(record, DataError) or record["prediction"]:
            yield record
        else:  # pandas writes nothing and an empty text alike
            yield replace(record, fields={**record.fields, "prediction": None})


def _document(path: Path, layout: Layout) -> _Rows:
    resolved = path.resolve()
    document = read_document(resolved, resolved.parent, MAX_JSON)
    if not isinstance(document, list):
        raise DataError(f"{path}: must hold a list of rows")
    for number, row in enumerate(document, 1):
        where = f"{path}: row {number}"
        if not isinstance(row, dict):
            yield DataError(f"{where} must be a JSON object")
        elif lacking := missing_columns(layout, set(row)):
            yield DataError(f"{where}: columns missing: {', '.join(lacking)}")
        else:
            yield _arranged(row, layout, where)


def _arranged(row: Mapping[str, Any], layout: Layout, where: str) -> Record | DataError:
    """pandas makes floats of a column of whole numbers in which one is missing."""
    integers = {
        name: int(value) if name != "prediction" and isinstance(value, float) and value.is_integer() else value
        for name, value in row.items()
    }
    return arrange(integers, layout, where)


def _one(record: Record, full: int | None) -> ItemAnswers:
    """An item's answer; a text of `full` characters was cut off by the file."""
    question = "" if _nothing(record["question"]) else record.text("question")
    return ItemAnswers(record.where, (_answer(record, full),), item_id=record.text("id"), question=question)


def _nothing(value: Any) -> bool:
    return blank(value) or (isinstance(value, float) and math.isnan(value))


def _answer(record: Record, full: int | None) -> ImportedAnswer:
    try:
        answer = answer_of(record["prediction"])
    except ValueError as error:
        raise record.error(f"column 'prediction': {error}") from error
    if full is not None and answer.text is not None and len(answer.text) >= full:
        return replace(answer, text=None, error=f"cut off by the file: a cell of .xlsx holds {full} characters")
    return answer
