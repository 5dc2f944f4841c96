"""Recorded responses of real models as the files that the benchmarks' tools write, and as runs imported from these.

The records (`tests/golden/protocols/records.py` reads the same) hold responses and verdicts, and no pictures: a name stands
for each. A model's records become one file in the form of the tool that wrote them, so that the import is a user's.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import proctor
from proctor.benchmarks.imports.run import read_import

Record = Mapping[str, Any]

SUITES = ("mathvision", "mathvista", "logicvista", "chartqa")
QUESTIONS = {"mathvision": "questions.jsonl.gz", "mathvista": "questions.jsonl"}
"""Where a suite's questions are; the records of the others hold them."""
LEFT_OUT = {
    ("mathvista", "instruct_blip2_vicuna_13b"): "extractions beside empty responses: what it said is lost",
    ("mathvista", "InternVL2-1B"): "133 of 478 answers: the rest of the file is lost",
}
"""Models that are in no table, each with its reason."""
TOLD_THE_REASONING = " +rationale in prompt"
"""How the records name runs whose prompts held the data set's own reasoning: they are in no table either."""


def lines(path: Path) -> Iterator[Record]:
    """The records of a .jsonl or .jsonl.gz file."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from map(json.loads, data.splitlines())


def models(folder: Path, suite: str) -> dict[str, list[Record]]:
    """The records of each model that is in the table, in their order."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in lines(folder / suite / "golden_dev.jsonl.gz"):
        name = record["model"]
        if (suite, name) not in LEFT_OUT and not name.endswith(TOLD_THE_REASONING):
            found[name].append(record)
    return found


def write_items(folder: Path, suite: str, out: Path) -> Path:
    """The items that the records answer as a data file, with a stand-in for each picture."""
    records = {record["id"]: record for record in lines(folder / suite / "golden_dev.jsonl.gz")}
    rows = lines(folder / suite / QUESTIONS[suite]) if suite in QUESTIONS else records.values()
    (out / "images").mkdir(parents=True)
    with (out / "items.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            if row["id"] in records:
                name = row.get("imgname") or f"{row['id']}.png"
                (out / "images" / name).write_bytes(name.encode())
                file.write(json.dumps({**row, "image": f"images/{name}"}) + "\n")
    return out / "items.jsonl"


def import_models(folder: Path, suite: str, work: Path) -> dict[str, Path]:
    """A run directory for each model of a suite, imported from a file in its tool's own form.

    An answer that the file lacks, or that its tool failed to get, counts as a wrong one, as it did to that tool.
    """
    data = write_items(folder, suite, work / suite)
    questions = {row["id"]: row for row in lines(data)}
    runs = {}
    for number, (name, records) in enumerate(models(folder, suite).items()):
        place = work / suite / f"{number:02d}"
        place.mkdir()
        if suite == "chartqa":  # its own form names an item by its row among all of them, and the records are some
            said = {record["id"]: record["response"] for record in records}
            answered = proctor.evaluate(
                lambda item, said=said: said[item.id], suite, data=data, protocol="official", out=place, progress=False
            )
            runs[name] = answered.path
            continue
        by_vlmevalkit = "VLMEvalKit" in records[0]["source_repo"]
        form = "vlmevalkit" if by_vlmevalkit else suite
        file = _FORMS[form](records, questions, place)
        imported = read_import(file, suite, data=data, model_name=name, missing_as_wrong=True)
        runs[name] = imported.path(place)
        imported.store(runs[name])
    return runs


def _mathvision(records: Sequence[Record], questions: Mapping[str, Record], place: Path) -> Path:
    """MATH-V's outputs/*.jsonl."""
    rows = (
        {
            "id": one["id"],
            "model": one["model"],
            "response": one["response"],
            "model_answer": one["official_extraction"],
            "correct": one["official_verdict"],
        }
        for one in records
    )
    return _jsonl(place / "outputs.jsonl", rows)


def _mathvista(records: Sequence[Record], questions: Mapping[str, Record], place: Path) -> Path:
    """MathVista's output_*.json; of the query the records keep nothing but the question."""
    rows = {
        one["id"]: {
            "pid": one["id"],
            "question": questions[one["id"]]["question"],
            "query": questions[one["id"]]["question"],
            "response": one["response"],
            "extraction": one["official_extraction"],
            "true_false": one["official_verdict"],
        }
        for one in records
    }
    path = place / "output_model.json"
    path.write_text(json.dumps(rows))
    return path


def _logicvista(records: Sequence[Record], questions: Mapping[str, Record], place: Path) -> Path:
    """LogicVista's eval/results/*.csv."""
    head = ("id", "model answer raw", "model answer extracted", "match?")
    rows = ((one["id"], one["response"], one["official_extraction"], one["official_verdict"]) for one in records)
    return _table(place / "model-accuracy-results.csv", ",", head, rows)


def _vlmevalkit(records: Sequence[Record], questions: Mapping[str, Record], place: Path) -> Path:
    """VLMEvalKit's result file, with what its evaluation added."""
    rows = [
        {
            "index": one["id"],
            "question": questions[one["id"]]["question"],
            "prediction": one["response"],
            "res": one.get("official_extraction"),
            "log": one.get("vlmevalkit_log", "Succeed"),
            "hit": int(one.get("vlmevalkit_verdict", one["official_verdict"])),
        }
        for one in records
    ]
    path = place / "model_result.json"
    path.write_text(json.dumps(rows))
    return path


_FORMS: Mapping[str, Callable[[Sequence[Record], Mapping[str, Record], Path], Path]] = {
    "mathvision": _mathvision,
    "mathvista": _mathvista,
    "logicvista": _logicvista,
    "vlmevalkit": _vlmevalkit,
}


def _jsonl(path: Path, rows: Iterator[Record]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _table(path: Path, delimiter: str, head: Sequence[str], rows: Iterator[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(head)
        writer.writerows(rows)
    return path
