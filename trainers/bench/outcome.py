"""A reward and an advantage put to one recorded group, next to which of its responses are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...harness.errors import DataError
from ...harness.types import sample_seed
from ..advantages import Advantage, Array
from ..base import Reward
from ..recorded import RecordedGroup
from ..reward_call import rewards_of

MOST = 1e100
"""No reward may be larger: its square must be finite."""


@dataclass(frozen=True)
class Outcome:
    """Of the n responses of a group, each (n,): whether it is right, its reward, its advantage."""

    correct: NDArray[np.bool_]
    rewards: Array
    advantages: Array


def assess(recorded: RecordedGroup, reward: Reward, advantage: Advantage, seed: int) -> Outcome:
    """What the reward gives the group; its random draws depend on `seed` and the item.

    Raises UsageError for a reward that fails or lacks a judge's scores, DataError for one that gives anything but n finite
    numbers of a size that can be squared.
    """
    rewards = rewards_of(reward, recorded.group(reward), sample_seed(seed, recorded.item.id, 0))
    if float(np.abs(rewards).max()) > MOST:
        raise DataError(f"reward {reward.name}: its rewards for item {recorded.item.id} are too large for an advantage")
    return Outcome(np.array(recorded.correct), rewards, advantage(rewards))
