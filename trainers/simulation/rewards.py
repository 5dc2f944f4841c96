"""Rewards on all groups of a simulated step.

The project's own rewards are computed at once for all groups, without reading a text. Two answers are one if they are of one
class among all recorded responses of their prompt. A vote within a group can differ from that in rare cases: a short form
("3") joins the fuller answer ("3 cm") that is the most frequent in the group.

Any other reward is called on recorded responses, group by group: right for every reward, and slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ...harness.errors import UsageError
from ..base import Group, Reward, at_places, judge_scores, needs_judge
from ..groups import UNTOLD, lacking_tokens
from ..rewards.actor_judge import ActorJudge, modulation
from ..rewards.base import rewards_of
from ..rewards.frequency import Frequency
from ..rewards.ground_truth import GroundTruth
from ..rewards.judge_only import JudgeOnly
from ..rewards.majority_vote import MajorityVote
from ..rewards.random import RandomReward
from ..rewards.vote import VoteSettings
from ..tokens import needed, refuse_lacking
from .policy import Floats, GroupDraw, Ints, Prompts


class PerGroupReward:
    """Calls the reward with the drawn responses, and remembers what groups of one composition earned.

    `groups` are the recorded ones as the reward sees them. It remembers only as long as that is safe: a composition that is
    new is called twice, with other responses of the same answers, in another order and with another seed; once the two
    calls differ, nothing is remembered any more.
    """

    def __init__(self, reward: Reward, groups: Sequence[Group], prompts: Prompts) -> None:
        self.reward = reward
        self.prompts = prompts
        self.groups = groups
        self.varies = needs_judge(reward) or bool(needed(reward))
        self._earned: dict[tuple[int, bytes], Floats] = {}

    def __call__(self, draw: GroupDraw, rng: np.random.Generator) -> Floats:
        """Rewards (P, n). Raises UsageError for an exception inside the reward, DataError for a reward that is no number."""
        seeds = rng.integers(2**62, size=len(self.prompts))
        return np.stack([self._group(place, draw, int(seed)) for place, seed in enumerate(seeds)])

    def _group(self, place: int, draw: GroupDraw, seed: int) -> Floats:
        classes = draw.classes[place]
        key = (place, draw.counts[place].tobytes())
        if not self.varies and key in self._earned:
            remembered: Floats = self._earned[key][classes]
            return remembered
        rewards = self._call(place, draw.responses[place], seed)
        if not self.varies:
            self._remember(key, classes, rewards, seed)
        return rewards

    def _remember(self, key: tuple[int, bytes], classes: Ints, rewards: Floats, seed: int) -> None:
        place, _ = key
        by_class = np.zeros(self.prompts.start.shape[1])
        by_class[classes] = rewards
        ordered = np.sort(classes)
        again = self._call(place, self.prompts.members[place, self.prompts.first[place, ordered]], seed + 1)
        if np.array_equal(by_class[classes], rewards) and np.array_equal(by_class[ordered], again):
            self._earned[key] = by_class
        else:
            self.varies = True
            self._earned.clear()

    def _call(self, place: int, responses: Ints, seed: int) -> Floats:
        return rewards_of(self.reward, at_places(self.groups[place], responses.tolist()), seed)


GroupRewards: TypeAlias = Callable[[GroupDraw, np.random.Generator], Floats]
"""From a group for each prompt to the rewards of its answers, (P, n)."""


def group_rewards(reward: Reward, prompts: Prompts) -> GroupRewards:
    """The reward on a step's groups: at once if it is one of the project's that votes by classes, else group by group.

    Raises UsageError for a reward that needs a judge where none scored the responses.
    """
    make = AT_ONCE.get(type(reward))
    groups = [group.group(reward) for group in prompts.groups]
    if needs_judge(reward) and any(group.judge_scores is None for group in groups):
        raise UsageError(
            f"reward {reward.name} needs a judge's scores: judge the run with `proctor reward record --judge`"
        )
    refuse_lacking(reward.name, lacking_tokens(reward, prompts.groups), UNTOLD)
    settings = getattr(reward, "settings", None)
    if make is None or getattr(settings, "votes", VoteSettings.votes) != VoteSettings.votes:
        return PerGroupReward(reward, groups, prompts)
    at_once: GroupRewards = make(reward, groups, prompts)
    return at_once


def _elected(draw: GroupDraw, prompts: Prompts) -> Floats:
    elected: Floats = (draw.classes == prompts.winners(draw.counts)[:, None]).astype(np.float64)
    return elected


def _shares(draw: GroupDraw, prompts: Prompts) -> Floats:
    votes = np.where(prompts.silent, 0, draw.counts)
    shares: Floats = np.take_along_axis(votes, draw.classes, axis=1) / draw.classes.shape[1]
    return shares


def _of_responses(draw: GroupDraw, values: Floats) -> Floats:
    """For each drawn answer the value of the recorded response that stands for it; `values` is (P, R)."""
    picked: Floats = np.take_along_axis(values, draw.responses, axis=1)
    return picked


def _table(prompts: Prompts, rows: Iterable[Sequence[float]]) -> Floats:
    """(P, R) of a number for each response of each prompt."""
    table: Floats = np.zeros(prompts.members.shape)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _majority_vote(reward: MajorityVote, groups: Sequence[Group], prompts: Prompts) -> GroupRewards:
    return lambda draw, rng: _elected(draw, prompts)


def _frequency(reward: Frequency, groups: Sequence[Group], prompts: Prompts) -> GroupRewards:
    return lambda draw, rng: _shares(draw, prompts)


def _actor_judge(reward: ActorJudge, groups: Sequence[Group], prompts: Prompts) -> GroupRewards:
    settings = reward.settings
    factors = [[modulation(score, settings) for score in judge_scores(group, reward.name)] for group in groups]
    factor = _table(prompts, factors)
    penalty = settings.format_penalty * _table(
        prompts, [[not well_formed for well_formed in each.well_formed] for each in groups]
    )

    def rewards(draw: GroupDraw, rng: np.random.Generator) -> Floats:
        prior = _shares(draw, prompts)
        if settings.prior == "threshold":
            agreed = prior.max(axis=1, keepdims=True) > settings.majority_threshold
            prior = np.where(agreed, _elected(draw, prompts), prior)
        rewarded: Floats = prior * _of_responses(draw, factor) - _of_responses(draw, penalty)
        return np.clip(rewarded, 0.0, 1.0) if settings.clamp else rewarded

    return rewards


def _judge_only(reward: JudgeOnly, groups: Sequence[Group], prompts: Prompts) -> GroupRewards:
    rows = [[np.nan if s is None else s for s in judge_scores(group, reward.name)] for group in groups]
    scores = _table(prompts, rows)

    def rewards(draw: GroupDraw, rng: np.random.Generator) -> Floats:
        drawn = _of_responses(draw, scores)
        usable = np.isfinite(drawn)
        means = np.where(usable, drawn, 0).sum(axis=1) / np.maximum(1, usable.sum(axis=1))
        return np.where(usable, drawn, means[:, None])

    return rewards


def _ground_truth(reward: GroundTruth, groups: Sequence[Group], prompts: Prompts) -> GroupRewards:
    values = _table(prompts, [reward(group, 0) for group in groups])
    return lambda draw, rng: _of_responses(draw, values)


def _random(reward: RandomReward, groups: Sequence[Group], prompts: Prompts) -> GroupRewards:
    return lambda draw, rng: (rng.random(draw.classes.shape) < 0.5).astype(np.float64)


AT_ONCE: Mapping[type, Callable[[Any, Sequence[Group], Prompts], GroupRewards]] = {
    MajorityVote: _majority_vote,
    Frequency: _frequency,
    ActorJudge: _actor_judge,
    JudgeOnly: _judge_only,
    GroundTruth: _ground_truth,
    RandomReward: _random,
}
"""The rewards that have such a form, by their exact type."""
