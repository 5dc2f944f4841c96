"""Leaderboards and verdicts as pandas data frames (the extra `boards`), for analysis."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...benchmarks.examination import score_under
from ...harness.errors import MissingExtraError, UsageError, install, printable
from ...harness.runs.score import ScoredRun
from .evidence import run_folders
from .load_rows import as_count, as_real, as_share, as_truth, load_rows
from .table import Row, row
from .told_apart import FACTS, Asked, told_apart

try:
    import pandas as pd
except ImportError as error:
    raise MissingExtraError(f"tables for analysis need pandas: {install('boards')} ({error})") from error

_REALS: Mapping[str, Callable[[str, str], float | None]] = {
    "score": as_share,
    "stderr": partial(as_share, most=math.inf),
    "ci_low": as_share,
    "ci_high": as_share,
    "temperature": as_real,
    "top_p": as_real,
}
_WHOLES = ("contamination", "max_tokens", "seed", "training_seed", "training_step")
_TRUTHS = ("git_dirty",)
_VERDICT_TYPES: Mapping[str, str] = {
    "model": "string",
    "suite": "string",
    "protocol": "string",
    "run_id": "string",
    "item_id": "string",
    "sample": "Int64",
    "correct": "boolean",
    "extracted": "string",
    "rule": "string",
    "reason": "string",
    "truncated": "boolean",
    "cluster": "string",
}


def load(*paths: str | os.PathLike[str], protocols: Sequence[str] = (), partial: bool = False) -> pd.DataFrame:
    """A row per model, suite and metric, with the columns of `table.Row` in their order.

    `paths` are boards (folders or CSV files), run directories, or folders of these. Rows of a board are as published;
    runs are judged now, under `protocols` (default: the one that asked); `partial` gives incomplete runs their scores of
    what there is. `model` tells apart what has one name and is not one model or not drawn alike ("name (temperature
    0.5)"), so that no mean over it mixes them. Counts are Int64 and scores float64, both missing where a board is blank;
    texts are strings, blank where nothing is known. Raises UsageError where there is nothing, DataError for a damaged
    board or run.
    """
    found = load_rows(_paths(paths), protocols, partial=partial)
    names = told_apart(map(_asked, found))
    found = [dataclasses.replace(one, model=names[one.model, one.run_id]) for one in found]
    columns = {}
    for field in dataclasses.fields(Row):
        values = [getattr(one, field.name) for one in found]
        columns[field.name] = _column(field.name, str(field.type), values)
    return pd.DataFrame(columns)


def load_verdicts(*paths: str | os.PathLike[str], protocols: Sequence[str] = ()) -> pd.DataFrame:
    """A row per answer: whose it is, its verdict, and the item's categories as columns `meta.NAME`.

    `paths` are boards with their evidence, run directories, or folders of these; all are judged now, under `protocols`
    (default: the one that asked). `model` is told apart as by `load`. `correct` is missing where an answer has no verdict
    (`rule` "error": it is an engine's failure). A category is a column of its own type, or of objects where it is a list or
    of several types. Raises as `load` does.
    """
    places = _paths(paths)
    for place in places:
        if place.is_file():
            raise UsageError(f"{place} is a file, which has no answers: name the board's folder, with its evidence")
    with run_folders(places) as folders:
        return verdict_frame(one for folder in folders for one in score_under(folder, protocols or [None]))


def verdict_frame(scored: Iterable[ScoredRun]) -> pd.DataFrame:
    """The verdicts of judged runs, as `load_verdicts` has them."""
    answers: list[Mapping[str, Any]] = []
    asked: list[Asked] = []
    for judged in scored:
        answers += _answers(judged)
        asked.append(_asked(row(judged, judged.accuracy())))
    names = told_apart(asked)
    answers = [{**one, "model": names[one["model"], one["run_id"]]} for one in answers]
    columns = {name: pd.array([one[name] for one in answers], dtype=kind) for name, kind in _VERDICT_TYPES.items()}
    for name in sorted({name for one in answers for name in one["meta"]}):
        columns[f"meta.{_text(name)}"] = _category([one["meta"].get(name) for one in answers])
    return pd.DataFrame(columns)


def _paths(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    if not paths:
        raise UsageError("name a board, a run directory, or a folder of them")
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            hint = "; spread a list: load(*paths)" if isinstance(path, Iterable) else ""
            raise UsageError(f"a place must be a path, not {type(path).__name__}{hint}")
    return [Path(path) for path in paths]


def _column(name: str, kind: str, values: Sequence[Any]) -> Any:
    """A column of the table as an array of its type."""
    if name in _REALS:
        numbers = [_REALS[name](value, name) for value in values]
        return pd.array(numbers, dtype="Float64").to_numpy("float64", na_value=float("nan"))
    if name in _WHOLES:
        return pd.array([as_count(value, name) for value in values], dtype="Int64")
    if name in _TRUTHS:
        return pd.array([as_truth(value, name) for value in values], dtype="boolean")
    if kind == "str":
        return pd.array([_text(value) for value in values], dtype="string")
    return pd.array(values, dtype="Int64")


def _asked(one: Row) -> Asked:
    return Asked(one.model, one.run_id, (one.suite, one.protocol), {name: str(getattr(one, name)) for name in FACTS})


def _answers(scored: ScoredRun) -> Iterator[Mapping[str, Any]]:
    manifest = scored.run.manifest
    of_run = {
        "model": printable(manifest.model_name),  # as a row of the table has them
        "suite": printable(manifest.suite),
        "protocol": scored.rules.name,
        "run_id": manifest.run_id,
    }
    items = {item.id: item for item in scored.items}
    for verdict in scored.verdicts:
        yield {
            **of_run,
            "item_id": _text(verdict.item_id),
            "sample": verdict.sample,
            "correct": verdict.correct,
            "extracted": None if verdict.extracted is None else _text(verdict.extracted),
            "rule": verdict.rule,
            "reason": _text(verdict.reason),
            "truncated": verdict.truncated,
            "cluster": _text(scored.clusters[verdict.item_id]),
            "meta": items[verdict.item_id].meta,
        }


def _category(values: Sequence[Any]) -> Any:
    """A category's column, of the one type that all its values have."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.array(values, dtype="boolean")
    if kinds == {int} and all(value is None or abs(value) < 2**63 for value in values):
        return pd.array(values, dtype="Int64")
    if kinds == {float}:
        return pd.array(values, dtype="Float64").to_numpy("float64", na_value=float("nan"))
    if kinds == {str}:
        return pd.array([None if value is None else _text(value) for value in values], dtype="string")
    return pd.Series(values, dtype="object")


def _text(value: str) -> str:
    """A text that every store of columns takes, as the CSV of a board has it: a lone surrogate is spelled out."""
    return value.encode("utf-8", "backslashreplace").decode()
