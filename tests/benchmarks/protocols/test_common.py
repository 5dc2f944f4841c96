"""The protocols that every suite has, and what all protocols have in common."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.benchmarks.registry import SUITES

NAMES = ("mathvision", "mathverse", "mathvista", "wemath", "logicvista", "dynamath", "chartqa", "iconqa")
PROTOCOLS = ("strict", "official", "vlmevalkit", "mm_upt", "mm_upt_judged", "self_judge")


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
    further = {"chartqa": {"vlmevalkit@2024"}, "mathvista": {"official@2024"}}.get(suite, set())
    assert set(protocols) == (set(PROTOCOLS) - missing) | further
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
