"""The bundled judge, and what it is taught."""

import json
from itertools import islice

import pytest

from proctor.benchmarks.suites.figures import draw
from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.judge_reply import overall_score, read_scores
from proctor.trainers.tiny import BASE, JUDGE
from proctor.trainers.tiny.judge_warmup import JudgeExample, balanced, describe, respond
from proctor.trainers.tiny.judging import quality


def test_it_is_whole_and_no_copy_of_the_base() -> None:
    check_whole(JUDGE)
    assert weights_digest(JUDGE) != weights_digest(BASE)
    assert (JUDGE / "README.md").is_file()


FIGURES = {figure.task: figure for figure in islice(draw(11, "train"), 5)}


@pytest.mark.parametrize("task", sorted(FIGURES))
def test_what_it_is_taught_is_readable_and_right(task: str) -> None:
    figure = FIGURES[task]
    worked = JudgeExample(figure, f"{figure.worked} \\boxed{{{figure.answer}}}")
    bare = JudgeExample(figure, f"\\boxed{{{figure.answer}}}")
    wrong = "C" if figure.answer == "B" else "B" if task == "tallest" else str(int(figure.answer) + 1)
    for example, expected in ((worked, 1.0), (bare, 0.85), (bare.changed(wrong), 0.0)):
        found = read_scores(example.target())
        assert found is not None
        assert overall_score(found) == pytest.approx(expected)
    changed = worked.changed(wrong)
    assert not changed.right
    assert changed.changed(figure.answer).right


def test_the_area_under_the_curve_by_hand() -> None:
    # right 0.9, 0.5; wrong 0.5, 0.1: 0.9 wins twice, 0.5 ties once and wins once; above a half are only right ones
    rows = [(0.9, True), (0.5, True), (0.5, False), (0.1, False), (None, True)]
    assert quality(rows) == {"examples": 5, "right": 0.6, "unread": 0.2, "accuracy": 0.6, "auc": 0.875}


def test_balanced_examples_are_right_by_a_coin() -> None:
    one = FIGURES["sum"]
    some = [JudgeExample(one, f"{one.worked} \\boxed{{{one.answer}}}"), JudgeExample(one, "no box")] * 100
    made = balanced(some, 0)
    assert len(made) == 100
    assert 30 < sum(example.right for example in made) < 70


@pytest.mark.engine
def test_it_knows_the_habits_of_the_base() -> None:
    """What its README claims, and no more: on responses as the base draws them."""
    figures = list(islice(draw(3_000_001, "train"), 30))
    found = describe(JUDGE, respond(VisionLanguageModel.load(BASE), figures, 1), 0)["all"]
    assert found["auc"] > 0.75, json.dumps(found)
    assert found["unread"] < 0.05
