"""The end of a response, without appendices, questions that the model asks itself, courtesies and asides."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract
from proctor.harness.answers.statements.ending import ending_of, sentences_of

SAID = "The two tanks drain together.\n\nSo the tanks hold 40 liters."

NO_PART_OF_IT = [
    ("a note", "\n\nNote: the tank on the right holds 99 liters of oil."),
    ("a check", "\n\nVerification: 25 + 15 = 40, and 99 is too many."),
    ("a check in brackets", "\n\n(Checking: the left tank holds 40 − 15 = 25 liters. ✓)"),
    ("a check in the same line", " (Check: 25 + 15 = 40, and 40 − 15 = 25.)"),
    ("a sanity check", "\n\n*Sanity check:* 25 + 15 = 40 = 8 · 5, and 99 is too many."),
    ("plugging it in", "\n\nPlugging it back in: 40 − 15 = 25, which is the left tank."),
    ("substituting it", "\n\nSubstituting back gives 40 − 15 = 25, as it should be."),
    ("how to verify it", "\n\nWe can verify this: 40 − 15 = 25."),
    ("a proof", "\n\nProof: 40 − 15 = 25."),
    ("a heading", "\n\n### Explanation\n\nThe first tank holds 25 liters. The second tank holds 15 liters."),
    ("reasons", " This is because the first tank holds 15 liters."),
    ("a courtesy", "\n\nI hope this helps!"),
    ("an offer", "\n\nLet me know if you need the 3 other tanks."),
    ("an aside", " (The oil tank of 99 liters is closed.)"),
    ("a table", "\n\n| tank | liters |\n| left | 25 |\n| right | 15 |"),
    ("a picture", "\n\n![tank](tank_15.png)"),
    ("code", "\n\n```\nprint(25 + 15)\n```"),
    ("an own question", "\n\nQuestion: A third tank holds 7 liters. How many are left?\nAnswer: 7"),
    ("an own user", "\n\nUser: And with a third tank?\n\nSo the tanks hold 99 liters."),
    ("an own exercise", "\n\nExercise 2: So the answer is 99."),
]

PART_OF_IT = [
    (
        "a conclusion under a heading",
        "\n\n### Explanation\n\nWe drop the oil. So the tanks hold 41 liters.",
        "41 liters",
    ),
    (
        "a value put into the formula",
        "\n\nSubstituting the height into the formula, the pipe holds 41 liters.",
        "41 liters",
    ),
    ("a conclusion behind a check", "\n\nCheck: the pump leaks. So the tanks hold 41 liters.", "41 liters"),
    ("a later conclusion", "\n\nWe forgot the pipe. So the tanks hold 41 liters.", "41 liters"),
    ("an announcement", "\n\nNote that the pipe counts. The answer is 41.", "41"),
    ("a later box", "\n\nNote: the pipe counts, so \\boxed{41}.", "41"),
    ("a last line", "\n\n41 liters", "41 liters"),
    ("a heading with the answer", "\n\n### Answer\n\n41", "41"),
    ("a second thought", " Wait, the pipe counts. So the tanks hold 41 liters.", "41 liters"),
]


@pytest.mark.parametrize(("kind", "after"), NO_PART_OF_IT)
def test_what_comes_after_the_end_does_not_count(kind: str, after: str) -> None:
    assert extract(SAID + after).answer == "40 liters"


@pytest.mark.parametrize(("kind", "after", "answer"), PART_OF_IT)
def test_a_later_answer_is_the_end(kind: str, after: str, answer: str) -> None:
    assert extract(SAID + after).answer == answer


def test_a_response_that_begins_with_a_question_is_read_whole() -> None:
    assert extract("\nQuestion: How many?\nAnswer: 7").answer == "7"


def test_a_section_with_the_question_is_no_question_of_its_own() -> None:
    sections = ("**Picture**: Two tanks stand there.", "**Question**: How many liters?", "**Answer**: 40 liters")
    assert extract("\n\n".join(sections)).answer == "40 liters"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rains. We stay.", ["It rains. ", "We stay."]),
        ("The side is 2.5 cm. We stay.", ["The side is 2.5 cm. ", "We stay."]),
        ("See point A. Then go.", ["See point A. Then go."]),
        ("It is half, i.e. **B**. Good.", ["It is half, i.e. **B**. ", "Good."]),
        ("So it is (approx. $4$) small. Good.", ["So it is (approx. $4$) small. ", "Good."]),
        ("The line is AB. We stay.", ["The line is AB. ", "We stay."]),
        ("So 3... Then 4.", ["So 3... ", "Then 4."]),
        ("下雨了。我们留下。", ["下雨了。", "我们留下。", ""]),
        ("one\ntwo", ["one\n", "two"]),
    ],
)
def test_the_sentences_of_a_text(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


@pytest.mark.parametrize("text", ["So the sum is", "We get 3 +", "Hence x =", "It is 4 because"])
def test_a_text_that_breaks_off(text: str) -> None:
    assert ending_of(text).cut_off
    assert extract(text).answer is None


@pytest.mark.parametrize("text", ["So the sum is 4", "We get 3 + 1", "Hence x = 2", "It is 4 because of 3."])
def test_a_text_that_ends(text: str) -> None:
    assert not ending_of(text).cut_off
