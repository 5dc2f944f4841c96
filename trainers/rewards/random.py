"""The control: a fair coin per response. A gain under it is not due to the reward."""

from __future__ import annotations

import random

from ..base import Group


class RandomReward:
    """Depends on the seed alone."""

    name = "random"
    needs_gold = False
    bounds = (0.0, 1.0)
    random = True

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in {0, 1}, each with probability one half."""
        coins = random.Random(seed)  # noqa: S311 - reproducible, not secret
        return [float(coins.random() < 0.5) for _ in group.responses]
