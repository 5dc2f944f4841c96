"""Any reward, called on a group of recorded responses for each prompt: right for every reward, and slow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..base import Group, Reward, needs_judge
from ..reward_call import rewards_of
from .policy import Draw
from .prompts import Floats, Ints, Prompts


class CalledReward:
    """Calls the reward with the drawn responses, and remembers what groups of one composition earned.

    `groups` are the recorded ones as the reward sees them. It remembers only as long as that is safe: a composition that is
    new is called twice, with other responses of the same answers, in another order and with another seed; once the two
    calls differ, nothing is remembered any more.
    """

    def __init__(self, reward: Reward, groups: Sequence[Group], prompts: Prompts) -> None:
        self.reward = reward
        self.prompts = prompts
        self.groups = groups
        self.varies = needs_judge(reward)
        self._earned: dict[tuple[int, bytes], Floats] = {}

    def __call__(self, draw: Draw, rng: np.random.Generator) -> Floats:
        """Rewards (P, n). Raises UsageError for an exception inside the reward, DataError for a reward that is no number."""
        seeds = rng.integers(2**62, size=len(self.prompts))
        return np.stack([self._group(place, draw, int(seed)) for place, seed in enumerate(seeds)])

    def _group(self, place: int, draw: Draw, seed: int) -> Floats:
        classes = draw.classes[place]
        key = (place, draw.counts[place].tobytes())
        if not self.varies and key in self._earned:
            known: Floats = self._earned[key][classes]
            return known
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
        group = self.groups[place]
        scores = group.judge_scores
        drawn = dataclasses.replace(
            group,
            responses=tuple(group.responses[k] for k in responses),
            judge_scores=None if scores is None else tuple(scores[k] for k in responses),
        )
        return rewards_of(self.reward, drawn, seed)
