"""From a group's rewards to its advantages: plain functions of shape (n,) -> (n,), some with a parameter `beta`.

One of a third party is known by the entry point `proctor.advantages`, or by its path.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...harness.errors import UsageError
from ...harness.registry import Origin, Registry
from ...harness.user_file import call, shown_value

Array: TypeAlias = NDArray[np.float64]
Advantage: TypeAlias = Callable[[Array], Array]

EPSILON = 1e-6


def group_norm(rewards: Array) -> Array:
    """GRPO: (r - mean) / (std + eps) with the sample standard deviation (arXiv 2402.03300, section 4.1.2)."""
    spread = float(rewards.std(ddof=1))
    return dr_grpo(rewards) / (spread + EPSILON)


def dr_grpo(rewards: Array) -> Array:
    """Dr. GRPO: r - mean, not divided by the spread, so that groups weigh as they differ (arXiv 2503.20783)."""
    centred: Array = rewards - rewards.mean()
    return centred


def log_softmax(rewards: Array, beta: float = 1.0) -> Array:
    """Actor-Judge's formula: beta * r - logsumexp(beta * r) over the group (arXiv 2603.21289).

    The log-probability of each response under the distribution that the rewards induce: never above 0, so that every
    response is pushed down, the better ones less.
    """
    scaled = beta * rewards
    most = scaled.max()
    normalised: Array = scaled - (most + np.log(np.exp(scaled - most).sum()))
    return normalised


def log_softmax_centred(rewards: Array, beta: float = 1.0) -> Array:
    """What Actor-Judge's code trains on: `log_softmax` less its mean over the group, as GRPO without the spread does.

    The logsumexp is the same for the whole group, so it cancels: what is left is beta * (r - mean).
    """
    return beta * dr_grpo(rewards)


def numbers(value: Any) -> Array | None:
    """The given sequence of numbers, shape (n,); None for anything else."""
    try:
        array = np.asarray(value)
    except Exception:  # whatever an object of somebody else raises when it is made an array
        return None
    return array.astype(np.float64) if array.ndim == 1 and (array.dtype.kind in "biuf" or array.size == 0) else None


def _checked(function: Any, origin: Origin) -> Callable[..., Array]:
    """The function, held to n finite numbers. Raises UsageError for what takes neither (rewards) nor (rewards, beta)."""
    what = f"advantage {origin.shown}"
    try:
        inspect.signature(function).bind(None, *([1.0] if takes_beta(function) else []))
    except (TypeError, ValueError):
        raise UsageError(f"{what} must be a function of (rewards) or (rewards, beta)") from None

    def checked(rewards: Array, *beta: float) -> Array:
        result = call(what, function, rewards.copy(), *beta)
        row = numbers(result)
        if row is None or row.shape != rewards.shape or not np.isfinite(row).all():
            raise UsageError(f"{what}: gave {shown_value(result)}, not {len(rewards)} finite numbers")
        return row

    return wraps(function)(checked)


def takes_beta(function: Callable[..., Any]) -> bool:
    """True if an advantage has a parameter `beta`."""
    return "beta" in inspect.signature(function).parameters


ADVANTAGES: Registry[Callable[..., Array]] = Registry(
    kind="advantage",
    group="proctor.advantages",
    builtin={
        "group_norm": "proctor.trainers.rewards.advantages:group_norm",
        "dr_grpo": "proctor.trainers.rewards.advantages:dr_grpo",
        "log_softmax": "proctor.trainers.rewards.advantages:log_softmax",
        "log_softmax_centred": "proctor.trainers.rewards.advantages:log_softmax_centred",
    },
    adapt=_checked,
)


def advantage(name: str, beta: float = 1.0) -> Advantage:
    """The advantage of that name or path; `beta` is for those that have one.

    Raises UsageError, naming those there are, and for a beta that would do nothing.
    """
    if not 0 < beta < math.inf:
        raise UsageError(f"the advantage's beta must be positive and finite, not {beta}")
    function = ADVANTAGES.load(name)
    if takes_beta(function):
        return lambda rewards: function(rewards, beta)
    if beta != 1:
        others = " or ".join(known for known in ADVANTAGES.builtin if takes_beta(ADVANTAGES.get(known)))
        raise UsageError(f"advantage {name} has no beta: leave out advantage_beta, or choose {others}")
    return function
