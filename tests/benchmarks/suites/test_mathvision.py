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
        ("\\boxed{(4-1, 4)}", "(3,4)", True),
        ("\\boxed{(6/2, 4)}", "(3,4)", False),  # the script writes a quotient as 3.0
        ("\\boxed{2\\sqrt{3}}", "2\\sqrt{3}", True),
        ("\\boxed{2\\sqrt{3}}", "2\\sqrt3", False),  # a root without braces is no number to the script
        ("\\boxed{\\frac{2^{2022}}{3}}", "7", False),
        ("\\boxed{2^{1056}+3^{600}}", "3^{600}+2^{1056}", True),
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


@pytest.mark.parametrize(("response", "correct"), [("C)", True), ("(C)", True), ("B)", False)])
def test_official_takes_the_text_of_an_option_as_published(load, response, correct):
    item = load("mathvision", 2, choices=["A)", "B)", "C)"], answer="C")
    official = SUITES.get("mathvision").protocols["official"]
    assert official.match(official.extract(response, item), item).correct is correct
    assert "(C) C)" in str(mathvision.official_prompt(item).parts)


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
        ("so \\boxed{\\frac{\\sqrt{4}}{4}} it is", "0.5", True),
        ("\\boxed{7} or \\boxed{7}", "7", None),  # two boxes are no value to its reader
    ],
)
def test_vlmevalkit_free(judged, response, gold, correct):
    assert judged("mathvision", "vlmevalkit", response, gold).correct is correct


def test_options_and_letters(load):
    cleaned = load("mathvision", 2, choices=["(A)", "(B)", "(C)"])
    assert (cleaned.choices, cleaned.meta["published_choices"]) == (("A", "B", "C"), ("(A)", "(B)", "(C)"))
    assert "published_choices" not in load("mathvision", 2, choices=["A", "B", "C"]).meta
    lone = load("mathvision", 6)
    assert (lone.answer_type, lone.choices, lone.meta["question_type"]) == ("choice", (), "free")
