"""VLMEvalKit's rules and the two papers' formats, and what all protocols have in common."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.benchmarks.protocols.arithmetic import evaluated
from proctor.benchmarks.protocols.vlmevalkit import inferred
from proctor.benchmarks.registry import SUITES

NAMES = ("mathvision", "mathverse", "mathvista", "wemath", "logicvista", "dynamath", "chartqa", "iconqa")
PROTOCOLS = ("strict", "official", "vlmevalkit", "mm_upt", "mm_upt_judged", "self_judge")
OPTIONS = {"A": "cat", "B": "dog", "C": "horse"}


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("B", "B"),
        ("The answer is (B).", "B"),
        ("B is what I think the right one is", None),  # a letter counts only near the end
        ("A or B", None),
        ("the dog", "B"),
        ("cat or dog", None),
        ("dog " * 30, None),  # too long for a match by text
        ("Z", "Z"),
        ("Cannot determine the answer", "Z"),
        ("", None),
    ],
)
def test_an_option_is_inferred(answer, option):
    assert inferred(answer, OPTIONS) == option


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
def test_vlmevalkit_mathvision_free(judged, response, gold, correct):
    assert judged("mathvision", "vlmevalkit", response, gold).correct is correct


def test_vlmevalkit_choices(judged):
    for suite, meta in (("mathvision", {}), ("wemath", {}), ("mathvista", {"question_type": "multi_choice"})):
        about = {"choices": ("cat", "dog"), "kind": "choice"} | meta
        assert judged(suite, "vlmevalkit", "It is B", "B", **about).correct is True
        assert judged(suite, "vlmevalkit", "It is A", "B", **about).correct is False
        assert judged(suite, "vlmevalkit", "no idea", "B", **about).correct is None


def test_vlmevalkit_mathvista_numbers(judged):
    assert judged("mathvista", "vlmevalkit", "5", "5").correct is True
    assert judged("mathvista", "vlmevalkit", "5.0", "5").correct is None
    assert judged("mathvista", "vlmevalkit", "6", "5").correct is None


@pytest.mark.parametrize(
    ("kind", "response", "gold", "correct"),
    [
        ("float", '{"short answer": "2.5"}', "2.5", True),
        ("float", "2.5 cm", "2.5", True),
        ("float", "about 2.5", "2.5", None),
        ("multiple choice", '{"short answer": "b"}', "B", True),
        ("multiple choice", "(B)", "B", True),
        ("text", '{"short answer": ""}', "yes", True),  # the prediction stands in the gold
        ("text", '{"short answer": "not yes"}', "yes", False),
    ],
)
def test_vlmevalkit_dynamath(judged, kind, response, gold, correct):
    assert judged("dynamath", "vlmevalkit", response, gold, answer_type=kind).correct is correct


@pytest.mark.parametrize(
    ("response", "correct"),
    [("\\boxed{7}", True), ("\\boxed{7.0}", True), ("The answer is 7.", False), ("7", False), ("\\boxed{8}", False)],
)
def test_mm_upt_wants_a_box(judged, response, correct):
    assert judged("mathvision", "mm_upt", response, "7").correct is correct


@pytest.mark.parametrize(
    ("response", "correct", "rule"),
    [
        ("<think>3 + 4</think> \\boxed{7}", True, "number"),
        ("<think>3 + 4</think> \\boxed{8}", False, "number"),
        ("\\boxed{7}", False, "format"),
        ("<think>\\boxed{7}</think> 7", False, "format"),
        ("<think>3 + 4 \\boxed{7}", False, "format"),
    ],
)
def test_self_judge_wants_its_format(judged, response, correct, rule):
    grade = judged("mathvision", "self_judge", response, "7")
    assert (grade.correct, grade.rule) == (correct, rule)


@pytest.mark.parametrize("suite", NAMES)
def test_each_suite_has_its_protocols(suite):
    protocols = SUITES.get(suite).protocols
    missing = {"vlmevalkit"} if suite == "iconqa" else set()
    assert set(protocols) == set(PROTOCOLS) - missing
    assert all(name == protocol.name and protocol.version for name, protocol in protocols.items())


@pytest.mark.parametrize("suite", NAMES)
def test_each_prompt_shows_every_picture_once(suite):
    for item in SUITES.get(suite).load():
        for protocol in SUITES.get(suite).protocols.values():
            prompt = protocol.prompt(item)
            assert prompt.images == item.images, protocol.name
            assert any(isinstance(part, str) and part.strip() for part in prompt.parts)


@pytest.mark.parametrize("suite", NAMES)
@given(response=st.text(max_size=200) | st.text(alphabet="\\boxed{}answer is(A).^9!-+/<think>", max_size=80))
@settings(max_examples=40, deadline=None)
def test_no_response_raises(suite, response):
    for item in SUITES.get(suite).load()[:3]:
        for protocol in SUITES.get(suite).protocols.values():
            grade = protocol.match(protocol.extract(response, item), item)
            assert grade.correct in (True, False, None)
            assert grade.correct is not None or grade.rule == "judge-needed"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", 1000),
        ("$\\frac12$", 0.5),
        ("6/3", 2),
        ("2\\cdot3+1", 7),
        ("-2^2", -4),
        ("\\sqrt[3]{8}", 2.0),
        ("5!", 120),
        ("2\\pi", 6.283185307179586),
        ("1/0", None),
        ("\\sqrt{-1}", None),
        ("x+1", None),
        ("9^{9^{9}}", None),
        ("0^{-1}", None),
        ("1" * 299, int("1" * 299)),
        ("1" * 301, None),
        ("", None),
    ],
)
def test_arithmetic(text, value):
    assert evaluated(text) == (pytest.approx(value) if isinstance(value, float) else value)


@given(st.text(alphabet="0123456789+-*/^(){}[]|!.,\\ sqrtfacpi$x", max_size=60))
@settings(max_examples=300, deadline=None)
def test_arithmetic_never_raises(text):
    value = evaluated(text)
    assert value is None or isinstance(value, int | float)
