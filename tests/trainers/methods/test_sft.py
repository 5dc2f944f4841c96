"""Rejection-sampling SFT: only right, whole, well formed, distinct responses are learnt, and at most `keep` per item."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness import answers
from proctor.harness.errors import DataError, UsageError
from proctor.trainers.methods.base import Example, StageOutput
from proctor.trainers.methods.sft import Rejection, RejectionSettings
from proctor.trainers.methods.toolbox import some_of

from .scripted_student import Say, ScriptedStudent, box, cut, figures, row, stage_input

ITEMS = figures(3, labels=True)


def made(say: Say, keep: int = 4, n: int = 4, seed: int = 0) -> StageOutput:
    return Rejection(RejectionSettings(keep)).make(stage_input(ScriptedStudent({"candidates": say}), ITEMS, n, seed))


def test_only_right_whole_well_formed_responses_are_learnt() -> None:
    def say(asked, sample):
        right = asked.item.answer
        return [box(right, "So "), f"The answer is {right}.", cut(box(right, "Cut ")), box(99)][sample]

    found = made(say)
    assert [(part.item_id, part.response) for part in found.data] == [
        (item.id, box(item.answer, "So ")) for item in ITEMS
    ]
    assert found.counts == {"prompts": 3, "without a right response to learn": 0}


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8), st.integers(1, 5), st.integers(0, 9)
)
def test_kept_are_right_distinct_and_at_most_so_many(drawn, keep, seed) -> None:
    def say(asked, sample):
        right, style = drawn[sample]
        return box(asked.item.answer if right else 99, f"Way {style}. ")

    found = made(say, keep, len(drawn), seed)
    ways = len({style for right, style in drawn if right})
    for item in ITEMS:
        texts = [part.response for part in found.data if part.item_id == item.id]
        assert len(texts) == len(set(texts)) == min(keep, ways)
        assert all(answers.grade(text, item.answer, item.answer_type).correct for text in texts)


def test_what_is_kept_depends_on_the_seed_and_not_on_the_order_of_items() -> None:
    texts = [str(number) for number in range(20)]
    assert some_of(texts, 5, 0, "a") == some_of(texts, 5, 0, "a")
    assert len({tuple(some_of(texts, 5, seed, name)) for seed in range(3) for name in "ab"}) == 6


def test_nothing_right_is_nothing_made() -> None:
    found = made(row("I cannot tell.", box(99)))
    assert not found.data
    assert found.counts["without a right response to learn"] == 3
    assert "right answer" in found.needed


def test_labels_are_needed() -> None:
    assert Rejection.needs_gold
    student = ScriptedStudent({"candidates": row(box(1))})
    with pytest.raises(DataError, match="no label"):
        Rejection().make(stage_input(student, figures(1)))


def test_a_bad_setting_is_told() -> None:
    with pytest.raises(UsageError, match="keep"):
        RejectionSettings(0)


def test_examples_have_the_prompt_that_was_asked() -> None:
    student = ScriptedStudent({"candidates": lambda asked, sample: box(asked.item.answer)})
    found = Rejection().make(stage_input(student, ITEMS))
    assert [part.prompt for part in found.data] == [one.prompt for one in student.asked["candidates"]]
    assert all(isinstance(part, Example) for part in found.data)
