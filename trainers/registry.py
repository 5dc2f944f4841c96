"""Rewards and trainers by name. A new one is one file and one line here, or an entry point of another package."""

from __future__ import annotations

from collections.abc import Callable

from ..harness.registry import Registry
from .base import Reward, Trainer

REWARDS: Registry[Callable[[], Reward]] = Registry(
    kind="reward",
    group="proctor.rewards",
    builtin={
        "majority_vote": "proctor.trainers.rewards.majority_vote:MajorityVote",
        "ground_truth": "proctor.trainers.rewards.ground_truth:GroundTruth",
        "random": "proctor.trainers.rewards.random:RandomReward",
    },
)

TRAINERS: Registry[Trainer] = Registry(
    kind="trainer",
    group="proctor.trainers",
    builtin={"local": "proctor.trainers.local.grpo:train"},
)
