"""Rewards and trainers by name. A new one is one file and one line here, an entry point of a package, or a path."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from ...harness.errors import UsageError
from ...harness.registry import Origin, Registry
from ...harness.settings import read_settings
from ...harness.user_file import call, shown_value
from ..base import Progress, Reward, Trainer
from ..recipe import Recipe
from .base import FunctionReward, reward_spec, takes_seed


@dataclass(frozen=True)
class ExternalReward:
    """What a package or a file gives as a reward: a class of rewards, or a function (group) or (group, seed)."""

    make: Callable[..., Any]
    name: str
    sha256: str | None

    @classmethod
    def of(cls, loaded: Any, origin: Origin) -> ExternalReward:
        """Raises UsageError for what cannot be called."""
        name = origin.shown
        if not callable(loaded):
            raise UsageError(f"reward {name} is no function and no class: {shown_value(loaded)}")
        return cls(loaded, name, origin.file.sha256 if origin.file else None)


REWARDS: Registry[Callable[..., Reward] | ExternalReward] = Registry(
    kind="reward",
    group="proctor.rewards",
    builtin={
        "majority_vote": "proctor.trainers.rewards.majority_vote:MajorityVote",
        "frequency": "proctor.trainers.rewards.frequency:Frequency",
        "actor_judge": "proctor.trainers.rewards.actor_judge:ActorJudge",
        "entropy_gated": "proctor.trainers.rewards.entropy_gated:EntropyGated",
        "confidence": "proctor.trainers.rewards.confidence:Confidence",
        "negative_entropy": "proctor.trainers.rewards.negative_entropy:NegativeEntropy",
        "judge_only": "proctor.trainers.rewards.judge_only:JudgeOnly",
        "ground_truth": "proctor.trainers.rewards.ground_truth:GroundTruth",
        "random": "proctor.trainers.rewards.random:RandomReward",
    },
    adapt=ExternalReward.of,
)


class ExternalTrainer:
    """What a package or a file gives as a trainer; what it raises is told in one line."""

    def __init__(self, loaded: Any, origin: Origin) -> None:
        self._what, self._train = f"trainer {origin.shown}", loaded
        if not callable(loaded):
            raise UsageError(f"{self._what} is no function and no class: {shown_value(loaded)}")
        if (describe := getattr(loaded, "describe", None)) is not None:
            self.describe = lambda *arguments: call(self._what, describe, *arguments)

    def __call__(self, recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train. Raises UsageError, with file and line, for what is no error of this program."""
        call(self._what, self._train, recipe, base, out, resume, progress)


TRAINERS: Registry[Trainer] = Registry(
    kind="trainer",
    group="proctor.trainers",
    builtin={
        "local": "proctor.trainers.local.train:train",
        "openrlhf": "proctor.trainers.openrlhf.train:OPENRLHF",
        "trl": "proctor.trainers.trl.train:train",
    },
    adapt=ExternalTrainer,
)


def open_reward(name: str, table: Mapping[str, Any]) -> Reward:
    """The reward of that name with its settings from a recipe's [reward_settings].

    `name` is one of REWARDS, or path/to/file.py:function, whose file is executed. What is named is a class of rewards, or a
    function that takes (group) or (group, seed). A reward has settings if it is a dataclass with a field `settings`, whose
    type is a dataclass too. Raises UsageError for an unknown name, key or value, for settings of a reward that has none,
    and for a file that cannot be executed.
    """
    loaded = REWARDS.load(name)
    external = loaded if isinstance(loaded, ExternalReward) else None
    make: Callable[..., Any] = loaded.make if isinstance(loaded, ExternalReward) else loaded
    name = external.name if external else name
    kind = get_type_hints(make).get("settings") if inspect.isclass(make) and dataclasses.is_dataclass(make) else None
    if table and kind is None:
        raise UsageError(f"reward {name} has no settings; reward_settings holds: {', '.join(table)}")
    settings = None if kind is None else read_settings(kind, table, f"reward {name}: reward_settings")
    if inspect.isroutine(make):
        promised, score, seeded = reward_spec(make), make, takes_seed(make, name)
    else:
        score = call(f"reward {name}", make, *([] if settings is None else [settings]))
        if external is None:
            return score  # type: ignore[no-any-return]
        promised, seeded = reward_spec(score), True
    sha256 = external.sha256 if external else None
    return FunctionReward(
        name=name, score=score, takes_seed=seeded, settings=settings, sha256=sha256, **dataclasses.asdict(promised)
    )
