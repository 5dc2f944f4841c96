"""Genixer: well formed questions, their surest answers, and only those that are sure enough."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import UsageError
from proctor.trainers.methods.base import StageOutput
from proctor.trainers.methods.genixer import Genixer, GenixerSettings

from .scripted_student import Say, ScriptedStudent, box, cut, figures, row, stage_input

ITEMS = figures(2)
QUESTION = "How tall is bar A?"


THREE, YES = row(box(3)), row("Yes.")


def made(
    asks: Say, answers: Say = THREE, says: Say = YES, n: int = 4, **settings: object
) -> tuple[StageOutput, ScriptedStudent]:
    student = ScriptedStudent({"questions": asks, "answers": answers, "verdicts": says})
    return Genixer(GenixerSettings(**settings)).make(stage_input(student, ITEMS, n)), student  # type: ignore[arg-type]


def test_sure_answers_to_own_questions_are_learnt() -> None:
    found, student = made(row(f" {QUESTION}\n"), verify="Q {question} A {answer}!")
    assert [part.response for part in found.data] == [box(3)] * 2
    assert str(found.data[0].prompt.parts[-1]).startswith(f"{QUESTION}\n")
    assert found.data[0].prompt.images == ITEMS[0].images
    assert student.texts("verdicts") == [f"Q {QUESTION} A 3!"] * 2
    assert student.samplings["verdicts"].n == 8


@pytest.mark.parametrize(
    "poor", ["", "Bar A.", "?", "How\ntall?", "See <image>?", "<|im_end|>?", "Is it \\boxed{3}?", "a" * 2000 + "?"]
)
def test_poor_questions_are_not_answered(poor: str) -> None:
    found, student = made(row(poor))
    assert not found.data
    assert not student.asked["answers"]
    assert found.counts["well formed, different questions"] == 0
    assert "question mark" in found.needed


def test_a_question_that_was_cut_off_is_not_answered() -> None:
    assert not made(lambda asked, sample: cut(QUESTION))[0].data


def test_repeated_questions_on_a_picture_count_once() -> None:
    found, student = made(row(QUESTION, "Which is tall?", QUESTION), questions=3)
    assert len(student.asked["answers"]) == 4
    assert found.counts["well formed, different questions"] == 4


def test_pictures_that_several_items_share_are_asked_about_once() -> None:
    student = ScriptedStudent({"questions": row(QUESTION), "answers": row(box(1)), "verdicts": row("Yes.")})
    twice = [*ITEMS, dataclasses.replace(ITEMS[0], id="again")]
    assert len(Genixer().make(stage_input(student, twice)).data) == 2


@given(
    st.lists(st.sampled_from("123"), min_size=1, max_size=6), st.dictionaries(st.sampled_from("123"), st.integers(0, 4))
)
def test_the_surest_answer_is_learnt_if_it_is_sure_enough(said, yes) -> None:
    def verdict(asked, sample):
        return "Yes." if sample < yes.get(str(asked.prompt.parts[-1]).partition("=")[2], 0) else "No."

    found, _ = made(row(QUESTION), row(*map(box, said)), verdict, len(said), verdicts=4, verify="{question}={answer}")
    most = max(yes.get(answer, 0) for answer in said)
    assert len(found.data) == (2 if most / 4 >= 0.7 else 0)
    for part in found.data:
        assert yes[part.response.removeprefix("\\boxed{").removesuffix("}")] == most


@pytest.mark.parametrize(
    ("reply", "sure"),
    [
        ("Yes.", True),
        ("It is 3. yes", True),
        ("**Yes**", True),
        ("No.", False),
        ("Yes or no? No.", False),
        ("", False),
        ("Certainly", False),
        ("Eyes", False),
        ("Yes, as far as I can see", False),
    ],
)
def test_a_verdict_is_the_last_word(reply: str, sure: bool) -> None:
    assert bool(made(row(QUESTION), says=row(reply))[0].data) == sure


def test_at_most_keep_distinct_responses_are_learnt() -> None:
    answers = row(box(3, "A. "), box(3, "B. "), box(3, "A. "), box(3, "C. "))
    found, _ = made(row(QUESTION), answers, keep=2)
    assert len(found.data) == 4
    assert len({(part.item_id, part.response) for part in found.data}) == 4


def test_questions_without_an_answer_are_counted() -> None:
    found, student = made(row(QUESTION), row("Hm."))
    assert not found.data
    assert not student.asked["verdicts"]
    assert found.counts["questions without a response to learn"] == 2
    assert not Genixer.needs_gold


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"ask": ""}, "ask"),
        ({"verify": "{question}"}, "{answer}"),
        ({"questions": 0}, "questions"),
        ({"confidence": 0.0}, "confidence"),
        ({"confidence": 1.1}, "confidence"),
    ],
)
def test_bad_settings_are_told(settings, told) -> None:
    with pytest.raises(UsageError, match=told):
        GenixerSettings(**settings)
