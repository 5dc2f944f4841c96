"""Extractions that the benchmarks recorded, against those of the rules: by script, by shortcut, and by VLMEvalKit."""

from __future__ import annotations

from typing import Any

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import Extraction, Grade

from .records import FOLDER, item, records

pytestmark = pytest.mark.skipif(not (FOLDER / "mathvision").exists(), reason=f"no recorded responses at {FOLDER}")

# LogicVista's empty extractions by VLMEvalKit: its extractor failed five times, and it then counts the response as wrong.
EXTRACTOR_FAILED = {"v1_190"}


def graded(suite: str, protocol: str, record: dict[str, Any], *, recorded_extraction: bool = False) -> Grade:
    """The verdict on a record's response, or on the extraction that was recorded for it."""
    rules = SUITES.get(suite).protocols[protocol]
    asked = item(record)
    if not recorded_extraction:
        return rules.match(rules.extract(str(record["response"]), asked), asked)
    found = record.get("official_extraction")
    text = ", ".join(found) if isinstance(found, list) else found
    return rules.match(Extraction(text, "recorded", "recorded by the benchmark"), asked)


def test_mathvision_extractions_are_the_recorded_ones() -> None:
    """One record was extracted by an earlier version of the script."""
    extract = SUITES.get("mathvision").protocols["official"].extract
    differ = [
        record
        for record in records("mathvision")
        if extract(record["response"], item(record)).answer != record["official_extraction"]
    ]
    assert len(differ) <= 1


def test_mathvista_shortcuts_never_contradict_a_recorded_extraction() -> None:
    """Where the shortcuts decide, the verdict is the recorded one, but for an extraction that predates them."""
    decided = wrong = 0
    for record in records("mathvista"):
        grade = graded("mathvista", "official", record)
        if grade.correct is not None and record["response"]:
            decided += 1
            wrong += grade.correct != record["official_verdict"]
    assert decided > 100
    assert wrong <= 1


def test_vlmevalkit_on_its_own_recorded_extractions_of_logicvista() -> None:
    seen = 0
    for record in records("logicvista"):
        if record["verdict_source"] != "recorded_vlmevalkit":
            continue
        seen += 1
        grade = graded("logicvista", "vlmevalkit", record, recorded_extraction=True)
        if grade.correct is None:
            assert record["id"] in EXTRACTOR_FAILED
        else:
            assert grade.correct == record["official_verdict"]
    assert seen > 2000
