"""What a training by a reward will do to a base, told before it is run: from groups that the base answered.

All prompts are learned by one network (`shared`), whose rate and carrying over were fitted to trainings of the gym with its
recipe's optimiser; docs/gym.md holds how far its predictions were from what came of later trainings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...harness.types import Json
from ..base import Reward
from ..groups import RecordedGroup
from ..recipe import Recipe
from ..rewards.advantages import Advantage
from .policy import Prompts, draw_groups, log_policy, own_step, start_logits
from .rewards import group_rewards
from .shared import SharedLearner, kinds_of
from .simulate import weighed

RATE = 0.1
"""The logits' step in an update at LEARNING_RATE."""
LEARNING_RATE = 1e-4
MODEL_ERROR = 0.05
"""Standard deviation of an end's error that is the model's own, in accuracy."""
ACROSS = 0.1
"""What prompts of other kinds teach, beside those of a prompt's own."""
DRAWS = 20
Z = 1.645


@dataclass(frozen=True)
class Training:
    """What of a recipe counts here: `updates` a step, each of some of the `prompts`, `n` answers to each prompt."""

    steps: int = 40
    updates: int = 2
    prompts: int = 16
    n: int = 8
    learning_rate: float = LEARNING_RATE
    across: float = ACROSS

    @classmethod
    def of(cls, recipe: Recipe) -> Training:
        """A recipe's."""
        policy = recipe.policy
        return cls(policy.steps, policy.minibatches, policy.prompts, recipe.sampling.n, recipe.optimiser.learning_rate)


@dataclass(frozen=True)
class Prediction:
    """Accuracies: at the `start`, and at the `end` with its 90% interval. `leads_wrong`: prompts that elect no right answer.

    `lowers` is how likely it is that the end lies below the start.
    """

    start: float
    end: float
    low: float
    high: float
    leads_wrong: float
    lowers: float

    def __str__(self) -> str:
        will = (
            "will raise" if self.low > self.start else "will lower" if self.high < self.start else "may raise or lower"
        )
        return (
            f"{will} accuracy from {self.start:.2f} ({self.leads_wrong:.2f} of prompts lead wrong): expected end "
            f"{self.end:.2f}, 90% {self.low:.2f} to {self.high:.2f}"
        )

    def to_json(self) -> Json:
        """All fields, to 4 digits."""
        return {name: round(value, 4) for name, value in dataclasses.asdict(self).items()}


def predict(
    groups: Sequence[RecordedGroup], reward: Reward, weigh: Advantage, training: Training, seed: int = 0
) -> Prediction:
    """DRAWS trainings, each on prompts drawn from the recorded ones with replacement.

    Raises UsageError, DataError for a reward that does not fit the groups.
    """
    prompts = Prompts.from_groups(groups)
    ends = np.array(
        [_end(prompts, reward, weigh, training, np.random.default_rng([seed, draw])) for draw in range(DRAWS)]
    )
    start = float((prompts.start * prompts.right).sum(axis=1).mean())
    right = prompts.elect_right(prompts.winners(prompts.sizes))
    spread = Z * float(np.hypot(ends.std(ddof=1), MODEL_ERROR))
    end = float(ends.mean())
    errors = MODEL_ERROR * np.random.default_rng(seed).standard_normal((100, DRAWS))
    return Prediction(
        start,
        end,
        low=max(0.0, end - spread),
        high=min(1.0, end + spread),
        leads_wrong=1 - float(right.mean()),
        lowers=float((ends + errors < start).mean()),
    )


def _end(
    recorded: Prompts,
    reward: Reward,
    weigh: Advantage,
    training: Training,
    rng: np.random.Generator,
) -> float:
    """The accuracy that one training ends with."""
    prompts = recorded.at(rng.integers(len(recorded), size=len(recorded)))
    earn = group_rewards(reward, prompts)
    learner = SharedLearner(prompts.right, kinds_of(prompts), training.across)
    logits = start_logits(prompts)
    batch = min(len(prompts), max(1, training.prompts // training.updates))
    rate = RATE * training.learning_rate / LEARNING_RATE
    for _ in range(training.steps * training.updates):
        drawn = draw_groups(np.exp(log_policy(logits)), training.n, prompts, rng)
        own = own_step(logits, drawn, weighed(weigh, earn(drawn, rng)))
        logits = learner.step(logits, own, rng.choice(len(prompts), batch, replace=False), rate)
    return float((np.exp(log_policy(logits)) * prompts.right).sum(axis=1).mean())
