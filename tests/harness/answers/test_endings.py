"""Responses as models end them: each kind of ending, judged as a careful human would."""

from __future__ import annotations

import pytest

from proctor.harness.answers import before_cut_off, classes, extract, grade

from .ending_cases import CASES, Endings


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_what_states_the_gold_is_right(case: Endings) -> None:
    refused = [text for text in case.right if not grade(text, case.gold, case.gold_type, case.choices).correct]
    assert refused == []


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_what_states_something_else_or_nothing_is_wrong(case: Endings) -> None:
    accepted = [text for text in case.wrong if grade(text, case.gold, case.gold_type, case.choices).correct]
    assert accepted == []


def test_a_response_that_was_cut_off_concludes_nothing_with_its_last_sentence() -> None:
    text = "We add the sides, one after the other.\n\nSo the perimeter is 1"
    assert extract(text).answer == "1"
    assert before_cut_off(extract(text)).answer is None
    assert before_cut_off(extract("So \\boxed{12}. And then")).answer == "12"


@pytest.mark.parametrize(
    ("answers", "partition"),
    [
        (["seven", "7"], [[0, 1]]),
        (["44", "44%"], [[0, 1]]),
        (["44", "44%", "0.44"], [[0], [1, 2]]),
        (["30°", "\\frac{\\pi}{6}"], [[0, 1]]),
        (["AC", "C, A", "A and C"], [[0, 1, 2]]),
        (["A, B", "B, A"], [[0], [1]]),
        (["7 blue bars", "7"], [[0, 1]]),
        (["7 blue bars", "7 kg"], [[0], [1]]),
    ],
)
def test_votes_take_as_one_what_grades_take_as_one(answers: list[str], partition: list[list[int]]) -> None:
    assert classes(answers) == partition


def test_a_letter_with_its_own_text_is_one_vote_with_the_letter() -> None:
    assert classes(["(A) -5", "A", "-5", "B. 7", "7"], ["-5", "7"]) == [[0, 1, 2], [3, 4]]
