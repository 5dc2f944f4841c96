"""The simulator beside real trainings of the bundled model: one number is fitted to one curve, the rest must follow."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from proctor.benchmarks.examination import plan
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Sampling
from proctor.trainers.groups import read_groups
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.simulation.policy import Prompts
from proctor.trainers.simulation.simulate import Settings, simulate
from proctor.trainers.tiny import BASE

pytestmark = pytest.mark.nightly

FITTED = ("accuracy", "majority_share")
WINDOW = 10
RATES = np.arange(0.03, 0.1, 0.005)

Curves = Mapping[str, np.ndarray]


def windows(values: np.ndarray) -> np.ndarray:
    """Means of ten steps each: a training's step has but 16 prompts."""
    return np.reshape(values, (-1, WINDOW)).mean(axis=1)


def measured(training: Path) -> Curves:
    """The curves of a training."""
    lines = [json.loads(line) for line in (training / "metrics.jsonl").read_text().splitlines()]
    return {name: windows(np.array([line[name] for line in lines])) for name in (*FITTED, "label_accuracy")}


def simulated(prompts: Prompts, reward: str, rate: float, steps: int = 60) -> Curves:
    course = simulate(prompts, open_reward(reward, {}), Settings(steps=steps, n=8, lr=rate))
    return {name: windows(course.curve(name)[:steps]) for name in (*FITTED, "label_accuracy")}


def deviation(real: Curves, model: Curves) -> float:
    return float(np.mean([np.abs(real[name] - model[name]).mean() for name in FITTED]))


def fitted_rate(prompts: Prompts, real: Curves) -> float:
    return float(min(RATES, key=lambda rate: deviation(real, simulated(prompts, "majority_vote", float(rate)))))


def check(prompts: Prompts, voted: Curves, voted_again: Curves, taught: Curves) -> None:
    """What the documentation claims of the simulator, the good and the bad."""
    rate = fitted_rate(prompts, voted)
    assert 0.04 <= rate <= 0.085
    assert abs(rate - Settings().lr) <= 0.02
    for real, reward in ((voted_again, "majority_vote"), (taught, "ground_truth")):
        model = simulated(prompts, reward, rate)
        still = {name: np.full_like(values, values[0]) for name, values in model.items()}
        assert deviation(real, model) < 0.025
        assert deviation(real, model) < 0.5 * deviation(real, still)
    model = simulated(prompts, "majority_vote", rate)
    rescued = np.mean([real["label_accuracy"][-1] for real in (voted, voted_again)]) - model["label_accuracy"][-1]
    assert rescued > 0.01  # a shared network mends majorities that the simulator holds to be lost


@pytest.mark.xdist_group("figures trained by majority vote")
def test_real_trainings_follow_the_simulation(tmp_path: Path, trained: Callable[..., Path]) -> None:
    recorded = tmp_path / "recorded"
    asked = plan("figures", "strict", Sampling(n=16, temperature=1.0, max_tokens=48))
    assert run_eval(asked, TransformersEngine(BASE), recorded).complete
    check(
        Prompts.from_groups(read_groups(recorded)),
        voted=measured(trained("mm_upt_figures", "seed=0")),
        voted_again=measured(trained("mm_upt_figures", "seed=1")),
        taught=measured(trained("ground_truth_figures")),
    )
