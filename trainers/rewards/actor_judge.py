"""Actor-Judge's reward: how often the answer was given, modulated by a judge's score (arXiv 2603.21289)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from ...harness.answers.vote import Vote
from ...harness.settings import added, require
from ..base import Group, judge_scores
from .vote import VoteSettings, count_votes, elected_answer, shares

PRIORS = ("frequency", "threshold")
UNSCORED = ("prior", "zero")


@dataclass(frozen=True)
class ActorJudgeSettings(VoteSettings):
    """The constants of r = r0 * g(s) - format_penalty * [bad format], with the paper's values.

    g(s) = clamp(1 + lam_pos * sigmoid((s - t_h)/tau_h) - lam_neg * sigmoid((t_l - s)/tau_l), g_min, g_max)

    `prior` r0 is "frequency", p(a), as in the paper; or "threshold", as in its code: 1 for the majority and 0 for the rest
    where the majority's share is above `majority_threshold`, else p(a). `clamp` keeps r in [0, 1], as its code does and
    its formula does not: a bonus to a unanimous answer is then cut off. A response that the judge gave no readable score
    keeps its prior (`unscored` "prior"), or counts as judged with 0 ("zero"), as in the code.
    """

    prior: str = "frequency"
    majority_threshold: float = 0.85
    t_h: float = 0.95
    t_l: float = 0.40
    tau_h: float = 0.02
    tau_l: float = 0.05
    lam_pos: float = 0.2
    lam_neg: float = 0.2
    g_min: float = 0.8
    g_max: float = 1.2
    format_penalty: float = 0.5
    clamp: bool = False
    unscored: str = added("prior")

    def __post_init__(self) -> None:
        super().__post_init__()
        numbers = (self.majority_threshold, self.t_h, self.t_l, self.lam_pos, self.lam_neg, self.format_penalty)
        rules = {
            f"prior must be one of: {', '.join(PRIORS)}": self.prior in PRIORS,
            f"unscored must be one of: {', '.join(UNSCORED)}": self.unscored in UNSCORED,
            "all numbers must be finite": all(map(math.isfinite, (*numbers, self.g_min, self.g_max))),
            "tau_h and tau_l must be positive and finite": all(0 < tau < math.inf for tau in (self.tau_h, self.tau_l)),
            "g_min must not be above g_max": self.g_min <= self.g_max,
            "lam_pos, lam_neg and format_penalty must not be negative": min(
                self.lam_pos, self.lam_neg, self.format_penalty
            )
            >= 0,
        }
        require(rules.items())


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    small = math.exp(-abs(x))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


def modulation(score: float | None, settings: ActorJudgeSettings) -> float:
    """g(s); 1 where the judge gave no score, so that the response keeps its prior, or g(0) with `unscored` "zero"."""
    if score is None:
        if settings.unscored == "prior":
            return 1.0
        score = 0.0
    up = settings.lam_pos * sigmoid((score - settings.t_h) / settings.tau_h)
    down = settings.lam_neg * sigmoid((settings.t_l - score) / settings.tau_l)
    return min(settings.g_max, max(settings.g_min, 1 + up - down))


@dataclass(frozen=True)
class ActorJudge:
    """Needs a judge. A response in bad format has the score 0, which lowers its prior before the penalty is taken off."""

    settings: ActorJudgeSettings = ActorJudgeSettings()
    name: ClassVar[str] = "actor_judge"
    needs_gold: ClassVar[bool] = False
    needs_judge: ClassVar[bool] = True
    equal_answers_alike: ClassVar[bool] = False

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that the formula can give."""
        if self.settings.clamp:
            return (0, 1)
        return min(0, self.settings.g_min) - self.settings.format_penalty, max(0, self.settings.g_max)

    @property
    def depends_on_order(self) -> bool:
        """True where the answer that was seen first wins a tie."""
        return self.settings.votes == "exact"

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in [-format_penalty, g_max], or in [0, 1] with `clamp`. Raises UsageError without a judge's scores."""
        prior = self._prior(count_votes(group, self.settings.votes))
        rewards = [
            r0 * modulation(score, self.settings) - (0.0 if well_formed else self.settings.format_penalty)
            for r0, score, well_formed in zip(prior, judge_scores(group, self.name), group.well_formed, strict=True)
        ]
        return [min(1.0, max(0.0, reward)) for reward in rewards] if self.settings.clamp else rewards

    def _prior(self, counted: Vote) -> list[float]:
        if self.settings.prior == "threshold" and counted.share > self.settings.majority_threshold:
            return elected_answer(counted)
        return shares(counted)
