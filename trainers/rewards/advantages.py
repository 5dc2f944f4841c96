"""From a group's rewards to its advantages: plain functions of shape (n,) -> (n,)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...harness.errors import UsageError

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


PLAIN: Mapping[str, Advantage] = {"group_norm": group_norm, "dr_grpo": dr_grpo}
SCALED: Mapping[str, Callable[[Array, float], Array]] = {
    "log_softmax": log_softmax,
    "log_softmax_centred": log_softmax_centred,
}


def advantage(name: str, beta: float = 1.0) -> Advantage:
    """The advantage of that name; `beta` is for those that have one.

    Raises UsageError, naming those there are, and for a beta that would do nothing.
    """
    if not 0 < beta < math.inf:
        raise UsageError(f"the advantage's beta must be positive and finite, not {beta}")
    if name in SCALED:
        scaled = SCALED[name]
        return lambda rewards: scaled(rewards, beta)
    if name not in PLAIN:
        raise UsageError(f"no advantage is called {name!r}; there are: {', '.join(sorted({*PLAIN, *SCALED}))}")
    if beta != 1:
        raise UsageError(f"advantage {name} has no beta: leave out advantage_beta, or choose {' or '.join(SCALED)}")
    return PLAIN[name]
