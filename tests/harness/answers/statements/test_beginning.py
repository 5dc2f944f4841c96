"""An answer at the beginning, with an explanation after it, and beginnings that answer nothing."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract, grade

WHY = "\n\nThe two sides that meet at the corner have the same length, and the angle between them is a right one"

FIRST_LINE = [
    (f"C. a kite{WHY}", "C. a kite"),
    (f"(C) a kite{WHY}", "(C) a kite"),
    (f"**C. a kite**{WHY}", "C. a kite"),
    (f"C{WHY}", "C"),
    (f"(C){WHY}", "(C)"),
    (f"Option C{WHY}", "Option C"),
    (f"$x = 7${WHY}", "x = 7"),
    (f"**42**{WHY}", "42"),
    (f"$18.50{WHY}", "$18.50"),
]

FIRST_SENTENCE = [
    (
        "The perimeter is **24 cm**. It is the sum of the four sides, which the picture shows beside each of them",
        "24 cm",
    ),
    (
        "The perimeter is 24. Adding all of the four sides of the garden as drawn in the picture confirms the 24 once more",
        "24",
    ),
]

NEITHER = [
    (
        "a list of options",
        "A. a square\nB. a kite\nC. a line\n\nWe look at each of these shapes in turn and compare them",
    ),
    ("a long line", f"A. {'very ' * 12}long{WHY}"),
    ("a heading", f"Explanation{WHY}"),
    (
        "a denial",
        "The perimeter is not **24 cm**, as one can see from the four sides that the picture shows beside them",
    ),
    (
        "a question",
        "Is the perimeter 24? That depends on the four sides that the picture shows, and they are hard to read",
    ),
    (
        "a condition",
        "If the sides were equal, the perimeter would be 24. The picture shows that they differ by a lot here",
    ),
    ("a number that is not said again", "The shelf is 24 cm. Books stand on it in no order that anyone could make out"),
    (
        "the first of several, where the last concludes",
        "In row 1: 9 + 7 + 8 = 24. In row 2: 5 + ? + 9 = 24, as all rows agree. So the star and the moon hide 4 and 6",
    ),
    (
        "a step",
        "First, the base is 24. We look for its height next, which nobody wrote beside the triangle as it seems",
    ),
]


ANGLES = ("30°", "45°", "60°", "90°")
NAMED = [
    "Option C, since the third angle is as large as the two others. You see this when you draw the line.",
    "It's C, because the third angle is as large as the two others. You see this when you draw the line.",
    "Option C. Because the three angles are equal, each of them is a third of the straight one that they make up.",
]
LOOKED_AT = [
    "Option C, since the third angle is large? You see that it is smaller when you draw the line.",
    "Option C. This one can be excluded, as the third angle has to be smaller than that. It must be B.",
    "Option C, since the third angle is as large as the others. The same holds of option D when you draw the line.",
]


@pytest.mark.parametrize(("text", "answer"), FIRST_LINE)
def test_a_first_line_that_is_only_an_answer(text: str, answer: str) -> None:
    found = extract(text)
    assert (found.answer, found.rule) == (answer, "first-line")


@pytest.mark.parametrize(("text", "answer"), FIRST_SENTENCE)
def test_a_first_sentence_that_gives_a_value(text: str, answer: str) -> None:
    found = extract(text)
    assert found.answer == answer
    assert found.rule in ("sentence", "first-sentence")


SUFFER = "Which animals suffer when the grass is taken away?"
PREY = ["Beetles", "Owl and fox", "Fox and newt", "Vole and ant"]

OPENINGS = [
    (
        "Which animals suffer most?",
        "Based on the diagram, the animals that suffer most are the beetles. They feed on the grass that is taken away.",
        "A",
    ),
    (
        "Which are hit?",
        "Beetles (A)\n\nThey feed on the grass, so with less of it there are fewer of them.",
        "A",
    ),
    (
        "Which animal is hit hardest?",
        "The animal that is hit hardest is option (A) Beetles.\n\nThe picture shows arrows. Fox and newt come second.",
        "A",
    ),
    (
        "Which animals lose their food?",
        "The animals that lose their food are the owl and fox. Both of them hunt what lives in the grass.",
        "B",
    ),
]

NO_OPENINGS = [
    "The picture shows beetles in the grass. The owl and fox hunt them. Therefore, something else is hit harder.",
    "Let us look at the beetles. They may suffer, but others suffer more when the grass is taken away.",
    "Is it the beetles? They feed on the grass that is taken away, and many of them live there.",
    "It is not the beetles. They feed on leaves that grow on trees, far away from the grass.",
    "The beetles, or the owl and fox. They all live in the grass that is taken away from them.",
]


@pytest.mark.parametrize(("asked", "text", "letter"), OPENINGS)
def test_an_opening_that_names_an_option_and_is_explained(asked: str, text: str, letter: str) -> None:
    for other in "ABCD":
        assert grade(text, other, "choice", PREY, question=asked).correct is (other == letter)


@pytest.mark.parametrize("text", NO_OPENINGS)
def test_an_opening_that_states_no_option(text: str) -> None:
    assert not any(grade(text, letter, "choice", PREY, question=SUFFER).correct for letter in "ABCD")


def test_an_option_that_is_a_question() -> None:
    options = ["Does it sink?", "Does it float?"]
    said = (
        "The question that they can answer is (B) Does it float? They put it on the water and look at it for a while."
    )
    assert grade(said, "B", "choice", options).correct


@pytest.mark.parametrize("text", NAMED)
def test_an_option_that_the_first_sentence_names(text: str) -> None:
    assert grade(text, "C", "choice", ANGLES).correct


@pytest.mark.parametrize("text", LOOKED_AT)
def test_an_option_that_the_first_sentence_only_looks_at(text: str) -> None:
    assert not grade(text, "C", "choice", ANGLES).correct


@pytest.mark.parametrize(("kind", "text"), NEITHER)
def test_a_beginning_that_answers_nothing(kind: str, text: str) -> None:
    assert extract(text).rule not in ("first-line", "first-sentence")
    assert not grade(text, "24", "number").correct


def test_the_end_counts_before_the_beginning() -> None:
    assert extract(f"C. a kite{WHY}.\n\nSo the answer is D.").answer == "D"
