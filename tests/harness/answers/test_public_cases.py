"""The labelled cases that are handed out with the policy, where they are present."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proctor.harness.answers import grade

FOLDER = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")).parent / "answers"
FILE = FOLDER / "cases_public.jsonl"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"no labelled cases at {FILE}")


def verdicts() -> list[tuple[dict[str, Any], bool]]:
    cases = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [
        (c, grade(c["response"], c["gold"], c["gold_type"], c["choices"]).correct) for c in cases if not c["contested"]
    ]


def test_at_least_997_in_1000_are_right_and_at_most_1_in_1000_falsely_accepted() -> None:
    decided = verdicts()
    wrong = [case["id"] for case, correct in decided if correct != (case["expected"] == "correct")]
    accepted = [case["id"] for case, correct in decided if correct and case["expected"] != "correct"]
    assert len(wrong) <= 0.003 * len(decided), wrong
    assert len(accepted) <= 0.001 * len(decided), accepted


def test_no_category_is_weak() -> None:
    total: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for case, correct in verdicts():
        total[case["category"]] += 1
        wrong[case["category"]] += correct != (case["expected"] == "correct")
    assert {name: count for name, count in wrong.items() if count > 0.02 * total[name]} == {}
