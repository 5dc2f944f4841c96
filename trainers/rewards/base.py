"""What a reward promises, and how it is called.

Promises (`RewardSpec`) are attributes of the function or class; trainers read them and `check` holds the reward to them. A
reward that somebody else wrote may fail: its exceptions are reported with file and line, and its rewards must be n finite
numbers.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ...harness.errors import DataError, UsageError
from ...harness.types import Json
from ...harness.user_file import call, shown_value
from ..base import Group, Reward
from .advantages import Array, numbers

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class RewardSpec:
    """Raises UsageError for a promise of the wrong kind.

    `needs_gold`, `needs_judge`, `needs_lengths`, `needs_logprobs` and `needs_entropies` say what its groups must hold. Every
    reward lies within `bounds`, (low, high), if they are given. With `equal_answers_alike`, responses whose answers mean the
    same get the same reward. A reward that `depends_on_order` gives other rewards when the responses change places;
    a `random` one draws from its seed.
    """

    needs_gold: bool = False
    needs_judge: bool = False
    needs_lengths: bool = False
    needs_logprobs: bool = False
    needs_entropies: bool = False
    bounds: tuple[float, float] | None = None
    equal_answers_alike: bool = True
    depends_on_order: bool = False
    random: bool = False

    def __post_init__(self) -> None:
        for promise in dataclasses.fields(RewardSpec):
            value = getattr(self, promise.name)
            if promise.name != "bounds" and not isinstance(value, bool):
                raise UsageError(f"a reward's {promise.name} must be True or False, not {value!r:.60}")
        if self.bounds is not None and not _are_bounds(self.bounds):
            raise UsageError(f"a reward's bounds must be two finite numbers (low, high), not {self.bounds!r:.60}")


def _are_bounds(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(bound, int | float) and math.isfinite(bound) for bound in value)
        and value[0] <= value[1]
    )


def with_spec(
    *,
    needs_gold: bool = False,
    needs_judge: bool = False,
    needs_lengths: bool = False,
    needs_logprobs: bool = False,
    needs_entropies: bool = False,
    bounds: tuple[float, float] | None = None,
    equal_answers_alike: bool = True,
    depends_on_order: bool = False,
    random: bool = False,
) -> Callable[[F], F]:
    """A decorator that sets what a function promises as its attributes. Raises UsageError as `RewardSpec` does."""
    promised = RewardSpec(
        needs_gold=needs_gold,
        needs_judge=needs_judge,
        needs_lengths=needs_lengths,
        needs_logprobs=needs_logprobs,
        needs_entropies=needs_entropies,
        bounds=bounds,
        equal_answers_alike=equal_answers_alike,
        depends_on_order=depends_on_order,
        random=random,
    )

    def mark(function: F) -> F:
        for name, value in dataclasses.asdict(promised).items():
            setattr(function, name, value)
        return function

    return mark


def reward_spec(reward: object) -> RewardSpec:
    """What a reward promises; what it does not say is as in `RewardSpec`."""
    promises: dict[str, Any] = {
        promise.name: getattr(reward, promise.name, promise.default) for promise in dataclasses.fields(RewardSpec)
    }
    return RewardSpec(**promises)


def rewards_of(reward: Reward, group: Group, seed: int) -> Array:
    """The rewards of a group's responses, shape (n,).

    Raises UsageError for an exception inside the reward, DataError if it does not give n finite numbers.
    """
    result = call(f"reward {reward.name}", reward, group, seed)
    row = numbers(result)
    n = len(group.responses)
    if row is None or row.shape != (n,) or not np.isfinite(row).all():
        raise DataError(
            f"reward {reward.name}: gave {shown_value(result)} for item {group.item_id}, not {n} finite numbers"
        )
    return row


@dataclass(frozen=True, kw_only=True)
class FunctionReward(RewardSpec):
    """A function, or an instance of a class, of a package or a file as a reward, with what it declares.

    `sha256` is the digest of its file, None if a package has it. A function gets the seed if it has a parameter of that name,
    an instance always.
    """

    name: str
    score: Callable[..., Any]
    takes_seed: bool
    settings: Any = None
    sha256: str | None = None

    def __call__(self, group: Group, seed: int) -> Any:
        """What it gives, unchecked. Raises UsageError with the file and line of an exception."""
        if not inspect.isroutine(self.score):
            return call(f"reward {self.name}", self.score, group, seed)
        return call(f"reward {self.name}", self.score, group, **({"seed": seed} if self.takes_seed else {}))


def takes_seed(function: Callable[..., Any], name: str) -> bool:
    """Whether a function takes (group, seed) rather than (group). Raises UsageError if it takes neither."""
    signature = inspect.signature(function)
    seed = {"seed": 0} if "seed" in signature.parameters else {}
    try:
        signature.bind(None, **seed)
    except TypeError:
        raise UsageError(f"reward {name} must take (group) or (group, seed), not {signature}") from None
    return bool(seed)


def file_identity(reward: object) -> Mapping[str, Json]:
    """The digest of the reward's file, for one that stands in a file of its own."""
    sha256 = getattr(reward, "sha256", None)
    return {"reward_file": {"sha256": sha256}} if isinstance(reward, FunctionReward) and sha256 else {}
