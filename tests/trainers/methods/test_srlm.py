"""SRLM: the best against the worst by the student's own scores, and no pair of equals; labels are never needed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import UsageError
from proctor.harness.runs.store import Sample
from proctor.harness.untrusted_text import in_tags
from proctor.trainers.judge_prompt import TAG
from proctor.trainers.judge_reply import WEIGHTS
from proctor.trainers.methods.base import Dpo, StageOutput
from proctor.trainers.methods.srlm import Srlm, SrlmSettings

from .scripted_student import Say, ScriptedStudent, box, cut, figures, row, stage_input

ITEMS = figures(2)


def scores(value: float) -> str:
    return json.dumps(dict.fromkeys(WEIGHTS, value))


def judged(marks: dict[str, str]) -> Say:
    """A judge that replies by the response that it is shown."""

    def say(asked: Sample, sample: int) -> str:
        prompt = str(asked.prompt.parts[-1])
        return next(reply for response, reply in marks.items() if in_tags(response, TAG) in prompt)

    return say


def made(candidates: Say, judgements: Say, n: int = 4, **settings: int) -> tuple[StageOutput, ScriptedStudent]:
    student = ScriptedStudent({"candidates": candidates, "judgements": judgements})
    return Srlm(SrlmSettings(**settings)).make(stage_input(student, ITEMS, n)), student


def test_best_and_worst_make_a_preference() -> None:
    marks = {box(1): scores(0.5), box(2): scores(0.9), box(3): scores(0.1)}
    found, student = made(row(box(1), box(2), box(3), box(2)), judged(marks))
    assert [(part.item_id, part.chosen, part.rejected) for part in found.data] == [
        (item.id, box(2), box(3)) for item in ITEMS
    ]
    assert [part.prompt for part in found.data] == [one.prompt for one in student.asked["candidates"]]
    assert len(student.asked["judgements"]) == 6, "a response that was given twice is judged once"
    assert student.samplings["judgements"].n == 3


def test_judgements_are_averaged_over_those_that_can_be_read() -> None:
    replies = {box(1): [scores(0.2), scores(0.4), "no"], box(2): [scores(0.25), scores(0.25), scores(0.25)]}

    def say(asked, sample):
        return next(row[sample] for text, row in replies.items() if in_tags(text, TAG) in str(asked.prompt.parts[-1]))

    found, _ = made(row(box(1), box(2)), say)
    assert [(part.chosen, part.rejected) for part in found.data] == [(box(1), box(2))] * 2


def test_bad_format_scores_nothing_unasked_and_what_was_cut_off_is_left_out() -> None:
    def say(asked, sample):
        return [box(1), "Well.", cut("Well, well")][sample % 3]

    found, student = made(say, row(scores(0.3)))
    assert [(part.chosen, part.rejected) for part in found.data] == [(box(1), "Well.")] * 2
    assert len(student.asked["judgements"]) == 2


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([0.0, 0.5, 1.0, None])), min_size=1, max_size=6))
def test_best_and_worst_are_never_equal(drawn) -> None:
    marks = {box(name): "?" if score is None else scores(score) for name, score in drawn}
    found, _ = made(row(*(box(name) for name, _ in drawn)), judged(marks), n=len(drawn))
    known = {text: json.loads(reply)["answer_correctness"] for text, reply in marks.items() if reply != "?"}
    assert len(found.data) == (2 if len(set(known.values())) > 1 else 0)
    for part in found.data:
        assert known[part.chosen] == max(known.values()) > min(known.values()) == known[part.rejected]
        assert part.chosen != part.rejected


@pytest.mark.parametrize("reply", ["Fine.", scores(0.5), '{"answer_correctness": 2}'])
def test_a_judge_that_tells_nothing_makes_nothing(reply: str) -> None:
    found, _ = made(row(box(1), box(2)), row(reply))
    assert not found.data
    assert found.counts["prompts without a best and a worst"] == 2
    assert found.counts["responses without a readable score"] == (0 if reply == scores(0.5) else 4)
    assert "JSON" in found.needed


def test_every_round_is_a_stage_and_none_needs_labels() -> None:
    stages = Srlm(SrlmSettings(rounds=3, beta=0.2)).stages
    assert [stage.objective for stage in stages] == [Dpo(0.2)] * 3
    assert not Srlm.needs_gold


@pytest.mark.parametrize("settings", [{"rounds": 0}, {"judgements": 0}, {"judge_tokens": 0}, {"beta": 0}])
def test_bad_settings_are_told(settings) -> None:
    with pytest.raises(UsageError):
        SrlmSettings(**settings)
