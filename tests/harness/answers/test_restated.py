"""A closing sentence that gives its value in two forms states either; another number behind it is no form of it."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

WORK = "The pond is round, and the path that leads across it is 12 m long.\n\n"

TWICE = [
    ("an exact form", "So the area is A = πr² = **36π** ≈ 113.1 square meters.", "36\\pi", "number", True),
    ("its decimal", "So the area is A = πr² = **36π** ≈ 113.1 square meters.", "113.1", "float:round=1", True),
    ("another exact form", "So the area is A = πr² = **36π** ≈ 113.1 square meters.", "12\\pi", "number", False),
    ("a root", "The diagonal is d = 5√2 ≈ 7.07 cm.", "5\\sqrt{2}", "number", True),
    ("a root behind the verb", "Hence the diagonal is 5√2 ≈ **7.07** cm.", "5\\sqrt{2}", "number", True),
    ("a root in TeX", "Thus $d = 5\\sqrt{2} \\approx 7.07$ cm.", "5\\sqrt{2}", "number", True),
    ("what it was computed from", "The area is A = 6 × 6 = 36π ≈ 113.1 square meters.", "6", "number", False),
    ("a share", "So the wet part is 3 of 8 equal parts, i.e. **0.375** of the path.", "3/8", "number", True),
    ("a share in percent", "So the wet part is 2 of 5 parts, that is 40% of the path.", "40%", "number", True),
    ("another share", "So the wet part is 3 of 8 equal parts, i.e. **0.375** of the path.", "5/8", "number", False),
    ("money", "She pays 13 cents more, i.e. $0.13.", "0.13", "float:round=2", True),
    ("money as it was first", "She pays 13 cents more, i.e. $0.13.", "13", "number", True),
    ("other money", "She pays 13 cents more, i.e. $0.13.", "0.31", "float:round=2", False),
    ("a ratio", "The ratio of the two is 16 to 28, or about **0.571**.", "0.57", "relaxed:0.05", True),
    ("another ratio", "The ratio of the two is 16 to 28, or about **0.571**.", "0.28", "relaxed:0.05", False),
    ("a ratio that is none", "The ratio of the two is 16 to 28, or about **0.9**.", "0.9", "relaxed:0.05", False),
    ("two guesses", "The number of ducks is 16, or about 25.", "25", "relaxed:0.05", False),
    ("a hedge", "The number of ducks is 16, or 25.", "25", "number", False),
    ("a doubt", "The area might be 36π ≈ 113.1 square meters.", "36\\pi", "number", False),
    ("a denial", "The area is not 36π ≈ 113.1 square meters.", "36\\pi", "number", False),
    ("called wrong", "So the result A = 36π ≈ 113.1 is wrong.", "36\\pi", "number", False),
    ("called too large", "So the result A = 36π ≈ 113.1 is too large.", "36\\pi", "number", False),
    ("of the whole", "We would get A = 36π ≈ 113.1, but the pond is a half circle.", "36\\pi", "number", False),
    ("asked", "Is the area A = 36π ≈ 113.1?", "36\\pi", "number", False),
    ("supposed", "If the pond is full, A = 36π ≈ 113.1.", "36\\pi", "number", False),
    ("not another", "She pays 13 cents more, i.e. not $0.14.", "0.14", "float:round=2", False),
    ("not the form but a reason", "The path is 12 m long, i.e. 4 of the ducks can swim on it.", "4", "number", False),
]


@pytest.mark.parametrize(("kind", "sentence", "gold", "gold_type", "correct"), TWICE)
@pytest.mark.parametrize("before", ["", WORK])
def test_a_value_in_two_forms(before: str, kind: str, sentence: str, gold: str, gold_type: str, correct: bool) -> None:
    assert grade(before + sentence, gold, gold_type).correct is correct
