"""What a reward promises of itself, as attributes of a function or a class: trainers read it, `contract` holds it to it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ...harness.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class RewardSpec:
    """Raises UsageError for a promise of the wrong kind.

    `needs_gold` and `needs_judge` say what its groups must hold. Every reward lies within `bounds`, (low, high), if they
    are given. With `equal_answers_alike`, responses of a group whose answers mean the same get the same reward. A reward
    that `depends_on_order` gives other rewards when the responses change places; a `random` one draws from its seed.
    """

    needs_gold: bool = False
    needs_judge: bool = False
    bounds: tuple[float, float] | None = None
    equal_answers_alike: bool = True
    depends_on_order: bool = False
    random: bool = False

    def __post_init__(self) -> None:
        for one in dataclasses.fields(RewardSpec):
            value = getattr(self, one.name)
            if one.name != "bounds" and not isinstance(value, bool):
                raise UsageError(f"a reward's {one.name} must be True or False, not {value!r:.60}")
        if self.bounds is not None and not _are_bounds(self.bounds):
            raise UsageError(f"a reward's bounds must be two finite numbers (low, high), not {self.bounds!r:.60}")


def _are_bounds(given: Any) -> bool:
    return (
        isinstance(given, tuple)
        and len(given) == 2
        and all(isinstance(value, int | float) and math.isfinite(value) for value in given)
        and given[0] <= given[1]
    )


def with_spec(
    *,
    needs_gold: bool = False,
    needs_judge: bool = False,
    bounds: tuple[float, float] | None = None,
    equal_answers_alike: bool = True,
    depends_on_order: bool = False,
    random: bool = False,
) -> Callable[[F], F]:
    """A decorator that sets what a function promises as its attributes. Raises UsageError as `RewardSpec` does."""
    promised = RewardSpec(
        needs_gold=needs_gold,
        needs_judge=needs_judge,
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
    found: dict[str, Any] = {one.name: getattr(reward, one.name, one.default) for one in dataclasses.fields(RewardSpec)}
    return RewardSpec(**found)
