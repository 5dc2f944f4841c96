"""A last line that is only an answer, and last lines that belong to something else."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract, grade

WORK = "We fold the strip once along the dotted line and unfold it."

ALONE = [
    ("a letter", "\n\nB", "B"),
    ("a letter in brackets", "\n\n(B)", "(B)"),
    ("a letter in bold", "\n\n**B**", "B"),
    ("a letter with its text", "\n\n(B) two squares", "(B) two squares"),
    ("an option with its noun", "\n\n✅ Option B", "Option B"),
    ("a letter behind the last sentence", " (B)", "(B)"),
    ("a letter behind an arrow", " The holes match → B", "B"),
    ("a number", "\n\n17", "17"),
    ("a number with its unit", "\n\n17 cm", "17 cm"),
    ("a number in bold", "\n\n**17**", "17"),
    ("a number behind an arrow", "\n\n→ 17 cm", "17 cm"),
    ("a number behind therefore", "\n\n∴ 17", "17"),
    ("a letter behind an arrow in its line", "\n\n⇒ **B**", "B"),
    ("a fraction", "\n\n$\\frac{3}{4}$", "\\frac{3}{4}"),
    ("a formula of its own", "\n\n\\[ x = 17 \\]", "x = 17"),
    ("a formula with its unit", "\n\n\\[ x = 17 \\text{ cm} \\]", "x = 17 \\text{ cm}"),
    ("a formula with an area", "\n\n$$A = 17\\,\\text{cm}^2$$", "A = 17\\,\\text{cm}^2"),
    ("a formula with a rate", "\n\n\\[\nv = 17\\ \\mathrm{km/h}\n\\]", "v = 17\\ \\mathrm{km/h}"),
    ("words in bold", "\n\n**an acute triangle**", "an acute triangle"),
    ("a label", "\n\nTotal length: 17 cm", "17 cm"),
]

OF_SOMETHING_ELSE = [
    ("the end of a list of options", "\n\nA. one square\nB. two squares"),
    ("an item of a numbered list", "\n\n1. 12\n2. 17"),
    ("an option called wrong", "\n\n(B) is incorrect"),
    ("a heading in bold", "\n\n**Step 2**"),
    ("a label of a step", "\n\nStep 2: 17"),
    ("an item behind a line with a colon", "\n\nThe reason for it:\n\n1. The strip is 17 cm long as"),
    ("an item of a bullet list", "\n- 12\n- 17"),
    ("a formula with another value", "\n\n\\[ x = 12 \\text{ or } 17 \\]"),
    ("a formula with a condition", "\n\n\\[ x = 12 \\text{ if flat} \\]"),
    ("a formula of twice the unknown", "\n\n\\[ 2x = 12 \\text{ cm} \\]"),
    ("two values", "\n\n12, or 17 or so"),
    ("a sentence", "\n\nThe strip is folded"),
]


@pytest.mark.parametrize(("kind", "line", "answer"), ALONE)
def test_a_last_line_that_is_only_an_answer(kind: str, line: str, answer: str) -> None:
    found = extract(WORK + line)
    assert (found.answer, found.rule) == (answer, "last-line")


@pytest.mark.parametrize(("kind", "line"), OF_SOMETHING_ELSE)
def test_a_last_line_that_is_no_answer(kind: str, line: str) -> None:
    assert extract(WORK + line).answer is None


def test_a_last_line_counts_before_an_earlier_announcement() -> None:
    assert extract("The answer is 12 before folding.\n\nWe fold the strip.\n\n17").answer == "17"


KNOWN = [
    ("words", "\n\nright triangle", "right triangle", "text", True),
    ("other words", "\n\nright angle", "right triangle", "text", False),
    ("denied words", "\n\nNot a right triangle", "right triangle", "text", False),
    ("asked words", "\n\nRight triangle?", "right triangle", "text", False),
    ("one of several lines", "\n\nsquare\nright triangle", "right triangle", "text", False),
    ("a time in bold", "\n\n**4:30**", "4:30", "time", True),
    ("a time", "\n\n4:30", "4:30", "time", True),
    ("a pair", "\n\n(3, -2)", "(3,-2)", "tuple", True),
    ("a pair turned around", "\n\n(-2, 3)", "(3,-2)", "tuple", False),
    ("an aside", "\n\n(by the way, right triangle)", "right triangle", "text", False),
    ("a root", "\n\n$2\\sqrt{2}$", "2\\sqrt{2}", "number", True),
    ("another root", "\n\n$2\\sqrt{3}$", "2\\sqrt{2}", "number", False),
    ("a list", "\n\n[2016, 2018]", "[2016, 2018]", "set", True),
]


@pytest.mark.parametrize(("kind", "line", "gold", "gold_type", "correct"), KNOWN)
def test_a_last_line_that_is_only_the_gold(kind: str, line: str, gold: str, gold_type: str, correct: bool) -> None:
    assert grade(WORK + line, gold, gold_type).correct is correct
