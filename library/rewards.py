"""Rewards by name or path, with their settings."""

from __future__ import annotations

from .trainers.base import Reward
from .trainers.rewards.registry import open_reward


def load_reward(name: str, **settings: object) -> Reward:
    """The reward of that name, or the one that mine.py:score names, whose file is executed.

    `settings` are those of a recipe's [reward_settings]. Raises UsageError for an unknown name, setting or value.
    """
    return open_reward(name, settings)
