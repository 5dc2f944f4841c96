"""Rewards and trainers by name. A new one is one file and one line here, or an entry point of another package."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from ..harness.errors import UsageError
from ..harness.registry import Registry
from .base import Reward, Trainer, needs_judge
from .judge.settings import JudgeSettings
from .recipe import Recipe
from .settings import read_settings

REWARDS: Registry[Callable[..., Reward]] = Registry(
    kind="reward",
    group="proctor.rewards",
    builtin={
        "majority_vote": "proctor.trainers.rewards.majority_vote:MajorityVote",
        "frequency": "proctor.trainers.rewards.frequency:Frequency",
        "actor_judge": "proctor.trainers.rewards.actor_judge:ActorJudge",
        "judge_only": "proctor.trainers.rewards.judge_only:JudgeOnly",
        "ground_truth": "proctor.trainers.rewards.ground_truth:GroundTruth",
        "random": "proctor.trainers.rewards.random:RandomReward",
    },
)

TRAINERS: Registry[Trainer] = Registry(
    kind="trainer",
    group="proctor.trainers",
    builtin={
        "local": "proctor.trainers.local.grpo:train",
        "openrlhf": "proctor.trainers.openrlhf.train:OPENRLHF",
    },
)


def open_reward(name: str, table: Mapping[str, Any]) -> Reward:
    """The reward of that name with its settings from a recipe's [reward_settings].

    A reward has settings if it is a dataclass with a field `settings`, whose type is a dataclass too. Raises UsageError
    for an unknown name, key or value, and for settings of a reward that has none.
    """
    make = REWARDS.get(name)
    kind = get_type_hints(make).get("settings") if dataclasses.is_dataclass(make) else None
    if kind is None:
        if table:
            raise UsageError(f"reward {name} has no settings; reward_settings holds: {', '.join(table)}")
        return make()
    return make(read_settings(kind, table, f"reward {name}: reward_settings"))


def resolved(recipe: Recipe, reward: Reward) -> Recipe:
    """The recipe with every setting of its reward and of the judge that this needs spelled out, as a training stores it."""
    settings: Any = getattr(reward, "settings", None)
    table = recipe.reward_settings if settings is None else dataclasses.asdict(settings)
    judge = recipe.judge or (JudgeSettings() if needs_judge(reward) else None)
    return dataclasses.replace(recipe, reward_settings=table, judge=judge)
