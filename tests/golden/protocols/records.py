"""Recorded responses as items, for the tests and measurements of protocols. Pictures and questions play no part."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proctor.benchmarks.gold import typed
from proctor.harness.types import Item

FOLDER = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
SUITES = ("mathvision", "mathvista", "mathverse", "logicvista", "chartqa", "iconqa")
LETTERS = "ABCDEFGH"


def records(suite: str) -> Iterator[dict[str, Any]]:
    """The recorded responses of a suite; a few records hold none."""
    with gzip.open(FOLDER / suite / "golden_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (record for record in map(json.loads, lines) if "response" in record)


def item(record: dict[str, Any]) -> Item:
    """The item of a record, typed as the suite's parser types it."""
    return {"mathvision": _mathvision, "mathvista": _mathvista, "logicvista": _logicvista, "iconqa": _iconqa}.get(
        record["suite"], _plain
    )(record)


def _mathvision(record: dict[str, Any]) -> Item:
    raw, choices = record["answer"], tuple(record["choices"])
    answer, kind = (raw, "choice") if choices else typed(raw)
    return Item(record["id"], "mathvision", "", answer, kind, choices=choices, meta={"published_answer": raw})


def _mathvista(record: dict[str, Any]) -> Item:
    listed = tuple(record.get("choices") or ())
    choices = tuple(dict.fromkeys(listed))
    kind = record["answer_type"]
    meta = {"question_type": record["question_type"], "answer_type": kind, "precision": record.get("precision")}
    answer = LETTERS[choices.index(record["answer"])] if choices else record["answer"]
    names = {"integer": "number", "float": f"float:round={int(record.get('precision') or 0)}", "text": "choice"}
    meta["published_choices"] = listed
    return Item(record["id"], "mathvista", "", answer, names.get(kind, kind), choices=choices, meta=meta)


def _logicvista(record: dict[str, Any]) -> Item:
    kind = "multichoice" if "," in record["answer"] else "choice"
    return Item(record["id"], "logicvista", "", record["answer"], kind)


def _iconqa(record: dict[str, Any]) -> Item:
    fill = record["task"] == "fill_in_blank"
    answer, kind = typed(record["answer"]) if fill else (LETTERS[int(record["answer"])], "choice")
    meta = {"task": record["task"], "published_answer": record["answer"]}
    return Item(record["id"], "iconqa", "", answer, kind, choices=() if fill else tuple("ABCDE"), meta=meta)


def _plain(record: dict[str, Any]) -> Item:
    answer, kind = typed(record["answer"])
    meta = {"published_answer": record["answer"], "question_type": "free"}
    return Item(record["id"], record["suite"], "", answer, kind, meta=meta)
