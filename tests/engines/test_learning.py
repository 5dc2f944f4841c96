"""The claims of the demo, held on whole trainings: what learns, what does not, and what collapses."""

import json
import threading
from pathlib import Path

import pytest

from proctor.benchmarks.examination import find_runs, plan, run_path, score_run
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.score import ScoredRun
from proctor.harness.stats.intervals import Difference
from proctor.harness.types import Sampling
from proctor.leaderboards.compare.compare import compare
from proctor.trainers.experiments.watch import Watcher
from proctor.trainers.local.train import train
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

pytestmark = pytest.mark.slow

WEAK = Path(__file__).parent / "weak_base"


def train_and_compare(
    base: Path, out: Path, *changes: str, name: str = "mm_upt_figures"
) -> tuple[ScoredRun, Difference]:
    """Train by a recipe, the demo's; the base's score, and the paired difference of the last checkpoint to it."""
    recipe = load_recipe(name, changes)
    train(recipe, base, out / "training", False, lambda done, total, note: None)
    examination = plan("figures", "strict", Sampling(max_tokens=48))
    watcher = Watcher(out / "training", out / "runs", [examination], TransformersEngine)
    watcher.follow(threading.Event(), until_finished=True)
    model = TransformersEngine(base)
    before = run_path(out, examination, model)
    run_eval(examination, model, before)
    after = find_runs([out / "runs"])[-1]
    assert len(find_runs([out / "runs"])) == recipe.policy.steps // recipe.checkpoint_every
    return score_run(before), compare(score_run(before), score_run(after))


def curve(out: Path, name: str) -> list[float]:
    lines = (out / "training" / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)[name] for line in lines]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_majority_vote_beats_the_base_without_a_label(seed: int, tmp_path: Path) -> None:
    _, difference = train_and_compare(BASE, tmp_path, f"seed={seed}")
    assert difference.n >= 500
    assert difference.value > 0
    assert difference.p < 0.001


def test_actor_judge_with_the_taught_judge_beats_the_base(tmp_path: Path) -> None:
    _, difference = train_and_compare(BASE, tmp_path, name="actor_judge_figures")
    assert difference.value > 0
    assert difference.p < 0.001
    assert max(curve(tmp_path, "judge_failed_share")) < 0.1
    assert min(curve(tmp_path, "judge_score_std")) > 0


def test_the_random_control_does_not_improve(tmp_path: Path) -> None:
    _, difference = train_and_compare(BASE, tmp_path, "reward=random")
    assert difference.low <= 0


def test_a_wrong_consensus_is_amplified_and_shown(tmp_path: Path) -> None:
    """From a base whose majority is mostly wrong, the same reward lowers accuracy while the majority share rises."""
    before, difference = train_and_compare(WEAK, tmp_path)
    assert difference.value < 0
    assert difference.p < 0.001
    assert before.complete
    share, entropy = curve(tmp_path, "majority_share"), curve(tmp_path, "entropy")
    assert sum(share[-10:]) > sum(share[:10])
    assert sum(entropy[-10:]) < sum(entropy[:10])
