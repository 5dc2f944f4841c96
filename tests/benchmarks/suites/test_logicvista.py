"""LogicVista: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import Extraction
from proctor.harness.types import Item


def test_letters(load):
    assert load("logicvista", 1).answer == "B, D"
    assert load("logicvista", 5).answer_type == "number"
    question = "Select the correct answer from 1, 2, 3, 4, and 5"
    assert load("logicvista", 0, question=question).choices == ("1", "2", "3", "4", "5")
    in_a_row = "How many dots come next? Select from A-D. \n A) 10 B) 12 C) 14 D) 16"
    assert load("logicvista", 0, question=in_a_row).choices == ("10", "12", "14", "16")
    assert load("logicvista", 0, question="North of A) there are 8, south of (street B) 5.").choices == ()


def test_does_not_repeat_options(load, shown):
    assert shown("logicvista", load("logicvista", 2))[1].count("(B)") == 1


def test_official_rule():
    rules = SUITES.get("logicvista").protocol("official")

    def correct(extraction, gold):
        return rules.match(Extraction(extraction, "x", ""), Item("1", "logicvista", "?", gold, "choice")).correct

    assert correct("C, A", "A, C") is True
    assert correct("a", "A") is True
    assert correct("A", "A, C") is False
    assert correct("3", "3") is True
    assert correct("", "") is True  # the empty gold of v1_382


@pytest.mark.parametrize(
    ("response", "gold", "correct"),
    [("", "A", False), ("", "", True), ("Z", "A", False), ("G", "G", False), ("A", "A", None)],
)
def test_official_extraction(judged, response, gold, correct):
    assert judged("logicvista", "official", response, gold, kind="choice").correct is correct


def test_without_a_gold_loads_and_is_never_right(load):
    item = load("logicvista", answer="", question="")
    strict = SUITES.get("logicvista").protocol("strict")
    assert item.meta["gold_empty"] is True
    for text in ("", "A", "\\boxed{}", "\\boxed{A}", "\\boxed{\\text{}}"):
        grade = strict.match(strict.extract(text, item), item)
        assert (grade.correct, grade.rule) == (False, "no-gold")
