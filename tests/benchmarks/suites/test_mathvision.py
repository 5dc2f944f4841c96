"""MathVision: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import pytest

from proctor.benchmarks.protocols.base import BOXED
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.suites import mathvision

ABCDE = ("10", "20", "$2\\sqrt{3}$", "40", "50")


def test_places_the_picture_where_it_is_marked(load, shown):
    assert shown("mathvision", load("mathvision", 0)) == [
        "What is bar A plus bar B?",
        "mathvision-bars",
        BOXED,
    ]
    assert shown("mathvision", load("mathvision", 3)) == [
        "Both short sides of the right triangle",
        "mathvision-diagonal",
        f"are 2 cm long. How long is $d$, in cm?\n{BOXED}",
    ]
    assert shown("mathvision", load("mathvision", 2)) == [
        "Which shape has exactly four corners?",
        "mathvision-shapes",
        f"Choices:\n(A)\n(B)\n(C)\n(D)\n(E)\n{BOXED}",
    ]


def test_keeps_several_marks_because_the_picture_shows_them(load, shown):
    picture, text = shown("mathvision", load("mathvision", 6))
    assert picture == "mathvision-parts"
    assert text.startswith("How many dots do <image1> and <image2> have")


@pytest.mark.parametrize(
    ("response", "gold", "correct"),
    [
        ("so \\boxed{7}", "7", True),
        ("so \\boxed{8}", "7", False),
        ("first \\boxed{8}, then \\boxed{7}", "7", True),
        ("The answer is 7. And more.", "7", True),
        ("\\boxed{\\frac{14}{2}}", "7", True),
        ("\\boxed{x = 7}", "7", True),
        ("\\boxed{(6/2, 4)}", "(3,4)", True),
        ("\\boxed{2\\sqrt{3}}", "2\\sqrt3", True),
        ("\\boxed{\\pi}", "3.14", True),
        ("", "7", False),
        ("\\boxed{1/55}", "1/60", True),  # both are 0.02
        ("\\boxed{0.0001}", "0", True),  # any tiny number is 0
        ("\\boxed{\\textbf{(D) }72}", "72", False),
        ("\\boxed{69}", "69{degrees}", False),  # a gold that its own rule cannot read
        ("\\boxed{\\frac{36}{13}}", "\x0crac{36}{13}", False),
        ("\\boxed{7 apples}", "7", False),
    ],
)
def test_official_free(judged, response, gold, correct):
    assert judged("mathvision", "official", response, "0", published_answer=gold).correct is correct


@pytest.mark.parametrize(
    ("response", "correct"),
    [
        ("\\boxed{C}", True),
        ("\\boxed{(C)}", True),
        ("\\boxed{B}", False),
        ("\\boxed{2\\sqrt{3}}", True),  # the option's value
        ("\\boxed{3.46}", True),
        ("It could be \\boxed{A}, I take C.", True),  # an ending " C." wins over the box
    ],
)
def test_official_choice(judged, response, correct):
    assert judged("mathvision", "official", response, "C", ABCDE, "choice").correct is correct


@pytest.mark.parametrize(
    "text", ["9^{9^{9}}", "2^{100000000}", "((((" * 300, "170!!!!", "\\frac" * 100, "__import__('os')", "-" * 300]
)
def test_official_hostile_answers_are_read_at_once(judged, text):
    assert judged("mathvision", "official", f"\\boxed{{{text}}}", "7").correct is False


def test_official_prompt_has_the_picture_at_its_mark():
    item = SUITES.get("mathvision").load()[0]
    parts = mathvision.official_prompt(item).parts
    assert item.images[0] in parts
    assert any(isinstance(part, str) and part.startswith(mathvision.INSTRUCTION) for part in parts)


@pytest.mark.parametrize(
    ("response", "gold", "correct"),
    [
        ("\\boxed{7}", "7", True),
        ("7.0000001", "7", True),
        ("\\boxed{8}", "7", None),  # a language model would look again
        ("\\boxed{1/55}", "1/60", None),
        ("\\boxed{\\frac{1}{2}}", "0.5", None),  # cut off at the first brace
    ],
)
def test_vlmevalkit_free(judged, response, gold, correct):
    assert judged("mathvision", "vlmevalkit", response, gold).correct is correct


def test_options_and_letters(load):
    assert load("mathvision", 2, choices=["(A)", "(B)", "(C)"]).choices == ("A", "B", "C")
    lone = load("mathvision", 6)
    assert (lone.answer_type, lone.choices, lone.meta["question_type"]) == ("choice", (), "free")
