"""`official` from recorded responses, end to end: items by the suite's parser, verdicts by its rules, and numbers.

Where the benchmark asked a language model, the extraction that it recorded stands for what the model says. Each verdict that
is not the recorded one is named with its reason; all others, and so each number over them, are the recorded ones.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pytest

from proctor.benchmarks.base import Protocol
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import Extraction
from proctor.harness.types import Item, Verdict

from .records import FOLDER, records

pytestmark = pytest.mark.skipif(not (FOLDER / "mathvision").exists(), reason=f"no recorded responses at {FOLDER}")

QUESTIONS = {"mathvision": "questions.jsonl.gz", "mathvista": "questions.jsonl", "iconqa": "items.jsonl"}
"""Where a suite's questions are; the others' records hold them."""
RECORDS = {"mathvision": 22_560, "mathvista": 10_514, "logicvista": 3_344, "chartqa": 1_286, "iconqa": 62}
EXPLAINED = {
    ("mathvision", "Gemini-Pro", "3013"): "4/3 for the gold 4/3, which the script itself accepts today",
    ("mathvista", "llavar", "770"): "1.0 for the integer 1, by int(float(x)), which only this run was scored with",
    ("mathvista", "llavar", "917"): "1.5 for the integer 1, by the same",
}
WITHOUT_RESPONSE = "instruct_blip2_vicuna_13b"
"""Its file has extractions beside empty responses: what was said is lost."""


def rows(suite: str) -> Iterable[dict[str, Any]]:
    """The suite's questions in its own columns, with a name for each picture."""
    if suite not in QUESTIONS:
        found = list({record["id"]: record for record in records(suite)}.values())
    else:
        path = FOLDER / suite / QUESTIONS[suite]
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found = list(map(json.loads, data.splitlines()))
    return ({**row, "image": row.get("image") or f"{row.get('imgname') or row['id']}.png"} for row in found)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The items of a suite by id, read from a file with stand-ins for the pictures."""

    @cache
    def loaded(suite: str) -> Mapping[str, Item]:
        folder = tmp_path_factory.mktemp(suite)
        with (folder / "items.jsonl").open("w", encoding="utf-8") as file:
            for row in rows(suite):
                for name in (row["image"], *(row.get("choice_images") or ())):
                    (folder / name).parent.mkdir(exist_ok=True)
                    (folder / name).write_bytes(name.encode())
                file.write(json.dumps(row) + "\n")
        return {item.id: item for item in SUITES.get(suite).load(folder / "items.jsonl")}

    return loaded


def recorded(suite: str) -> list[dict[str, Any]]:
    """The records whose verdict is the benchmark's."""
    others = ("recorded_vlmevalkit", "recorded: fork of calculate_score.py")
    return [record for record in records(suite) if record["verdict_source"] not in others]


def right(protocol: Protocol, record: Mapping[str, Any], item: Item) -> bool | None:
    """The verdict on a record's response; what a language model would be asked is answered with the recorded extraction."""
    stated = protocol.extract(str(record["response"]), item)
    grade = protocol.match(stated, item)
    if grade.correct is None and protocol.extractor is not None:
        found = record["official_extraction"]
        text = ", ".join(found) if isinstance(found, list) else str(found)
        read = protocol.extractor.read(f"Answer: {text}", item) or Extraction(text, "recorded", "of several lines")
        grade = protocol.match(read, item)
    return grade.correct


def named(suite: str, record: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a record is called in EXPLAINED."""
    return suite, record["model"], str(record["id"])


@pytest.mark.parametrize("suite", RECORDS)
def test_official_gives_the_recorded_verdicts_and_numbers(suite: str, load: Any) -> None:
    protocol, items = SUITES.get(suite).protocol("official"), load(suite)
    judged = defaultdict(list)
    found = recorded(suite)
    assert len(found) == RECORDS[suite]
    for record in found:
        item = items[str(record["id"])]
        verdict = right(protocol, record, item)
        judged[record["model"]].append((item, verdict, record["official_verdict"], named(suite, record)))
        if verdict != record["official_verdict"] and named(suite, record) not in EXPLAINED:
            assert (record["model"], record["response"]) == (WITHOUT_RESPONSE, ""), named(suite, record)
    for model, answers in judged.items():
        differing = {name for *_, name in answers if name in EXPLAINED}
        if model == WITHOUT_RESPONSE:
            continue
        ours = [(item, verdict) for item, verdict, _, name in answers if name not in differing]
        theirs = [(item, verdict) for item, _, verdict, name in answers if name not in differing]
        assert numbers(suite, ours) == numbers(suite, theirs), model


def numbers(
    suite: str, pairs: list[tuple[Item, bool | None]]
) -> dict[str, tuple[int | None, int | None, float | None]]:
    """All that the suite prints of these verdicts: right, of how many, value."""
    items = [item for item, _ in pairs]
    verdicts = [Verdict(item.id, 0, verdict, None, "x", "x") for item, verdict in pairs]
    return {
        metric.name: (metric.correct, metric.total, metric.estimate and metric.estimate.value)
        for metric in SUITES.get(suite).metrics(items, verdicts)
    }


def test_each_explained_difference_is_one(load: Any) -> None:
    seen = set()
    for suite in {name[0] for name in EXPLAINED}:
        protocol = SUITES.get(suite).protocol("official")
        for record in recorded(suite):
            name = named(suite, record)
            if name in EXPLAINED and right(protocol, record, load(suite)[name[2]]) != record["official_verdict"]:
                seen.add(name)
    assert seen == {name for name in EXPLAINED if name in {named(name[0], one) for one in recorded(name[0])}}
    assert seen


def test_the_run_that_was_scored_by_the_later_script_of_mathvista(load: Any) -> None:
    protocol, items = SUITES.get("mathvista").protocol("official@2024"), load("mathvista")
    found = [record for record in recorded("mathvista") if record["model"] == "llavar"]
    assert len(found) > 400
    assert all(right(protocol, record, items[record["id"]]) == record["official_verdict"] for record in found)


def test_what_an_empty_response_stated_is_the_recorded_extraction(load: Any) -> None:
    """Judged by it, the run whose responses are lost has its recorded verdicts, too."""
    protocol, items = SUITES.get("mathvista").protocol("official"), load("mathvista")
    lost = [one for one in recorded("mathvista") if one["model"] == WITHOUT_RESPONSE and not one["response"]]
    assert len(lost) > 100
    for record in lost:
        stated = Extraction(record["official_extraction"], "recorded", "recorded by the benchmark")
        assert protocol.match(stated, items[record["id"]]).correct == record["official_verdict"]


def test_mathvision_needs_the_options_as_published(load: Any) -> None:
    """Without them, 'C)' for the published option 'C)' is judged otherwise than it was."""
    protocol, items = SUITES.get("mathvision").protocol("official"), load("mathvision")
    changed = 0
    for record in recorded("mathvision"):
        item = items[record["id"]]
        if "published_choices" in item.meta:
            cleaned = {key: value for key, value in item.meta.items() if key != "published_choices"}
            changed += right(protocol, record, item) != right(protocol, record, dataclasses.replace(item, meta=cleaned))
    assert changed


def test_chartqa_by_vlmevalkit_differs_in_list_golds_alone(load: Any) -> None:
    rules, items = SUITES.get("chartqa").protocols, load("chartqa")
    for record in recorded("chartqa"):
        item = items[record["id"]]
        if right(rules["vlmevalkit"], record, item) != right(rules["official"], record, item):
            assert record["answer"].startswith("[")
