"""lmms-eval's samples: the file DATE_samples_TASK.jsonl that `--log_samples` writes, with DATE_results.json beside it.

As lmms-eval 0.3 to 0.7.3 write them (evaluator.py, loggers/evaluation_tracker.py), into a folder that is called as the model
is: the last two parts of its name, with "__" for the slash (utils.sanitize_model_name). samples_TASK_DATE.jsonl with
results_DATE.json, as lm-evaluation-harness names them, are read too.

A line has `doc_id` (the row of the data
set), `target`, `input` (the prompt's text, or a part of it where a model takes messages), `filtered_resps`, `resps` where
they differ from those, and the task's metrics; 0.3 has `doc` and `arguments` too, 0.7 `token_counts`. `resps` are what the
model said, and are taken where they are there; to 0.6 they are nested once more. Several filters of one task give several
lines to a doc, which cannot be told apart: such a file is refused, item by item. Nor can several rounds of a talk be told
from repeats; no suite here has any.

What the task's metrics say of the answer is kept as recorded: extraction and verdict of MathVista and MathVerse, the verdicts
of MathVision and ChartQA.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...harness.errors import DataError
from ...harness.types import Json, Recorded, Sampling
from ..base import Suite
from ..items import Record
from ..sources.jsonl import read_document
from ..sources.layout import ROW, SPLIT, Layout, arrange, blank, missing_columns
from .base import ImportedAnswer, ImportSource, ItemAnswers, answer_of
from .recorded import recorded
from .tables import Row

TOOL = "lmms-eval"
_NAMING = ("peft", "delta", "pretrained", "model", "model_version", "model_name", "model_id", "path", "engine")
"""The arguments that name a model, in lmms-eval's order."""
MOST_RESULTS = 20
"""So many results files of a folder are read for the model's name."""
_JUDGED = ("llm_as_judge_eval", "gpt_eval_score", "submission")
_BY_RULE = ("mathvision_standard_eval", "relaxed_overall")
OWN_METRIC = "proctor_"
"""How the metrics of tasks that `proctor suite export lmms-eval` wrote begin; their values hold the item's `id`."""


def is_sample(names: Container[str]) -> bool:
    """True if these are the names of a line of a samples file."""
    return "doc_id" in names and ("resps" in names or "filtered_resps" in names)


def is_results(names: Container[str]) -> bool:
    """True if these are the names of a results file."""
    return "results" in names and ("configs" in names or "lmms_eval_version" in names)


def lacking(names: Container[str]) -> list[str]:
    """What a line lacks to be one of a samples file."""
    answers = [] if "resps" in names else [name for name in ("filtered_resps",) if name not in names]
    return [*(["doc_id"] if "doc_id" not in names else []), *answers]


def open_lmms_eval(path: Path, suite: Suite, rows: Iterator[Row | DataError]) -> ImportSource:
    """The lines of a samples file, with what the results file beside it says. Raises DataError if that file is damaged."""
    task, beside = _beside(path)
    results = _results(beside) if task and beside.is_file() else {}
    config = _table(results, "config")
    task_config = _table(_table(results, "configs"), task)
    settings = {**_table(task_config, "generation_kwargs"), **_settings(config.get("gen_kwargs"))}
    about = {"model": config.get("model"), "date": results.get("date"), "generation_kwargs": settings or None}
    return ImportSource(
        TOOL,
        path,
        _given(rows, suite),
        model_name=_model_name(results) or _name_in_folder(path),
        version=_text(results.get("lmms_eval_version")),
        sampling=_sampling(settings),
        about={name: str(value) for name, value in about.items() if value is not None},
    )


def _beside(path: Path) -> tuple[str, Path]:
    """The task of a samples file, empty if its name tells none, and the results file that was written with it."""
    date, found, task = path.stem.partition("_samples_")
    if found:
        return task, path.with_name(f"{date}_results.json")
    task, _, date = path.stem.removeprefix("samples_").rpartition("_")
    named = path.stem.startswith("samples_") and date[:4].isdecimal()
    return task if named else "", path.with_name(f"results_{date}.json")


def _model_name(results: Mapping[str, Json]) -> str | None:
    """The model that a results file is of: its name, as lmms-eval finds it in the model's arguments, else its kind."""
    if name := _text(results.get("model_name")):
        return name
    config = _table(results, "config")
    arguments = config.get("model_args")
    pairs = (one.partition("=") for one in arguments.split(",")) if isinstance(arguments, str) else ()
    given = arguments if isinstance(arguments, dict) else {name.strip(): value for name, _, value in pairs}
    named = next((name for one in _NAMING if (name := _text(given.get(one)))), None)
    return named or _text(config.get("model"))


def _name_in_folder(path: Path) -> str | None:
    """The model by the other results files in the folder, if they are all of one, else by the folder's name, ORG__MODEL."""
    folder = path.resolve().parent
    beside = [*folder.glob("*_results.json"), *folder.glob("results_*.json")]
    names = set()
    for file in beside[:MOST_RESULTS]:
        with suppress(DataError):
            names.add(_model_name(_results(file)))
    if len(names) == 1 and (name := names.pop()):
        return name
    organisation, slash, model = folder.name.partition("__")
    return f"{organisation}/{model}" if organisation and slash and model and "__" not in model else None


def _results(path: Path) -> Mapping[str, Json]:
    resolved = path.resolve()
    results = read_document(resolved, resolved.parent)
    if not isinstance(results, dict):
        raise DataError(f"{path}: not a results file of lmms-eval: it must hold an object")
    return results


def _table(results: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = results.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _settings(value: Json) -> Mapping[str, Json]:
    """The command line's gen_kwargs, "temperature=0.7,do_sample=True" or an object."""
    if isinstance(value, dict):
        return value
    pairs = [part.partition("=") for part in value.split(",")] if isinstance(value, str) else []
    return {name.strip(): _number(text.strip()) for name, equals, text in pairs if equals}


def _number(text: str) -> Json:
    try:
        return json.loads(text.lower())
    except (ValueError, RecursionError):
        return text


def _sampling(settings: Mapping[str, Json]) -> dict[str, Json]:
    """Those settings that are said without doubt; any other is unknown."""
    temperature, drawn = settings.get("temperature"), settings.get("do_sample")
    limits = {"top_p": settings.get("top_p"), "max_tokens": settings.get("max_new_tokens")}
    if drawn is False and temperature in (None, 0):
        limits["temperature"] = 0.0
    elif drawn is not False:
        limits["temperature"] = temperature
    return {name: value for name, value in limits.items() if _fits(name, value)}


def _fits(name: str, value: Json) -> bool:
    allowed = (int,) if name == "max_tokens" else (int, float)
    if isinstance(value, bool) or not isinstance(value, allowed):
        return False
    setting: dict[str, Any] = {name: value}
    try:
        Sampling(**setting)
    except (DataError, OverflowError):
        return False
    return True


def _given(rows: Iterator[Row | DataError], suite: Suite) -> Iterator[ItemAnswers | DataError]:
    for row in rows:
        if isinstance(row, DataError):
            yield row
            continue
        try:
            yield _one(Record(row[1], row[0]), suite)
        except DataError as problem:
            yield problem


def _one(record: Record, suite: Suite) -> ItemAnswers:
    if not is_sample(record):
        raise record.error("not a sample of lmms-eval: it needs doc_id, and resps or filtered_resps")
    row = record.integer("doc_id")
    item_id, question = _of_doc(record, suite, row)
    prompt = record.get("input")
    return ItemAnswers(
        record.where,
        _answers(record),
        item_id or _of_metrics(record, suite),
        row,
        question,
        prompt if isinstance(prompt, str) else None,
    )


def _of_doc(record: Record, suite: Suite, row: int) -> tuple[str | None, str | None]:
    """Id and question of the `doc`: by the hub's columns, or the project's own."""
    doc = record.get("doc")
    if not isinstance(doc, dict):
        return None, None
    layout = suite.published.hub.layout if suite.published.hub else {}
    fields: dict[str, str] = {}
    for name in ("id", "question"):
        columns: Layout = {name: layout.get(name, name)}
        if missing_columns(columns, set(doc)):
            columns = {name: name}
        arranged = arrange({**doc, ROW: row, SPLIT: ""}, columns, record.where)
        if not isinstance(arranged, DataError) and not blank(arranged[name]):
            fields[name] = arranged.text(name)
    return fields.get("id"), fields.get("question")


def _of_metrics(record: Record, suite: Suite) -> str | None:
    for name, value in record.items():
        layout: Layout = {"id": "id"} if name.startswith(OWN_METRIC) else suite.published.lmms_eval_ids or {}
        if isinstance(value, dict) and layout and not missing_columns(layout, set(value)):
            arranged = arrange(value, layout, record.where)
            if not isinstance(arranged, DataError) and not blank(arranged["id"]):
                return arranged.text("id")
    return None


def _answers(record: Record) -> tuple[ImportedAnswer, ...]:
    stored = _flat(record["resps"] if "resps" in record else record["filtered_resps"])
    try:
        answers = [answer_of(entry) for entry in stored]
    except ValueError as error:
        raise record.error(str(error)) from error
    if not answers:
        raise record.error("no answer: resps is empty")
    answers = [
        answer if answer.text is None else replace(answer, recorded=said)
        for answer, said in zip(answers, _recorded(record, len(answers)), strict=True)
    ]
    counts = record.get("token_counts")
    if not isinstance(counts, list) or len(counts) != len(answers):
        return tuple(answers)
    return tuple(_counted(answer, count) for answer, count in zip(answers, counts, strict=True))


def _recorded(record: Record, count: int) -> list[Recorded | None]:
    """What the task's metrics say of each answer."""
    for name in _JUDGED:
        found = record.get(name)
        if isinstance(found, dict) and "true_false" in found and count == 1:
            return [recorded(found.get("extraction"), found["true_false"], by_model=True)]
    for name in _BY_RULE:
        found = record.get(name)
        scores = found.get("scores") if isinstance(found, dict) else [found] if found is not None else None
        if isinstance(scores, list) and len(scores) == count:
            return [recorded(None, score, by_model=False) for score in scores]
    return [None] * count


def _flat(stored: Json) -> list[Any]:
    """One value per sample: lmms-eval nests them by request and repeat, and unwraps a single one."""
    if isinstance(stored, list) and len(stored) == 1 and isinstance(stored[0], list):
        stored = stored[0]
    if not isinstance(stored, list):
        return [stored]
    return [entry[0] if isinstance(entry, list) and len(entry) == 1 else entry for entry in stored]


def _counted(answer: ImportedAnswer, count: Json) -> ImportedAnswer:
    if not isinstance(count, dict):
        return answer
    asked, said = (
        value if isinstance(value := count.get(name), int) and not isinstance(value, bool) else None
        for name in ("input_tokens", "output_tokens")
    )
    return replace(answer, prompt_tokens=asked, completion_tokens=said)
