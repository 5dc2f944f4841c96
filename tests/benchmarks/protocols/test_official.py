"""Each suite's own rules: clear cases, and each defect that is known of them."""

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.suites import mathvision, mathvista
from proctor.harness.answers import Extraction
from proctor.harness.types import Item

ABCDE = ("10", "20", "$2\\sqrt{3}$", "40", "50")


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
def test_mathvision_free(judged, response, gold, correct):
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
def test_mathvision_choice(judged, response, correct):
    assert judged("mathvision", "official", response, "C", ABCDE, "choice").correct is correct


@pytest.mark.parametrize(
    "text", ["9^{9^{9}}", "2^{100000000}", "((((" * 300, "170!!!!", "\\frac" * 100, "__import__('os')", "-" * 300]
)
def test_mathvision_hostile_answers_are_read_at_once(judged, text):
    assert judged("mathvision", "official", f"\\boxed{{{text}}}", "7").correct is False


def vista(judged, response, gold, **about):
    return judged("mathvista", "official", response, gold, **about)


def test_mathvista_shortcuts_and_what_they_leave():
    item = Item("1", "mathvista", "?", "5", "number", meta={"question_type": "free_form", "answer_type": "integer"})
    assert mathvista.official_extract("5", item).answer == "5"
    left = mathvista.official_extract("It is 5.", item)
    assert (left.answer, left.rule) == (None, "judge-needed")
    grade = mathvista.official_match(left, item)
    assert (grade.correct, grade.rule) == (None, "judge-needed")


@pytest.mark.parametrize(
    ("extraction", "correct"),
    [("5", True), (" 5 ", True), ("5.0", False), ("5 cm", False), ("", False), ("nan", False)],
)
def test_mathvista_integers(extraction, correct):
    item = Item("1", "mathvista", "?", "5", "number", meta={"question_type": "free_form", "answer_type": "integer"})
    assert mathvista.official_match(Extraction(extraction, "x", ""), item).correct is correct


@pytest.mark.parametrize(
    ("extraction", "gold", "precision", "correct"),
    [("1.24", "1.2", 1, True), ("1.26", "1.2", 1, False), ("1,200", "1200.0", 1, False), ("2", "2.0", 1, True)],
)
def test_mathvista_floats(extraction, gold, precision, correct):
    meta = {"question_type": "free_form", "answer_type": "float", "precision": precision}
    item = Item("1", "mathvista", "?", gold, "float:round=1", meta=meta)
    assert mathvista.official_match(Extraction(extraction, "x", ""), item).correct is correct


@pytest.mark.parametrize(
    ("extraction", "correct"),
    [("B", True), ("(b) no", True), ("no", True), ("nope", True), ("yes", False), ("", True), ("A", False)],
)
def test_mathvista_choices_by_letter_or_nearest_text(extraction, correct):
    meta = {"question_type": "multi_choice", "answer_type": "text", "published_choices": ("yes", "no", "maybe")}
    item = Item("1", "mathvista", "?", "B", "choice", choices=("yes", "no", "maybe"), meta=meta)
    assert mathvista.official_match(Extraction(extraction, "x", ""), item).correct is correct


def test_mathvista_letters_count_repeated_options():
    meta = {"question_type": "multi_choice", "answer_type": "text", "published_choices": ("a1", "a1", "b2")}
    item = Item("1", "mathvista", "?", "B", "choice", choices=("a1", "b2"), meta=meta)
    assert mathvista.official_match(Extraction("C", "x", ""), item).correct
    assert not mathvista.official_match(Extraction("B", "x", ""), item).correct


def test_edit_distance():
    pairs = {("", ""): 0, ("kitten", "sitting"): 3, ("abc", ""): 3, ("flaw", "lawn"): 2}
    assert {pair: mathvista.edit_distance(*pair) for pair in pairs} == pairs


def test_mathverse_leaves_all_to_a_judge(judged):
    assert judged("mathverse", "official", "\\boxed{7}", "7").correct is None


@pytest.mark.parametrize(
    ("response", "read"),
    [
        ("<Thought process>: <<x>> <Answer>: <<C>>", "C"),
        ("Answer: C.", "C"),
        ("C", "C"),
        ("\\boxed{C}", None),
        ("Answer: (C)", None),
        ("<Answer>C</Answer>", None),
        ("**Answer:** C", None),
        ("As shown, it is C", "A"),
    ],
)
def test_wemath(judged, response, read):
    grade = judged("wemath", "official", response, "C", ("1", "2", "3"), "choice")
    assert (grade.extracted, grade.correct) == (read, read == "C")


def test_wemath_compares_printed_letters(judged):
    assert judged("wemath", "official", "Answer: F", "D", ("1", "2", "3", "4"), "choice", published_answer="F").correct


def test_logicvista():
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
def test_logicvista_extraction(judged, response, gold, correct):
    assert judged("logicvista", "official", response, gold, kind="choice").correct is correct


@pytest.mark.parametrize(
    ("kind", "response", "gold", "correct"),
    [
        ("float", '{"solution": "x", "short answer": "2.5004"}', "2.5", True),
        ("float", '{"solution": "x", "short answer": "2.502"}', "2.5", False),
        ("float", 'Here: {"solution": "\\frac", "short answer": "2.5 cm"} ok', "2.5", True),
        ("float", '{"short answer": "0.5π"}', "1.571", True),
        ("float", '{"short answer": "$2.5"}', "2.5", False),
        ("float", '{"short answer": null}', "2.5", False),
        ("float", "[1]", "2.5", False),
        ("multiple choice", '{"short answer": "B"}', "B", True),
        ("multiple choice", '{"short answer": "(B) yes"}', "B", True),
        ("multiple choice", '{"short answer": "A/B"}', "B", True),  # either of them is right
        ("multiple choice", "B", "B", False),  # the last character is lost
        ("multiple choice", "so\nB.", "B", True),
        ("text", '{"short answer": "not yes"}', "yes", True),
        ("text", '{"short answer": ""}', "yes", False),
    ],
)
def test_dynamath(judged, kind, response, gold, correct):
    assert judged("dynamath", "official", response, gold, answer_type=kind).correct is correct


@pytest.mark.parametrize(
    "text", ["{" * 50_000 + "}", "[" * 50_000, '{"short answer": ' + "9" * 50_000 + "}", "{}", "}{"]
)
def test_dynamath_hostile_json(judged, text):
    for protocol in ("official", "vlmevalkit"):
        assert judged("dynamath", protocol, text, "2.5").correct is not True


@pytest.mark.parametrize(
    ("response", "gold", "correct"),
    [
        ("104", "100", True),
        ("106", "100", False),
        ("2000", "2015", True),
        ("24%", "24", False),
        ("24%", "0.24", True),
        ("$25", "25", False),
        ("yes", "Yes", True),
        ("Yes.", "Yes", False),
        ("0", "0", True),
        ("0.0", "0", False),
        ("[2003, 2004]", "[2003, 2004]", True),
        ("2003, 2004", "[2003, 2004]", False),
    ],
)
def test_chartqa(judged, response, gold, correct):
    assert judged("chartqa", "official", response, gold).correct is correct
    assert judged("chartqa", "vlmevalkit", response, gold).correct is correct


@pytest.mark.parametrize(("response", "correct"), [("1", True), ("B", False), ("0", False), ("two", False)])
def test_iconqa_choices_by_index(judged, response, correct):
    grade = judged("iconqa", "official", response, "B", ("one", "two"), "choice", task="choose_txt")
    assert grade.correct is correct


def test_iconqa_texts(judged):
    assert judged("iconqa", "official", "7,364", "7364", published_answer="7,364").correct is True
    assert judged("iconqa", "official", "7364", "7364", published_answer="7,364").correct is False


def test_mathvision_prompt_has_the_picture_at_its_mark():
    item = SUITES.get("mathvision").load()[0]
    parts = mathvision.official_prompt(item).parts
    assert item.images[0] in parts
    assert any(isinstance(part, str) and part.startswith(mathvision.INSTRUCTION) for part in parts)
