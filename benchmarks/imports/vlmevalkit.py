"""VLMEvalKit's result files: a row per item with the suite's columns, `index`, `question` and `prediction`.

As vlmeval/inference.py and vlmeval/smp/file.py (open-compass/VLMEvalKit, commit e8e78f05) write them:
{model}_{dataset}.xlsx, or .tsv or .json by PRED_FORMAT; the column `image` is left out. They say neither the prompt nor how
answers were drawn. An item's id is made of the row as that of a TSV file is (`sources.tsv`); where the data name items in
another way, the question tells the item.

Its scripts write the same rows again with what a language model and they made of them, as {model}_{dataset}_{judge}.xlsx:
`res` and `log` (MathVision, MathVista), with `hit` (LogicVista), `hit` (We-Math), `extract` and `score` (MathVerse),
`extracted` and `correct` (DynaMath), `eval_match` (ChartQA, _results). That is kept as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...harness.errors import DataError
from ...harness.types import Recorded
from ..base import Suite
from ..items import Record
from ..sources.layout import Layout, arrange, empty, literal, missing_columns, record_of
from ..sources.published import VLMEvalKitSet
from .base import ImportedAnswer, ImportSource, ItemAnswers, answer_of
from .recorded import recorded
from .sheet import MAX_CELL
from .tables import Row

TOOL = "vlmevalkit"
NEEDS = {"index", "question", "prediction"}
"""The columns that every result file has."""
_PREFETCHED = "Prefetch succeed"
_FAILED = "retries failed"


def open_vlmevalkit(path: Path, suite: Suite, form: str, rows: Iterator[Row | DataError]) -> ImportSource:
    """The rows of a result file. Raises DataError for a suite that VLMEvalKit has no layout of."""
    data_set = suite.published.vlmevalkit
    if data_set is None:
        raise DataError(
            f"{path}: VLMEvalKit has no data set of suite {suite.name}, so there is no layout to read one by"
        )
    layout = {name: data_set.layout[name] for name in ("id", "question")}
    return ImportSource(TOOL, path, _given(path, form, layout, rows), _model_name(path, data_set))


def _model_name(path: Path, data_set: VLMEvalKitSet) -> str | None:
    """What stands in the file's name before the last mention of the data set.

    After it stand a variant of the data set and the model that judged, as in X_LogicVista_Rationale_gpt4o-mini.xlsx.
    """
    names = "|".join(map(re.escape, data_set.names))
    found = re.fullmatch(rf"(?P<model>.+)_(?:{names})(?:_.*)?", path.stem)
    return found["model"] if found else None


def _given(path: Path, form: str, layout: Layout, rows: Iterator[Row | DataError]) -> Iterator[ItemAnswers | DataError]:
    for row in rows:
        if isinstance(row, DataError):
            yield row
            continue
        try:
            yield _one(*row, layout, form)
        except DataError as problem:
            yield problem


def _one(where: str, cells: Mapping[str, Any], layout: Layout, form: str) -> ItemAnswers:
    """An item's answer; pandas makes floats of a column of whole numbers in which one is missing."""
    row = {name: int(cell) if name != "prediction" and _whole(cell) else cell for name, cell in cells.items()}
    present = {*row}
    if lacking := sorted({*missing_columns(layout, present)} | (NEEDS - present)):
        raise DataError(f"{where}: columns missing: {', '.join(lacking)}; there are: {', '.join(map(str, row)):.300}")
    arranged = arrange(row, {**layout, "index": "index", "gold": "answer?"}, where)
    if isinstance(arranged, DataError):
        raise arranged
    prediction = (
        None if form in ("tsv", "csv") and row["prediction"] == "" else row["prediction"]
    )  # pandas' missing cell
    answer = _answer(record_of({"prediction": prediction}, where), MAX_CELL if form == "xlsx" else None)
    return ItemAnswers(
        where,
        (answer if answer.text is None else replace(answer, recorded=_recorded(row)),),
        item_id=arranged.text("id"),
        question="" if empty(arranged["question"]) else arranged.text("question"),
        other_ids=() if empty(arranged["index"]) or "id" not in row else (arranged.text("index"),),
        gold=None if empty(arranged["gold"]) else str(arranged["gold"]),
    )


def _whole(cell: Any) -> bool:
    return isinstance(cell, float) and cell.is_integer()


def _answer(record: Record, full: int | None) -> ImportedAnswer:
    """The stored answer; a text of `full` characters was cut off by the file."""
    try:
        answer = answer_of(record["prediction"])
    except ValueError as error:
        raise record.error(f"column 'prediction': {error}") from error
    if full is not None and answer.text is not None and len(answer.text) >= full:
        return replace(answer, text=None, error=f"cut off by the file: a cell of .xlsx holds {full} characters")
    return answer


def _recorded(row: Mapping[str, Any]) -> Recorded | None:
    """What the columns say that VLMEvalKit's evaluation adds. A step of its language model that failed said nothing."""
    logs = [str(row[name]) for name in ("log", "log_extract", "log_score") if not empty(row.get(name))]
    extracted = next((row[name] for name in ("res", "extract", "extracted") if name in row), None)
    if "hit" in row and isinstance(extracted, str) and extracted.isupper():
        extracted = list(extracted)  # LogicVista's letters
    correct = next((row[name] for name in ("hit", "score", "correct") if name in row), None)
    if "eval_match" in row:  # with each of ChartQA's alternative golds
        correct = _listed(row["eval_match"])
    if any(_FAILED in log for log in logs):
        extracted = None
    return recorded(extracted, correct, by_model=any(log != _PREFETCHED for log in logs))


def _listed(stored: Any) -> Any:
    try:
        return literal(stored)
    except ValueError:
        return None
