"""The judge of known quality: as often right as it says, biased as it says, and its labels reach nobody else."""

import json
from itertools import islice
from pathlib import Path

import pytest

from proctor.benchmarks.suites.figures import as_item, draw
from proctor.harness.cli import main
from proctor.harness.errors import UsageError
from proctor.trainers.base import Group, make_group
from proctor.trainers.oracle import OracleJudge
from proctor.trainers.recipe import load_recipe
from proctor.trainers.recipe_settings import OracleSettings

GROUPS = 300


def groups(*suffixes: str, needs_gold: bool = True) -> list[Group]:
    """A group for each of GROUPS drawn figures: its right answer and a wrong one, each followed by every suffix."""
    made = []
    for place, figure in enumerate(islice(draw(0, "train", ["count"]), GROUPS)):
        answers = [figure.answer, str(int(figure.answer) + 1)]
        texts = [f"\\boxed{{{answer}}}{suffix}" for answer in answers for suffix in suffixes or ("",)]
        made.append(make_group(as_item(figure, f"{place}"), texts, needs_gold))
    return made


def share_right(settings: OracleSettings, seed: int = 0) -> float:
    """How often the verdicts on a right and a wrong answer are right."""
    rows = OracleJudge(settings).score(groups(), seed)
    return sum((right > 0.5) + (wrong < 0.5) for right, wrong in rows) / (2 * GROUPS)


@pytest.mark.parametrize("accuracy", [1.0, 0.95, 0.75, 0.5, 0.0])
def test_it_is_right_as_often_as_it_says(accuracy: float) -> None:
    spread = (accuracy * (1 - accuracy) / (2 * GROUPS)) ** 0.5
    assert share_right(OracleSettings(accuracy)) == pytest.approx(accuracy, abs=4 * spread)


def test_the_same_seed_judges_alike_and_another_one_otherwise() -> None:
    judge, given = OracleJudge(OracleSettings(0.75)), groups()
    assert judge.score(given, 1) == judge.score(given, 1) != judge.score(given, 2)


def test_certainty_says_how_far_scores_are_from_a_half() -> None:
    ((right, wrong), *_) = OracleJudge(OracleSettings(certainty=0.6)).score(groups(), 0)
    assert (right, wrong) == (pytest.approx(0.8), pytest.approx(0.2))


def test_equal_answers_are_judged_alike_where_it_is_asked_to() -> None:
    given = groups("", " ")
    alike = OracleJudge(OracleSettings(0.5, alike=True)).score(given, 0)
    each = OracleJudge(OracleSettings(0.5)).score(given, 0)
    assert all(row[0] == row[1] and row[2] == row[3] for row in alike)
    assert any(row[0] != row[1] for row in each)


def test_a_bias_for_length_takes_the_longer_ones_for_right() -> None:
    given = [
        make_group(
            as_item(figure, "x"), [f"\\boxed{{{figure.answer}}}", "C is 3, I think. \\boxed{77}"], needs_gold=True
        )
        for figure in islice(draw(0, "train", ["count"]), GROUPS)
    ]
    rows = OracleJudge(OracleSettings(bias=0.5)).score(given, 0)
    assert sum(row[1] > 0.5 for row in rows) / GROUPS == pytest.approx(0.5, abs=0.12)
    assert all(row == (0.0, 1.0) for row in OracleJudge(OracleSettings(bias=1.0)).score(given, 0))


def test_a_bias_for_the_majority_takes_its_answer_for_right() -> None:
    wrong = make_group(
        as_item(next(draw(0, "train", ["count"])), "x"), ["\\boxed{77}", "\\boxed{77}", "\\boxed{78}"], needs_gold=True
    )
    judge = OracleJudge(OracleSettings(bias=1.0, favours="majority"))
    assert judge.score([wrong], 0) == [(1.0, 1.0, 0.0)]


def test_a_response_in_bad_format_scores_nothing() -> None:
    figure = next(draw(0, "train", ["count"]))
    group = make_group(as_item(figure, "x"), [f"It is {figure.answer}."], needs_gold=True)
    assert OracleJudge(OracleSettings()).score([group], 0) == [(0.0,)]


def test_a_group_without_a_label_is_refused() -> None:
    with pytest.raises(UsageError, match="has no label, and one is needed"):
        OracleJudge(OracleSettings()).score(groups(needs_gold=False), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["judge.model=oracle", "judge.oracle.accuracy=1.5"], "judge.oracle.accuracy must be from 0 to 1"),
        (["judge.model=oracle", "judge.oracle.favours=short"], "judge.oracle.favours must be one of: long, majority"),
        (["judge.oracle.accuracy=0.9"], 'needs model = "oracle"'),
        (["judge.model=oracle", "judge.url=http://localhost:1/v1"], "url needs model"),
        (["judge.model=oracle", "judge.oracle=0.9"], "oracle must be a table"),
    ],
)
def test_impossible_settings_are_one_line(changes: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_recipe("actor_judge_figures", changes)


REWARD = """
def score(group):
    assert group.gold is None
    return [judged or 0.0 for judged in group.judge_scores]
score.needs_judge = True
"""


def test_a_training_by_it_keeps_the_label_from_the_reward(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(REWARD)
    changes = [
        f"reward={tmp_path / 'mine.py'}:score",
        *("judge.model=oracle", "judge.oracle.accuracy=0.8", "policy.steps=1", "policy.prompts=2"),
    ]
    words = [word for change in changes for word in ("--set", change)]
    assert main(["train", "actor_judge_figures", "--out", str(tmp_path / "out"), *words]) == 0
    stored = json.loads((tmp_path / "out/training.json").read_text())
    assert stored["identity"]["recipe"]["judge"]["oracle"]["accuracy"] == 0.8
    (metrics,) = [json.loads(line) for line in (tmp_path / "out/metrics.jsonl").read_text().splitlines()]
    assert metrics["judge_failed_share"] == 0
    assert metrics["reward"] == pytest.approx(metrics["judge_score"], abs=0.2)


def test_a_recorded_run_is_judged_by_it(tmp_path: Path) -> None:
    run, settings = tmp_path / "run", ["--judge", "oracle", "--judge-set", "oracle.accuracy=1.0"]
    sampled = ["--samples", "2", "--temperature", "1", "--limit", "3", "--max-tokens", "16"]
    assert main(["reward", "record", "--model", "tiny", *sampled, "--run", str(run), *settings]) == 0
    header, *rows = map(json.loads, (run / "judge.jsonl").read_text().splitlines())
    assert header["judge"]["oracle"]["accuracy"] == 1.0
    assert {score for row in rows for score in row["scores"]} <= {0.0, 1.0}
