"""LMSI: what is learnt agrees with the majority, in every format; labels are never needed."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.protocols.base import BOXED
from proctor.harness.answers.formats import last_box
from proctor.harness.errors import UsageError
from proctor.harness.types import Prompt
from proctor.trainers.methods.base import StageOutput
from proctor.trainers.methods.lmsi import Lmsi, LmsiSettings

from .scripted_student import Say, ScriptedStudent, box, cut, figures, row, stage_input

ITEMS = figures(2)
REASONING = LmsiSettings(formats=("reasoning",))


def made(say: Say, settings: LmsiSettings = REASONING, n: int = 4) -> StageOutput:
    return Lmsi(settings).make(stage_input(ScriptedStudent({"candidates": say}), ITEMS, n))


def test_all_distinct_responses_of_the_majority_are_learnt() -> None:
    found = made(row(box(5, "A. "), box(6), box("5.0", "B. "), box(5, "A. ")))
    assert [part.response for part in found.data] == [box(5, "A. "), box("5.0", "B. ")] * 2
    assert found.counts == {"prompts": 2, "below least_share": 0, "without a response to learn": 0}


def test_each_is_learnt_in_both_formats() -> None:
    settings = LmsiSettings(direct="Only \\boxed{}.")
    found = made(row(box("7", "3 and 4. ")), settings)
    plain = ITEMS[0].question
    assert [(str(part.prompt.parts[-1]), part.response) for part in found.data[:2]] == [
        (f"{plain}\n{BOXED}", box("7", "3 and 4. ")),
        (f"{plain}\nOnly \\boxed{{}}.", box("7")),
    ]
    assert len(found.data) == 2 * 2
    assert all(part.prompt.images == ITEMS[0].images for part in found.data[:2])


def _each_its_way(said: list[str]) -> Say:
    return lambda asked, sample: box(said[sample], f"Way {sample}. ")


@given(st.lists(st.sampled_from("1234"), min_size=1, max_size=8), st.floats(0, 1))
def test_nothing_that_disagrees_with_the_majority_is_learnt(said, least) -> None:
    found = made(_each_its_way(said), LmsiSettings(least, ("reasoning", "direct")), n=len(said))
    most = max(map(said.count, said))
    for item in ITEMS:
        learnt = [last_box(part.response) for part in found.data if part.item_id == item.id]
        assert len(set(learnt)) <= 1
        assert all(said.count(str(answer)) == most for answer in learnt)
        assert len(learnt) == (2 * most if most / len(said) >= least else 0)


def test_what_was_cut_off_votes_and_is_not_learnt() -> None:
    found = made(lambda asked, sample: cut(box(5, "On and on ")) if sample else box(5))
    assert [part.response for part in found.data] == [box(5)] * 2


def test_a_student_without_answers_makes_nothing() -> None:
    found = made(row("I see bars.", ""))
    assert not found.data
    assert found.counts["without a response to learn"] == 2
    assert not Lmsi.needs_gold


def test_a_prompt_without_a_direct_form_is_told_before_anything_is_asked() -> None:
    student = ScriptedStudent({})
    other = dataclasses.replace(stage_input(student, ITEMS), prompt=lambda item: Prompt((item.question,)))
    with pytest.raises(UsageError, match="formats"):
        Lmsi().make(other)
    assert not student.asked


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"least_share": 1.5}, "least_share"),
        ({"formats": ()}, "formats"),
        ({"formats": ("direct", "direct")}, "formats"),
        ({"formats": ("short",)}, "reasoning, direct"),
        ({"direct": " "}, "direct"),
    ],
)
def test_bad_settings_are_told(settings, told) -> None:
    with pytest.raises(UsageError, match=told):
        LmsiSettings(**settings)
