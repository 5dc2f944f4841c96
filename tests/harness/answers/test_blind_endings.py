"""Endings that were written and judged by hand, in twenty-nine rounds, without sight of the code; none is accepted wrongly.

Two rounds (b, c) are of what models usually write, and at least 97% of them are judged as a careful human does; one (d) was
written to be hard. In the others (k, i and l of many kinds, q of unusual shapes of sentences, the rest of usual endings) the
kinds that were misread at first sight are mended, so that all are read, but two of l, ten of q and one of r; of g, one that
asks and answers itself is left out, of u one that counts again, and of v one that counts another thing than is asked. The
contested ones, where careful people or sound suites differ, are not counted.

One (v) has questions, and was written to be hard: statements for yes and no, openings, options nearly in their own words. At
first sight 73% of it were judged as people do (135 of 184), with five accepted wrongly; now 81%, with none.

Three of usual endings (s, t, u), were at first sight judged as people do in 95.5% of s (297 of 311), 98.7% of t (308 of
312) and 97.7% of u (295 of 302, after s and t had been mended), with none accepted wrongly.

Two are of what is written in boxes and behind options, w of free golds and x of options: at first sight 94.8% of w were
judged as people do (146 of 154, none accepted wrongly), and 91.6% of x (142 of 155, three accepted wrongly); now all of both.

Six came one after the other, each after the one before had been mended: a of endings, boxes and options was at first sight
judged as people do in 93.2% (287 of 308, two accepted wrongly), y of prose, thinking and nine languages in 90.7% (186 of 205,
one accepted wrongly), z of what usual models print in 98.3% (115 of 117, none accepted wrongly); G was written by one who
looks for answers that only seem to be stated: 83.8% (98 of 117, four accepted wrongly). After that H, of eleven
kinds, was judged as people do in 99.3% (142 of 143, none accepted wrongly), and J, by another who looks for wrong accepts, in
93.6% (102 of 109, four accepted wrongly). Now all are, but six of G and one of J.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proctor.harness.answers import grade

CASES: list[dict[str, Any]] = [
    case
    for line in Path(__file__).with_name("blind_endings.jsonl").read_text(encoding="utf-8").splitlines()
    if not (case := json.loads(line))["contested"]
]


def accepted(case: dict[str, Any]) -> bool:
    options = tuple(case["choices"]) if case["choices"] else None
    wanted = case["gold"], case["gold_type"], options, case["unit"]
    return grade(case["response"], *wanted, question=case.get("question", "")).correct is True


def test_none_is_accepted_that_does_not_state_the_gold() -> None:
    assert [case["id"] for case in CASES if accepted(case) and not case["expected"]] == []


@pytest.mark.parametrize(
    ("rounds", "most"),
    [
        ("bc", 0.03),
        ("d", 0.15),
        ("kefghijmnopstwxayzH", 0.0),
        ("G", 0.06),
        ("J", 0.01),
        ("l", 0.02),
        ("q", 0.04),
        ("r", 0.005),
        ("u", 0.004),
        ("v", 0.19),
    ],
)
def test_nearly_all_are_read_that_state_the_gold(rounds: str, most: float) -> None:
    cases = [case for case in CASES if case["id"][0] in rounds]
    refused = [case["id"] for case in cases if case["expected"] and not accepted(case)]
    assert len(refused) <= most * len(cases), refused
