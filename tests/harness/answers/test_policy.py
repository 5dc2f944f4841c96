"""The label policy, case by case."""

from __future__ import annotations

import pytest

from proctor.harness.answers import GRADER_VERSION, Extraction, check_gold_type, extract, grade, match

from .policy_cases import CASES, Case

NAMES = [f"{case.category}:{case.gold[:24]}:{case.gold_type}" for case in CASES]


def verdict(answer: str, case: Case) -> bool:
    return match(Extraction(answer, "boxed", ""), case.gold, case.gold_type, case.choices, case.unit).correct


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_right_answers_are_accepted(case: Case) -> None:
    assert [answer for answer in case.right if not verdict(answer, case)] == []


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_wrong_answers_are_rejected(case: Case) -> None:
    assert [answer for answer in case.wrong if verdict(answer, case)] == []


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_gold_itself_is_right_in_a_box(case: Case) -> None:
    response = f"We compute step by step.\n\nThe answer is $\\boxed{{{case.gold}}}$."
    assert grade(response, case.gold, case.gold_type, case.choices, case.unit).correct


def test_a_verdict_tells_rule_reason_and_version() -> None:
    verdict = grade(r"\boxed{\frac12}", "0.5", "number")
    assert (verdict.correct, verdict.extracted, verdict.rule) == (True, r"\frac12", "number")
    assert verdict.reason
    assert verdict.version == GRADER_VERSION


def test_no_answer_never_matches_even_a_gold_named_none() -> None:
    for response in ("", "<think>\\boxed{None}", "\\boxed{}", "\\boxed{ }", "None of it is clear to me.\nI stop."):
        assert not grade(response, "None", "text").correct


@pytest.mark.parametrize(
    "gold_type",
    ["numbr", "", "relaxed", "relaxed:x", "float", "float:abs", "float:round=-1", "relaxed:1e9", "choice:A"],
)
def test_an_unknown_gold_type_is_refused_with_the_allowed_ones(gold_type: str) -> None:
    with pytest.raises(ValueError, match=r"unknown gold type .*: use one of number, .*relaxed:0\.05"):
        check_gold_type(gold_type)
    with pytest.raises(ValueError, match="unknown gold type"):
        match(extract("\\boxed{1}"), "1", gold_type)


@pytest.mark.parametrize(
    "gold_type", ["number", "relaxed:0.05", "relaxed:0.1", "float:abs=0.001", "float:round=2", "year"]
)
def test_known_gold_types_are_accepted(gold_type: str) -> None:
    check_gold_type(gold_type)


def test_tolerances_are_inclusive_and_exact() -> None:
    assert grade(r"\boxed{0.315}", "0.3", "relaxed:0.05").correct
    assert not grade(r"\boxed{0.3150000000000000000001}", "0.3", "relaxed:0.05").correct
    assert grade(r"\boxed{107.999}", "108.0", "float:abs=0.001").correct
    assert not grade(r"\boxed{107.9989999999999999999}", "108.0", "float:abs=0.001").correct
    assert grade(r"\boxed{48.05}", "48.1", "float:round=1").correct


def test_the_unit_of_the_question_is_the_golds() -> None:
    assert grade(r"\boxed{90 cm}", "90", "number", unit="cm").correct
    assert grade(r"\boxed{0.9 m}", "90", "number", unit="cm").correct
    assert not grade(r"\boxed{90 kg}", "90", "number", unit="cm").correct
