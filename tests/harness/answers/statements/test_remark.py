"""Sentences behind the answer: remarks on it and words about wrong options change nothing; a doubt of it does."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

WORK = "We read the four bars of the chart and add them up. "

REMARKS = [
    "This is an estimate.",
    "This value is read off the chart.",
    "That agrees with the picture.",
    "It follows from the labels of the bars.",
    "The answer is calculated as the sum of all bars.",
    "The result is consistent with the chart.",
    "The labels above the bars make this reliable.",
    "I added the labels of all bars.",
    "No further steps are needed.",
    "This is what we wanted to find.",
    "That's it!",
    "∎",
]

ABOUT_OTHERS = [
    "Choosing (B) is the usual slip.",
    "Option B is a trap.",
    "Choice (B) would be the ratio of the sides.",
    "B forgets to square the ratio.",
    "A common mistake is to choose (B).",
    "Many students choose (B) here.",
    "Be careful not to choose (B).",
    "Option (B) results from forgetting the square.",
    "(A), (B) and (C) are wrong.",
    "The other options do not fit.",
]

NO_REMARKS = [
    "This cannot be right.",
    "There seems to be a mistake in the question.",
    "It is 700 without the last bar.",
    "Which of the bars is meant is unclear.",
]

RATIOS = ("1:2", "1:3", "1:4", "1:9")


@pytest.mark.parametrize("remark", REMARKS)
@pytest.mark.parametrize("answer", ["Together, the sales were **800 units**. ", "The total is 800. "])
def test_a_remark_changes_nothing(answer: str, remark: str) -> None:
    assert grade(WORK + answer + remark, "800", "number").correct


@pytest.mark.parametrize("remark", ABOUT_OTHERS)
@pytest.mark.parametrize(
    "answer", ["The ratio of the areas is (D) 1:9. ", "So the answer is D. ", "The ratio is 1:9, option D. "]
)
def test_what_is_said_of_other_options_changes_nothing(answer: str, remark: str) -> None:
    assert grade(answer + remark, "D", "choice", RATIOS).correct
    assert not grade(answer + remark, "B", "choice", RATIOS).correct
    assert not grade(remark, "B", "choice", RATIOS).correct


@pytest.mark.parametrize("sentence", NO_REMARKS)
def test_what_doubts_or_changes_the_value_is_no_remark(sentence: str) -> None:
    assert not grade(WORK + "The sum of the bars is 800. " + sentence, "800", "number").correct
