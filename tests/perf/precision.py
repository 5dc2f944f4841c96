"""Learning curves in bfloat16 beside float32: the same recipe from the same base, rounded and not.

    python tests/perf/precision.py [--rate 1e-6] [--steps 60] [--every 10]

Per line: step, then for each precision reward, right samples, KL to the base in nats, and the share of weights that moved
(float32 masters; and in brackets those of the model itself, rounded to its precision).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

MEANS = ("reward", "label_accuracy", "kl")


def moved(now: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> float:
    """The share of weights that differ."""
    return sum(int((now[name] != one).sum()) for name, one in before.items()) / sum(map(Tensor.numel, before.values()))


def copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in weights.items()}


def curve(base: Path, rate: float, steps: int, every: int) -> Iterator[str]:
    """A text for every `every` steps, of means over those."""
    recipe = load_recipe("mm_upt_figures", [f"optimiser.learning_rate={rate}"])
    training = PolicyGradient(recipe, Grpo(), base, "cpu")
    masters, model = copied(training.learner.weights.masters), copied(training.learner.trained)
    sums = dict.fromkeys(MEANS, 0.0)
    for step in range(steps):
        metrics = training.step(step)
        sums = {name: sums[name] + metrics[name] / every for name in MEANS}
        if (step + 1) % every == 0:
            shares = moved(training.learner.weights.masters, masters), moved(training.learner.trained, model)
            yield "  ".join(f"{value:9.3g}" for value in sums.values()) + f"  {shares[0]:6.1%} ({shares[1]:6.1%})"
            sums = dict.fromkeys(MEANS, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=3e-5)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--every", type=int, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounded = Path(folder) / "bfloat16"
        VisionLanguageModel.load(BASE, dtype="bfloat16").save(rounded)
        print(f"step | float32: {', '.join(MEANS)}, moved | bfloat16: the same")
        curves = [curve(base, args.rate, args.steps, args.every) for base in (BASE, rounded)]
        for number, lines in enumerate(zip(*curves, strict=True), start=1):
            print(f"{number * args.every:4d} | {' | '.join(lines)}", flush=True)


if __name__ == "__main__":
    main()
