"""The benchmarks' own outputs, as the scripts of their repositories write them, and what they recorded of each answer.

MathVision: outputs/*.jsonl of mathllm/MATH-V: id, model, response, model_answer, correct.
MathVista: output_*.json of lupantech/MathVista: an object by pid with query, response, extraction, prediction, true_false.
MathVerse: the list of ZrrSkywalker/MathVerse's output_templates, with `extraction` and `judgement` of its two scripts.
We-Math: the list that We-Math/We-Math's README shows, with `response`.
LogicVista: eval/answers/*.json (an object by id with `answer`) and eval/results/*.csv of Yijia-Xiao/LogicVista.
DynaMath: the report of opensource_json_eval.py, an object by seed. Which variant was asked, a path with trialN or variantN
says, or the question where it is the only one.
ChartQA: a list with imgname, query, prediction, answer and split, in the order of the benchmark's files, as people publish it
(e.g. moured/qwen-vl2.5-chartqa); the repository has no script of its own that stores answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...harness.errors import DataError
from ...harness.types import Recorded
from ..base import Suite
from ..sources.layout import KEY, Layout, arrange, empty, literal
from .base import ImportSource, ItemAnswers, answer_of
from .recorded import recorded
from .tables import Row

TOOL = "benchmark"
VARIANTS = range(1, 11)

Read = Callable[[Mapping[str, Any], int, Path, Suite], dict[str, Any]]
"""(row, its number from 0, file, suite) -> the fields of `ItemAnswers`, with `response` and `recorded`."""


@dataclass(frozen=True)
class OwnOutput:
    """A form of output of one suite: the columns that it is known by, and how a row is read."""

    title: str
    needs: frozenset[str]
    read: Read


def _mathvision(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    said = recorded(row.get("model_answer"), row.get("correct"), by_model=False)
    return {"item_id": _text(row["id"]), "response": row.get("response"), "recorded": said}


def _mathvista(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    return {
        "item_id": _text(row.get("pid") or row.get(KEY)),
        "question": row.get("question"),
        "prompt": row["query"],
        "response": row.get("response"),
        "recorded": recorded(row.get("extraction"), row.get("true_false"), by_model=True),
    }


def _mathverse(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    return {
        "item_id": _id_of_hub(row, suite),
        "question": row.get("question"),
        "response": row.get("model_answer"),
        "recorded": recorded(row.get("extraction"), row.get("judgement"), by_model=True),
    }


def _wemath(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    return {"item_id": _id_of_hub(row, suite), "question": row.get("question"), "response": row.get("response")}


def _logicvista_answer(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    return {"item_id": _text(row[KEY]), "response": row.get("answer")}


_RAW = re.compile(r"(?P<model>.*\S)\s+answer raw", re.IGNORECASE)


def _logicvista_result(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    found = next((match for name in row if (match := _RAW.fullmatch(name))), None)
    if found is None:
        raise KeyError("answer raw")
    extracted = row.get(f"{found['model']} answer extracted")
    said = recorded(None if empty(extracted) else literal(extracted), row["match?"], by_model=True)
    return {"item_id": _text(row["id"]), "response": row[found[0]], "recorded": said}


def _dynamath(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    said = row.get("response")
    named = re.findall(r"(?:trial|variant)_?(\d+)", str(path))
    ids = [f"q{row[KEY]}_v{int(number)}" for number in named[-1:] or VARIANTS]
    short = said.get("short answer") if isinstance(said, dict) else None
    return {
        "item_id": ids[0],
        "other_ids": tuple(ids[1:]),
        "question": row["question"],
        "gold": _text(row.get("Ground truth")),
        "response": json.dumps(said, ensure_ascii=False) if isinstance(said, dict) else said,
        "recorded": recorded(short, row["result"], by_model=False),
    }


def _chartqa(row: Mapping[str, Any], number: int, path: Path, suite: Suite) -> dict[str, Any]:
    return {
        "item_id": f"{row['split']}-{number}",
        "question": row["query"],
        "gold": _text(row.get("answer")),
        "response": row.get("prediction"),
    }


def _text(value: Any) -> str | None:
    return None if empty(value) else str(value)


def _id_of_hub(row: Mapping[str, Any], suite: Suite) -> str | None:
    hub = suite.published.hub
    layout: Layout = {"id": hub.layout["id"]} if hub else {}
    found = arrange(row, layout, "")
    return None if isinstance(found, DataError) else _text(found["id"])


_FORMS: Mapping[str, tuple[OwnOutput, ...]] = {
    "mathvision": (OwnOutput("MATH-V's outputs/*.jsonl", frozenset({"id", "response"}), _mathvision),),
    "mathvista": (OwnOutput("MathVista's output_*.json", frozenset({"query", "response"}), _mathvista),),
    "mathverse": (
        OwnOutput(
            "MathVerse's output_*.json", frozenset({"sample_index", "problem_version", "model_answer"}), _mathverse
        ),
    ),
    "wemath": (OwnOutput("We-Math's result JSON", frozenset({"ID", "key", "response"}), _wemath),),
    "logicvista": (
        OwnOutput("LogicVista's eval/results/*.csv", frozenset({"id", "match?", "answer raw"}), _logicvista_result),
        OwnOutput("LogicVista's eval/answers/*.json", frozenset({"answer", "reasoning"}), _logicvista_answer),
    ),
    "dynamath": (OwnOutput("DynaMath's evaluation report", frozenset({"question", "response", "result"}), _dynamath),),
    "chartqa": (OwnOutput("a ChartQA results.json", frozenset({"imgname", "query", "prediction", "split"}), _chartqa),),
}


def forms(suite: str) -> tuple[OwnOutput, ...]:
    """The forms that a suite's own outputs have."""
    return _FORMS.get(suite, ())


def lacking(form: OwnOutput, columns: set[str]) -> list[str]:
    """The columns that a file lacks to be of that form, sorted."""
    known = columns | ({"answer raw"} if any(map(_RAW.fullmatch, columns)) else set())
    return sorted(form.needs - known)


def other_suites(columns: set[str]) -> list[str]:
    """The suites that a file with these columns may be an output of."""
    return [suite for suite, some in _FORMS.items() if any(not lacking(form, columns) for form in some)]


def open_own(path: Path, suite: Suite, form: OwnOutput, rows: Iterator[Row | DataError]) -> ImportSource:
    """The answers of a benchmark's own output. The model is what the first row or the name of the file says."""
    first = next(rows, None)
    name = None if first is None or isinstance(first, DataError) else _model_name(first[1], path)
    of_one = rows if first is None else _of_one_model(path, name, _again(first, rows))
    given = _given(path, suite, form, of_one)
    return ImportSource(TOOL, path, given, name, about={"form": form.title})


def _again(first: Row | DataError, rows: Iterator[Row | DataError]) -> Iterator[Row | DataError]:
    yield first
    yield from rows


def _of_one_model(path: Path, name: str | None, rows: Iterator[Row | DataError]) -> Iterator[Row | DataError]:
    """The rows. Raises DataError at one that another model than the first's answered: they are no one model's run."""
    for one in rows:
        other = None if isinstance(one, DataError) else one[1].get("model")
        if isinstance(other, str) and other.strip() and name and other != name:
            raise DataError(
                f"{path}: answers of several models ({name!r:.60}, {other!r:.60}): import one file for each"
            )
        yield one


_NAMED = re.compile(r"output_(?P<model>.+)|(?P<before>.+?)-(?:answers|accuracy-results)")


def _model_name(row: Mapping[str, Any], path: Path) -> str | None:
    if isinstance(model := row.get("model"), str) and model.strip():
        return model
    found = _NAMED.fullmatch(path.stem)
    return (found["model"] or found["before"]) if found else None


def _given(
    path: Path, suite: Suite, form: OwnOutput, rows: Iterator[Row | DataError]
) -> Iterator[ItemAnswers | DataError]:
    for number, row in enumerate(rows):
        if isinstance(row, DataError):
            yield row
            continue
        try:
            yield _one(row, number, path, suite, form)
        except DataError as problem:
            yield problem


def _one(row: Row, number: int, path: Path, suite: Suite, form: OwnOutput) -> ItemAnswers:
    where, cells = row
    try:
        fields = form.read(cells, number, path, suite)
        answer = answer_of(fields.pop("response"), nothing=())
    except KeyError as error:
        missing = "the id, by which the row stands in an object" if error.args[0] == KEY else error.args[0]
        raise DataError(f"{where}: columns missing: {missing}") from error
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: cannot be read as {form.title}: {error!s:.100}") from error
    said: Recorded | None = fields.pop("recorded", None)
    if fields["item_id"] is None:
        raise DataError(f"{where}: the row names no item")
    for name in ("question", "prompt"):
        fields[name] = fields[name] if isinstance(fields.get(name), str) else None
    return ItemAnswers(where, (answer if answer.text is None else replace(answer, recorded=said),), **fields)
