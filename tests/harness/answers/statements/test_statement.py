"""The answer in a tag or in a field of a record."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract

STATED = [
    ("a tag", "We add.<answer>12 cm</answer>", "12 cm", "answer-tag"),
    ("a tag of another name", "We add.<conclusion>12</conclusion>", "12", "answer-tag"),
    ("a final tag", "<analysis>it may be 11?</analysis><final>12</final>", "12", "answer-tag"),
    ("a tag with a dash", "We add. <final-answer>12</final-answer>", "12", "answer-tag"),
    ("a short tag", "We add. <ans>12</ans>", "12", "answer-tag"),
    ("a tag of the output", "We add.\n<output>12 cm</output>\n", "12 cm", "answer-tag"),
    ("the last of two tags", "<answer>11</answer> No: <answer>12</answer>", "12", "answer-tag"),
    ("a field", '{"steps": ["add"], "answer": "12"}', "12", "answer-field"),
    ("a number", '{"final_answer": 12}', "12", "answer-field"),
    ("a list", '{"answer": ["A", "C"]}', "A, C", "answer-field"),
    ("an escaped command", '{"answer": "2\\\\sqrt{3}"}', "2\\sqrt{3}", "answer-field"),
    ("a command as it is", '{"answer": "\\frac{1}{2}"}', "\\frac{1}{2}", "answer-field"),
    ("an escaped character", '{"answer": "30\\u00b0"}', "30°", "answer-field"),
    ("an escaped quotation mark", '{"answer": "5\\""}', '5"', "answer-field"),
]

NOT_STATED = [
    ("an empty tag", "<answer> </answer>"),
    ("an open tag", "<answer>12 is what we would get if"),
    ("a field of another name", '{"steps": "12", "count": 4, "of": 2}'),
    ("an empty field", '{"answer": ""}'),
]


@pytest.mark.parametrize(("kind", "text", "answer", "rule"), STATED)
def test_a_tag_or_a_field_states_its_content(kind: str, text: str, answer: str, rule: str) -> None:
    found = extract(text)
    assert (found.answer, found.rule) == (answer, rule)


@pytest.mark.parametrize(("kind", "text"), NOT_STATED)
def test_nothing_is_in_a_tag_or_a_field(kind: str, text: str) -> None:
    assert extract(text).rule not in ("answer-tag", "answer-field")
