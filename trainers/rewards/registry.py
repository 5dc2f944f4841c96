"""Rewards and trainers by name. A new one is one file and one line here, or an entry point of another package.

A reward can also be named by its own file, path/to/file.py:function, which is then executed.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from ...harness.errors import UsageError
from ...harness.registry import Registry, in_file
from ...harness.settings import read_settings
from ..base import Reward, Trainer, needs_judge
from ..recipe import Recipe
from ..recipe_settings import JudgeSettings
from .declaration import reward_spec
from .file import FunctionReward, RewardFile, call_reward, takes_seed

REWARDS: Registry[Callable[..., Reward]] = Registry(
    kind="reward",
    group="proctor.rewards",
    builtin={
        "majority_vote": "proctor.trainers.rewards.majority_vote:MajorityVote",
        "frequency": "proctor.trainers.rewards.frequency:Frequency",
        "actor_judge": "proctor.trainers.rewards.actor_judge:ActorJudge",
        "entropy_gated": "proctor.trainers.rewards.entropy_gated:EntropyGated",
        "judge_only": "proctor.trainers.rewards.judge_only:JudgeOnly",
        "ground_truth": "proctor.trainers.rewards.ground_truth:GroundTruth",
        "random": "proctor.trainers.rewards.random:RandomReward",
    },
)

TRAINERS: Registry[Trainer] = Registry(
    kind="trainer",
    group="proctor.trainers",
    builtin={
        "local": "proctor.trainers.local.train:train",
        "openrlhf": "proctor.trainers.openrlhf.train:OPENRLHF",
    },
)


def open_reward(name: str, table: Mapping[str, Any]) -> Reward:
    """The reward of that name with its settings from a recipe's [reward_settings].

    `name` is one of REWARDS, or path/to/file.py:function, whose file is executed. What is named is a class of rewards, or a
    function that takes (group) or (group, seed). A reward has settings if it is a dataclass with a field `settings`, whose
    type is a dataclass too. Raises UsageError for an unknown name, key or value, for settings of a reward that has none,
    and for a file that cannot be executed.
    """
    where = in_file(name)
    if where is None:
        return _made(REWARDS.get(name), name, table)
    path, function = where
    file = RewardFile.execute(path)
    return _made(file.find(function), f"{path.name}:{function}", table, file)


def _made(make: Callable[..., Any], name: str, table: Mapping[str, Any], file: RewardFile | None = None) -> Reward:
    """The reward that a class or a function makes; one of a file of its own tells its errors with their lines."""
    kind = get_type_hints(make).get("settings") if inspect.isclass(make) and dataclasses.is_dataclass(make) else None
    if table and kind is None:
        raise UsageError(f"reward {name} has no settings; reward_settings holds: {', '.join(table)}")
    settings = None if kind is None else read_settings(kind, table, f"reward {name}: reward_settings")
    if inspect.isroutine(make):
        promised, score, seeded = reward_spec(make), make, takes_seed(make, name)
    else:
        score = call_reward(make, name) if settings is None else call_reward(make, name, settings)
        if file is None:
            return score  # type: ignore[no-any-return]
        promised, seeded = reward_spec(score), True
    return FunctionReward(
        name=name, score=score, takes_seed=seeded, settings=settings, file=file, **dataclasses.asdict(promised)
    )


def resolved(recipe: Recipe, reward: Reward) -> Recipe:
    """The recipe with every setting of its reward and of the judge that this needs spelled out, as a training stores it."""
    settings: Any = getattr(reward, "settings", None)
    table = recipe.reward_settings if settings is None else dataclasses.asdict(settings)
    judge = recipe.judge or (JudgeSettings() if needs_judge(reward) else None)
    return dataclasses.replace(recipe, reward_settings=table, judge=judge)
