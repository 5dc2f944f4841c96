"""Responses that look as if they stated an answer, and do not; each is one of a kind that was accepted once."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

YES_OR_NO = [
    ("Are there fewer cats than dogs?", "There are fewer cats than dogs, which is wrong."),
    ("Are there fewer cats than dogs?", "There are fewer cats than dogs: that is false."),
    ("Are there fewer cats than dogs?", "There are fewer cats than dogs, but only if we leave out the puppies."),
    ("Are there fewer cats than dogs?", "There are fewer cats than dogs, and this statement is false."),
    ("Is the function convex?", "In no case, the function is convex."),
    ("Is the function convex?", "According to the student, the function is convex."),
    ("Is the function convex?", "In the second picture, the function is convex."),
    ("Does Teal have the largest area?", "Teal has the largest area of all except Coral."),
    ("Does Teal have the largest area?", "Teal has the largest area of all the small ones."),
    ("Can the girl reach the shelf?", "The girl can reach the shelf by 10 cm if she jumps."),
    ("Is the left cup full?", "The right cup is full."),
    ("Is the maximum of f equal to 5?", "The minimum of f is equal to 5."),
    ("Does the longest side measure 5 cm?", "The shortest side measures 5 cm."),
    ("Is the sum of the highest bars 10?", "The sum of the lowest bars is 10."),
    ("Is the smaller circle inside the square?", "The larger circle is inside the square."),
    ("Is the age of the younger brother 7?", "The age of the older brother is 7."),
    ("Are there more than 5 cats on the left?", "There are more than 5 cats on the right."),
    ("Can the larger box hold the ball?", "The smaller box can hold the ball."),
    ("Is 7 the largest even number shown?", "7 is the largest odd number shown."),
    ("Is x more than 3 or less than 1?", "x is less than 3 or less than 1."),
    ("Are the cats black?", "Some of the cats are not black."),
    ("Is the cup full?", "One of the cups is not full."),
    ("Is a student absent?", "A student is not absent."),
    ("Look at the plate. Is it half full?", "The glass is half full."),
    ("Look at the plate. Is it half full?", "My glass of water next to it is half full."),
]

PEN = "What colour is the pen on the table?"
COLOURS = ["red", "blue", "green", "yellow"]
ROWS = "There are some things on a table. Light falls on it from a window at the side."
OPENINGS = [
    (PEN, COLOURS, "The sky is red."),
    (PEN, COLOURS, "The first thing I see is red."),
    (PEN, COLOURS, "Nothing in the picture is red."),
    (PEN, COLOURS, "Everything but the pen is red."),
    (PEN, COLOURS, "The pen on the table is far from red."),
    (PEN, COLOURS, "The pen on the table is almost red."),
    (PEN, COLOURS, "The label says the pen on the table is red."),
    (PEN, COLOURS, "One of the pens on the table is red."),
    (PEN, COLOURS, "The pen on the table used to be red."),
    ("Who is the tallest?", ["Ann", "Bob", "Carl"], "Ann is the shortest."),
    ("Who is the tallest?", ["Ann", "Bob", "Carl"], "Ann is the second tallest."),
    ("Who is the tallest?", ["Ann", "Bob", "Carl"], "Ann was the tallest last year."),
    ("Who is the tallest?", ["Ann", "Bob", "Carl"], "Ann has more hair."),
    ("Who has the fewest apples?", ["Ann", "Bob", "Carl"], "Ann has the most apples."),
    ("Who comes last?", ["Ann", "Bob", "Carl"], "Ann comes first."),
]

OTHERS = [
    ("C", "choice", COLOURS, "Next best option: C"),
    ("C", "choice", COLOURS, "The next best choice is C."),
    ("C", "choice", COLOURS, "The second best answer is C."),
    ("C", "choice", COLOURS, "The runner-up is C."),
    ("C", "choice", COLOURS, "The worst option is C."),
    ("C", "choice", COLOURS, "The answer is C. Just kidding, it is D."),
    ("5", "number", None, "\\boxed{5}, which is wrong."),
    ("5", "number", None, "\\boxed{5} (incorrect)"),
    ("5", "number", None, "The answer isn't \\boxed{5}."),
    ("A", "choice", ["Yes", "No"], "Yes would be wrong. The function is not convex."),
    ("B", "choice", ["Yes", "No"], "No doubt the function is convex."),
    ("B", "choice", ["Yes", "No"], "Jar B holds more marbles than jar A."),
]


@pytest.mark.parametrize(("question", "response"), YES_OR_NO)
def test_what_does_not_answer_yes_or_no(question: str, response: str) -> None:
    for letter in "AB":
        verdict = grade(response, letter, "choice", ["Yes", "No"], question=question)
        assert not verdict.correct, verdict


@pytest.mark.parametrize(("question", "options", "opening"), OPENINGS)
def test_openings_that_say_something_else(question: str, options: list[str], opening: str) -> None:
    assert not grade(f"{opening} {ROWS}", "A", "choice", options, question=question).correct


@pytest.mark.parametrize(("gold", "gold_type", "options", "response"), OTHERS)
def test_what_is_not_the_answer(gold: str, gold_type: str, options: list[str] | None, response: str) -> None:
    assert not grade(response, gold, gold_type, options).correct


def test_a_count_of_those_that_do_not_answers_only_a_question_for_them() -> None:
    said = "So 4 students do not like tea."
    assert grade(said, "4", "number", question="How many students do not like tea?").correct
    assert not grade(said, "4", "number", question="How many students like tea?").correct


def test_more_than_another_answers_only_a_question_that_compares() -> None:
    said = "Counting the pictures, Mia has 5 more apples than Tom."
    assert grade(said, "5", "number", question="How many more apples does Mia have than Tom?").correct
    assert not grade(said, "5", "number", question="How many apples does Mia have?").correct


@pytest.mark.parametrize("options", [["cat", ""], ["", "", "", ""], ["", ""], [" ", "\n"], ["**", "_"], ["\\text{"]])
def test_options_without_words(options: list[str]) -> None:
    for response in ("This picture shows the cat.", "So container A fills up first.", "I cannot tell.", "yes"):
        assert grade(response, "A", "choice", options, question="Which one? Is it the cat?").correct in (True, False)


def test_more_options_than_letters() -> None:
    assert not grade("yes", "A", "choice", [*"abcdefghijklmnopqrstuvwxyz", "no", "yes"]).correct
