"""The claims of the demo, held on whole trainings: what learns, what does not, and what collapses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.benchmarks.examination import plan, score_run
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.score import ScoredRun
from proctor.harness.stats.intervals import Difference
from proctor.harness.types import Sampling
from proctor.leaderboards.compare.compare import compare
from proctor.trainers.tiny import BASE

pytestmark = pytest.mark.nightly

WEAK = Path(__file__).parent / "weak_base"

Trained = Callable[..., Path]


EXAMINATION = plan("figures", "strict", Sampling(max_tokens=48))


def examined(checkpoint: Path, run: Path) -> ScoredRun:
    run_eval(EXAMINATION, TransformersEngine(checkpoint), run)
    return score_run(run)


@pytest.fixture(scope="session")
def base_score(tmp_path_factory: pytest.TempPathFactory) -> ScoredRun:
    """The bundled base's."""
    return examined(BASE, tmp_path_factory.mktemp("base") / "run")


def learned(training: Path, before: ScoredRun, out: Path) -> Difference:
    """The paired difference of a training's last checkpoint to the base."""
    last = max((training / "checkpoints").glob("step-*"))
    return compare(before, examined(last, out / "run"))


def curve(training: Path, name: str) -> list[float]:
    lines = (training / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)[name] for line in lines]


@pytest.mark.xdist_group("figures trained by majority vote")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_majority_vote_beats_the_base_without_a_label(
    seed: int, trained: Trained, base_score: ScoredRun, tmp_path: Path
) -> None:
    difference = learned(trained("mm_upt_figures", f"seed={seed}"), base_score, tmp_path)
    assert difference.n >= 500
    assert difference.value > 0
    assert difference.p < 0.001


def test_actor_judge_with_the_taught_judge_beats_the_base(
    trained: Trained, base_score: ScoredRun, tmp_path: Path
) -> None:
    training = trained("actor_judge_figures", "policy.steps=40")  # its judge takes most of the time
    difference = learned(training, base_score, tmp_path)
    assert difference.value > 0
    assert difference.p < 0.001
    assert max(curve(training, "judge_failed_share")) < 0.1
    assert min(curve(training, "judge_score_std")) > 0


def test_the_random_control_does_not_improve(trained: Trained, base_score: ScoredRun, tmp_path: Path) -> None:
    difference = learned(trained("mm_upt_figures", "reward=random"), base_score, tmp_path)
    assert difference.low <= 0


def test_a_wrong_consensus_is_amplified_and_shown(trained: Trained, tmp_path: Path) -> None:
    """From a base whose majority is mostly wrong, the same reward lowers accuracy while the majority share rises."""
    training = trained("mm_upt_figures", base=WEAK)
    before = examined(WEAK, tmp_path / "base")
    difference = learned(training, before, tmp_path)
    assert difference.value < 0
    assert difference.p < 0.001
    assert before.complete
    share, entropy = curve(training, "majority_share"), curve(training, "entropy")
    assert sum(share[-10:]) > sum(share[:10])
    assert sum(entropy[-10:]) < sum(entropy[:10])
