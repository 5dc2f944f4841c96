"""A question of yes or no that a response says again as a statement, and statements that only look like it."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

FEWER = "Are there fewer metal jets than rubber boats?"
LESS = "Is the number of vans left of the tree less than the number of bikes?"
CONVEX = "Is this function convex?"
MOST = "Does Teal have the largest area under the curve?"
REACH = "Can the girl reach the highest shelf?"
THERE = "Is there a red cube behind the cone?"
ROSE = "Did the price increase from 2001 to 2004?"
HALF = "Look at the plate. Is it half full?"

SAID = [
    (FEWER, "There are fewer metal jets than rubber boats.", "Yes"),
    (FEWER, "Based on the image, there are fewer metal jets than rubber boats.", "Yes"),
    (FEWER, "There are more metal jets than rubber boats.", "No"),
    (FEWER, "There are not fewer metal jets than rubber boats.", "No"),
    (FEWER, "There are fewer rubber boats than metal jets.", "No"),
    (FEWER, "There are fewer metal jets than rubber boats in the scene.", "Yes"),
    (FEWER, "From the picture we can see that there are fewer metal jets than rubber boats.", "Yes"),
    (LESS, "The number of vans left of the tree is less than the number of bikes.", "Yes"),
    (LESS, "The number of bikes is less than the number of vans left of the tree.", "No"),
    (THERE, "There is no red cube behind the cone. The red cube is in front of it.", "No"),
    (ROSE, "The price decreased from 2001 to 2004, falling by 20 dollars.", "No"),
    (ROSE, "The price increased from 2001 to 2004.", "Yes"),
    (LESS, "The number of vans left of the tree is greater than the number of bikes.", "No"),
    (CONVEX, "The function is convex.", "Yes"),
    (CONVEX, "The function isn't convex, as it has a peak and a valley.", "No"),
    (MOST, "Teal has the largest area under the curve.", "Yes"),
    (MOST, "Teal does not have the largest area under the curve. The largest area belongs to Coral.", "No"),
    (REACH, "The girl can reach the highest shelf.", "Yes"),
    (REACH, "The girl cannot reach the highest shelf.", "No"),
    (HALF, "The plate is half full.", "Yes"),
    (HALF, "The plate is not half full. It is a whole pie on a table.", "No"),
]

NOT_SAID = [
    (FEWER, "There might be fewer metal jets than rubber boats."),
    (LESS, "The number of vans left of the tree is 3."),
    (CONVEX, "The function has a peak."),
    (CONVEX, "If the second derivative is positive, the function is convex."),
    (MOST, "Coral has the largest area under the curve."),
    (MOST, "It is unclear whether Teal has the largest area under the curve."),
    (REACH, "Not every girl can reach the highest shelf."),
    (HALF, "Is the plate half full?"),
]


@pytest.mark.parametrize("options", [["Yes", "No"], ["no", "yes"]])
@pytest.mark.parametrize(("question", "response", "said"), SAID)
def test_the_question_said_again(question: str, response: str, said: str, options: list[str]) -> None:
    for letter, option in zip("AB", options, strict=True):
        verdict = grade(response, letter, "choice", options, question=question)
        assert verdict.correct is (option.lower() == said.lower()), verdict


@pytest.mark.parametrize(("question", "response"), NOT_SAID)
def test_what_does_not_say_it_answers_nothing(question: str, response: str) -> None:
    assert not any(grade(response, letter, "choice", ["Yes", "No"], question=question).correct for letter in "AB")


def test_texts_of_yes_and_no_are_stated_so_too() -> None:
    assert grade("There are fewer metal jets than rubber boats.", "yes", "text", question=FEWER).correct
    assert not grade("There are fewer metal jets than rubber boats.", "no", "text", question=FEWER).correct


def test_without_the_question_it_is_no_answer() -> None:
    assert not grade("There are fewer metal jets than rubber boats.", "A", "choice", ["Yes", "No"]).correct


def test_a_stated_answer_counts_before_it() -> None:
    said = "There are fewer metal jets than rubber boats. The answer is (B) No."
    assert grade(said, "B", "choice", ["Yes", "No"], question=FEWER).correct
