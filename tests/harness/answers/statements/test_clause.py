"""The main clause of a sentence: without the circumstances before it and the reasons after it; and what has none."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade
from proctor.harness.answers.statements.clause import is_denied, main_clauses

CLAUSES = [
    ("a place before", "In the left picture, the cat sits on the mat.", "the cat sits on the mat"),
    ("a source before", "According to the table, tea sold best.", "tea sold best"),
    ("a reason before", "Since both sides agree, the beam stays level.", "the beam stays level"),
    ("a reason after", "The beam stays level because both sides agree.", "The beam stays level"),
    ("a contrast after", "The beam stays level, while the rope moves.", "The beam stays level"),
    ("a conclusion inside", "Both sides agree, so the beam stays level.", "the beam stays level"),
    ("a turn", "The rope moves, but the beam stays level.", "the beam stays level"),
    ("an arrow", "Both sides agree → the beam stays level", "the beam stays level"),
    ("a note", "The beam stays level (see the picture above).", "The beam stays level"),
    ("a factor is no note", "So the curve is (x-1)^2 + y = 9.", "the curve is (x-1)^2 + y = 9"),
    ("a lead", "Therefore, the beam stays level.", "the beam stays level"),
    ("Chinese", "因为两边相等,所以横梁保持水平。", "横梁保持水平"),
]

NONE = [
    ("a question", "Does the beam stay level?"),
    ("an instruction", "Compare the two sides of the beam."),
    ("an assumption", "Let the beam be level."),
    ("a breaking off", "The beam stays level and..."),
    ("a heading", "The beam:"),
    ("code", "return level(beam)"),
    ("an example", "For example, a beam may be level."),
    ("a step", "Step 2: weigh the two sides."),
    ("too long", "The beam " + "and the rope " * 60 + "stay level."),
]

OPTIONS = ("the beam", "the rope", "the wheel")
SAID = [
    ("the main clause", "While the rope moves, the beam stays level.", "A", True),
    ("not the circumstance", "While the rope moves, the beam stays level.", "B", False),
    ("not the reason", "The wheel turns because the rope moves.", "B", False),
    ("the clause before the reason", "The wheel turns because the rope moves.", "C", True),
]


@pytest.mark.parametrize(("kind", "sentence", "clause"), CLAUSES)
def test_what_a_sentence_concludes(kind: str, sentence: str, clause: str) -> None:
    assert main_clauses(sentence) == [clause]


@pytest.mark.parametrize(("kind", "sentence"), NONE)
def test_what_concludes_nothing(kind: str, sentence: str) -> None:
    assert main_clauses(sentence) == []


@pytest.mark.parametrize(("kind", "response", "gold", "correct"), SAID)
def test_an_option_is_stated_in_the_main_clause_only(kind: str, response: str, gold: str, correct: bool) -> None:
    assert grade(response, gold, "choice", OPTIONS).correct is correct


@pytest.mark.parametrize(
    "words", ["the beam is not level", "it can't be level", "perhaps level", "横梁不水平", "never level", "unclear"]
)
def test_what_is_denied_or_doubted(words: str) -> None:
    assert is_denied(words)


@pytest.mark.parametrize(
    "words", ["the beam is level", "nothing moves", "a knot holds the beam", "横梁水平", "notable"]
)
def test_what_is_neither_denied_nor_doubted(words: str) -> None:
    assert not is_denied(words)
