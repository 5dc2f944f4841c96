"""From a step's responses to rewards, advantages and training metrics: the same for every trainer.

Nothing here depends on how the responses were drawn or how the policy is updated. Labels enter the metrics, for the record;
they reach only a reward that declares `needs_gold`, and a judge that is an oracle.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
from numpy.typing import NDArray

from ...harness.answers.formats import FORMATS
from ...harness.answers.vote import Vote
from ...harness.errors import EngineError, ProctorError
from ...harness.types import Item, Json, sample_seed
from ..base import Group, Reward, are_right, gold_of, make_group, needs_judge, needs_labels
from ..judge import Judge, JudgingBeside, ModelJudge, open_judge
from ..recipe import Recipe
from ..tokens import GroupTokens, lacking, refuse_lacking, seen_by
from .advantages import Array, advantage
from .base import rewards_of
from .registry import open_reward
from .vote import VoteSettings, count_votes


def group_metrics(
    items: Sequence[Item],
    groups: Sequence[Group],
    rewards: Sequence[NDArray[np.float64]],
    votes: str = VoteSettings.votes,
) -> dict[str, float]:
    """Means over the groups of a step, with the votes counted in one of vote.WAYS.

    `unparsed_share` is the share of responses that state no answer in the form asked for. Majority voting collapses when
    `majority_share` goes to 1 while `accuracy` and `distinct_answers` fall; `label_accuracy` is the share of groups whose
    majority answer is right. Both are there only for items with a label.
    """
    counted = [count_votes(group, votes) for group in groups]
    return {
        "reward": fmean(float(row.mean()) for row in rewards),
        "reward_std": fmean(float(row.std()) for row in rewards),
        "no_signal_share": fmean(float(np.ptp(row) == 0) for row in rewards),
        "majority_share": fmean(vote.share for vote in counted),
        "distinct_answers": fmean(len(vote.classes) for vote in counted),
        "tied_share": fmean(float(vote.tied) for vote in counted),
        "unparsed_share": fmean(fmean(ballot is None for ballot in group.ballots) for group in groups),
        "bad_format_share": fmean(fmean(not well_formed for well_formed in group.well_formed) for group in groups),
        **_label_metrics(items, groups, counted),
    }


def _label_metrics(items: Sequence[Item], groups: Sequence[Group], votes: Sequence[Vote]) -> dict[str, float]:
    """What only labels can tell, of the items that have one; nothing where none has."""
    right, winners = [], []
    for item, group, counted in zip(items, groups, votes, strict=True):
        if item.answer:
            row = are_right(group.stated, gold_of(item), item.question, item.choices)
            right.append(fmean(row))
            winners.append(float(counted.winner is not None and row[counted.winner[0]]))
    return {"accuracy": fmean(right), "label_accuracy": fmean(winners)} if right else {}


def judge_metrics(groups: Sequence[Group]) -> dict[str, float]:
    """Of judged groups: mean and spread of the scores that the judge gave, and the share of those asked that it did not.

    Responses in bad format are not shown to the judge, so they count nowhere here. A spread near 0 means that the judge
    does not tell responses apart. Without any score, mean and spread are 0.
    """
    scores = [
        score
        for group in groups
        for score, well_formed in zip(group.judge_scores or (), group.well_formed, strict=True)
        if well_formed
    ]
    usable = [score for score in scores if score is not None]
    return {
        "judge_score": fmean(usable) if usable else 0.0,
        "judge_score_std": pstdev(usable) if usable else 0.0,
        "judge_failed_share": (len(scores) - len(usable)) / max(1, len(scores)),
    }


@dataclass(frozen=True)
class StepRewards:
    """A step's rewards, (n,) per group, the advantages of those that are trained on, (m,), and the metrics of the step."""

    rewards: list[Array]
    advantages: list[Array]
    metrics: dict[str, float]


class RewardPipeline:
    """Rewards and advantages by a recipe; `recipe` has all settings spelled out. Random draws depend on (seed, step)."""

    def __init__(self, recipe: Recipe, reward: Reward, judge: Judge | None) -> None:
        self.recipe = recipe
        self.reward = reward
        self.judge = judge
        self.advantage = advantage(recipe.advantage, recipe.advantage_beta)
        settings = getattr(reward, "settings", None)
        self._votes = settings.votes if isinstance(settings, VoteSettings) else VoteSettings.votes
        self._failures: deque[tuple[int, int]] = deque(maxlen=recipe.judge.window if recipe.judge else 1)

    @classmethod
    def from_recipe(cls, recipe: Recipe, base: Path) -> RewardPipeline:
        """Open the reward, and the judge if the reward needs one; `base` is the checkpoint that the training starts from.

        Raises UsageError, CheckpointError and EngineError.
        """
        reward = open_reward(recipe.reward, recipe.reward_settings)
        FORMATS.load(recipe.answer_format)
        recipe = recipe.spelled_out(reward=reward)
        judge = open_judge(recipe.judge, base) if needs_judge(reward) and recipe.judge else None
        return cls(recipe, reward, judge)

    def identity(self) -> Json:
        """What a resume must agree with beyond the recipe: who judges."""
        return {"judge": self.judge.identity()} if self.judge else {}

    def begin_judging(self, step: int) -> JudgingBeside | None:
        """For a judge on a machine of its own, which may be asked while the texts of step `step` are still drawn."""
        if not isinstance(self.judge, ModelJudge) or not self.judge.served:
            return None
        return self.judge.begin(self._judge_seed(step))

    def run(
        self,
        items: Sequence[Item],
        texts: Sequence[str],
        step: int,
        tokens: GroupTokens | None = None,
        begun: JudgingBeside | None = None,
    ) -> StepRewards:
        """Reward `texts`, n per item in order; `step` counts from 0, `tokens` is what is known of the texts' tokens.

        If `begun` is of these texts, its scores are those that the judge would be asked for.

        Labels are read for monitoring, never for a reward that does not declare that it needs them. Advantages are of the
        first policy.train_on of each group. Raises UsageError for an exception inside the reward and for one that needs
        what `tokens` lacks, DataError for a reward that is no number, EngineError when the judge fails too often.
        """
        refuse_lacking(self.reward.name, lacking(self.reward, tokens), "this method or trainer does not give")
        n, labels = self.recipe.sampling.n, needs_labels(self.reward, self.recipe)
        groups = [
            make_group(item, texts[place * n : (place + 1) * n], labels, self.recipe.answer_format)
            for place, item in enumerate(items)
        ]
        if tokens is not None:
            spans = [range(place * n, (place + 1) * n) for place in range(len(items))]
            groups = [
                dataclasses.replace(group, **seen_by(self.reward, tokens.at(span)))
                for group, span in zip(groups, spans, strict=True)
            ]
        metrics: dict[str, float] = {}
        if self.judge:
            groups = self._judged(self.judge, groups, step, begun)
            metrics = judge_metrics(groups)
        rewards = [self._rewards(group, step, place) for place, group in enumerate(groups)]
        metrics = group_metrics(items, groups, rewards, self._votes) | metrics
        m = self.recipe.policy.train_on or n
        return StepRewards(rewards, [self.advantage(row[:m]) for row in rewards], metrics)

    def _judge_seed(self, step: int) -> int:
        return sample_seed(self.recipe.seed, f"judge {step}", 0)

    def _judged(self, judge: Judge, groups: Sequence[Group], step: int, begun: JudgingBeside | None) -> list[Group]:
        scores = begun.scores(groups) if begun else None
        if scores is None:
            scores = judge.score(groups, self._judge_seed(step))
        requested = sum(sum(group.well_formed) for group in groups)
        self._failures.append((sum(score is None for row in scores for score in row), requested))
        self._stop_if_failing(judge)
        return [
            dataclasses.replace(group, judge_scores=row, gold=group.gold if self.reward.needs_gold else None)
            for group, row in zip(groups, scores, strict=True)
        ]

    def _stop_if_failing(self, judge: Judge) -> None:
        failed, requested = (sum(counts) for counts in zip(*self._failures, strict=True))
        limit = self.recipe.judge.max_failed_share if self.recipe.judge else 1.0
        if failed > limit * requested:
            raise EngineError(
                f"the judge gave no score for {failed} of the {requested} responses of the last {len(self._failures)} steps, "
                f"more than judge.max_failed_share = {limit:g} allows; last: {judge.trouble}; "
                "mend or change the judge, and resume from the last checkpoint"
            )

    def _rewards(self, group: Group, step: int, place: int) -> Array:
        try:
            return rewards_of(self.reward, group, sample_seed(self.recipe.seed, f"reward {step}", place))
        except ProctorError as error:
            raise type(error)(f"{error} (step {step + 1})") from error
