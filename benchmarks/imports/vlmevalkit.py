"""VLMEvalKit's result files: a row per item with the suite's columns, `index`, `question` and `prediction`.

As vlmeval/inference.py and vlmeval/smp/file.py (open-compass/VLMEvalKit) write them: {model}_{dataset}.xlsx, or .tsv or
.json by PRED_FORMAT; the column `image` is left out. They say neither the prompt nor how answers were drawn. An item's id
is made of the row as that of a TSV file is (`sources.published`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from ...harness.errors import DataError
from ..data import Record
from ..sources.documents import read_document
from ..sources.layout import Layout, arrange, blank, missing
from ..sources.published import VLMEVALKIT
from ..sources.tsv import read_tsv
from .base import Answer, Given, Source
from .failures import answer_of
from .sheet import MAX_CELL, read_sheet

TOOL = "vlmevalkit"
MAX_JSON = 64 * 2**20
DATASETS: Mapping[str, tuple[str, ...]] = {
    "mathvision": ("MathVision", "MathVision_MINI"),
    "mathverse": tuple(
        f"MathVerse_MINI{version}"
        for version in (
            "", "_Vision_Only", "_Vision_Only_cot", "_Vision_Dominant", "_Vision_Intensive", "_Text_Lite", "_Text_Dominant"
        )
    ),
    "mathvista": ("MathVista_MINI",),
    "wemath": ("WeMath", "WeMath_COT"),
    "logicvista": ("LogicVista",),
    "dynamath": ("DynaMath",),
    "chartqa": ("ChartQA_TEST",),
}  # fmt: skip
"""The names that VLMEvalKit gives to a suite's data sets: what stands before one in a file's name is the model's."""


def open_vlmevalkit(path: Path, suite: str, kind: str) -> Source:
    """A result file of the kind "xlsx", "tsv" or "json". Raises DataError for a suite that VLMEvalKit has no layout of."""
    layout = VLMEVALKIT.get(suite)
    if layout is None:
        raise DataError(f"{path}: VLMEvalKit has no data set of suite {suite}, so there is no layout to read one by")
    wanted: Layout = {"id": layout["id"], "question": "question", "index": "index", "prediction": "prediction"}
    return Source(TOOL, path, _given(path, kind, wanted), _model_name(path, suite))


def _model_name(path: Path, suite: str) -> str | None:
    for dataset in DATASETS.get(suite, ()):
        if path.stem.endswith(f"_{dataset}") and (name := path.stem.removesuffix(f"_{dataset}")):
            return name
    return None


_Rows: TypeAlias = Iterator[Record | DataError]


def _given(path: Path, kind: str, layout: Layout) -> Iterator[Given | DataError]:
    full = MAX_CELL if kind == "xlsx" else None
    for record in {"xlsx": _sheet, "tsv": _table, "json": _document}[kind](path, layout):
        try:
            yield record if isinstance(record, DataError) else _one(record, full)
        except DataError as problem:
            yield problem


def _sheet(path: Path, layout: Layout) -> _Rows:
    for where, row in read_sheet(path):
        if lacking := missing(layout, set(row)):
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
    found = read_document(resolved, resolved.parent, MAX_JSON)
    if not isinstance(found, list):
        raise DataError(f"{path}: must hold a list of rows")
    for number, row in enumerate(found, 1):
        where = f"{path}: row {number}"
        if not isinstance(row, dict):
            yield DataError(f"{where} must be a JSON object")
        elif lacking := missing(layout, set(row)):
            yield DataError(f"{where}: columns missing: {', '.join(lacking)}")
        else:
            yield _arranged(row, layout, where)


def _arranged(row: Mapping[str, Any], layout: Layout, where: str) -> Record | DataError:
    """pandas makes floats of a column of whole numbers in which one is missing."""
    whole = {
        name: int(value) if name != "prediction" and isinstance(value, float) and value.is_integer() else value
        for name, value in row.items()
    }
    return arrange(whole, layout, where)


def _one(record: Record, full: int | None) -> Given:
    """An item's answer; a text of `full` characters was cut off by the file."""
    question = "" if _nothing(record["question"]) else record.text("question")
    return Given(record.where, (_answer(record, full),), item_id=record.text("id"), question=question)


def _nothing(value: Any) -> bool:
    return blank(value) or (isinstance(value, float) and math.isnan(value))


def _answer(record: Record, full: int | None) -> Answer:
    try:
        found = answer_of(record["prediction"])
    except ValueError as error:
        raise record.error(f"column 'prediction': {error}") from error
    if full is not None and found.text is not None and len(found.text) >= full:
        return replace(found, text=None, error=f"cut off by the file: a cell of .xlsx holds {full} characters")
    return found
