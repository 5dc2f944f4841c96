"""MathVista: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.suites import mathvista
from proctor.harness.answers import Extraction
from proctor.harness.errors import DataError
from proctor.harness.types import Item


def test_types(load, shown):
    assert load("mathvista", 1).answer == "C"
    assert load("mathvista", 1, choices=["2020", "2018", "2018"]).choices == ("2020", "2018")
    assert load("mathvista", 4).answer_type == "float:round=1"
    with pytest.raises(DataError, match="'precision'"):
        load("mathvista", 4, precision=None)
    unit = load("mathvista", 3)
    assert unit.unit == "g"
    assert "together? (Unit: g)\n" in shown("mathvista", unit)[1]


@pytest.mark.parametrize(
    ("extraction", "correct"),
    [("5", True), (" 5 ", True), ("5.0", False), ("5 cm", False), ("", False), ("nan", False)],
)
def test_official_integers(extraction, correct):
    item = Item("1", "mathvista", "?", "5", "number", meta={"question_type": "free_form", "answer_type": "integer"})
    assert mathvista.official_match(Extraction(extraction, "x", ""), item).correct is correct


@pytest.mark.parametrize(("extraction", "correct"), [("5.0", True), ("5.9", True), ("inf", False), ("5 cm", False)])
def test_official_integers_by_the_script_of_2024(extraction, correct):
    item = Item("1", "mathvista", "?", "5", "number", meta={"question_type": "free_form", "answer_type": "integer"})
    script = SUITES.get("mathvista").protocol("official@2024")
    assert script.match(Extraction(extraction, "x", ""), item).correct is correct


def test_no_answer_is_the_text_none():
    """An option that is nearest to "None" is what its published extractions came to."""
    meta = {"question_type": "multi_choice", "answer_type": "text"}
    item = Item("1", "mathvista", "?", "B", "choice", choices=("yes", "one"), meta=meta)
    official = SUITES.get("mathvista").protocol("official")
    read = official.extractor.read("Answer: none", item)
    assert (read.answer, official.match(read, item).correct) == ("None", True)


@pytest.mark.parametrize("answer", ["[1, 2]", "None", "no idea"])
def test_no_answer_to_a_list_is_right_by_vlmevalkit(judged, answer):
    meta = {"question_type": "free_form", "answer_type": "list"}
    assert judged("mathvista", "vlmevalkit", answer, "[1, 2]", kind="list", **meta).correct is False


@pytest.mark.parametrize(
    ("extraction", "gold", "precision", "correct"),
    [("1.24", "1.2", 1, True), ("1.26", "1.2", 1, False), ("1,200", "1200.0", 1, False), ("2", "2.0", 1, True)],
)
def test_official_floats(extraction, gold, precision, correct):
    meta = {"question_type": "free_form", "answer_type": "float", "precision": precision}
    item = Item("1", "mathvista", "?", gold, "float:round=1", meta=meta)
    assert mathvista.official_match(Extraction(extraction, "x", ""), item).correct is correct


@pytest.mark.parametrize(
    ("extraction", "correct"),
    [("B", True), ("(b) no", True), ("no", True), ("nope", True), ("yes", False), ("", True), ("A", False)],
)
def test_official_choices_by_letter_or_nearest_text(extraction, correct):
    meta = {"question_type": "multi_choice", "answer_type": "text", "published_choices": ("yes", "no", "maybe")}
    item = Item("1", "mathvista", "?", "B", "choice", choices=("yes", "no", "maybe"), meta=meta)
    assert mathvista.official_match(Extraction(extraction, "x", ""), item).correct is correct


def test_official_letters_count_repeated_options():
    meta = {"question_type": "multi_choice", "answer_type": "text", "published_choices": ("a1", "a1", "b2")}
    item = Item("1", "mathvista", "?", "B", "choice", choices=("a1", "b2"), meta=meta)
    assert mathvista.official_match(Extraction("C", "x", ""), item).correct
    assert not mathvista.official_match(Extraction("B", "x", ""), item).correct


def test_edit_distance():
    pairs = {("", ""): 0, ("kitten", "sitting"): 3, ("abc", ""): 3, ("flaw", "lawn"): 2}
    assert {pair: mathvista.edit_distance(*pair) for pair in pairs} == pairs


def test_vlmevalkit_numbers(judged):
    assert judged("mathvista", "vlmevalkit", "5", "5").correct is True
    assert judged("mathvista", "vlmevalkit", "5.0", "5").correct is None
    assert judged("mathvista", "vlmevalkit", "6", "5").correct is None


def test_official_shortcuts_and_what_they_leave():
    item = Item("1", "mathvista", "?", "5", "number", meta={"question_type": "free_form", "answer_type": "integer"})
    assert mathvista.official_extract("5", item).answer == "5"
    left = mathvista.official_extract("It is 5.", item)
    assert (left.answer, left.rule) == (None, "judge-needed")
    grade = mathvista.official_match(left, item)
    assert (grade.correct, grade.rule) == (None, "judge-needed")
