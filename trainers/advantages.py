"""From a group's rewards to its advantages: plain functions of shape (n,) -> (n,)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..harness.errors import UsageError

Array: TypeAlias = NDArray[np.float64]
Advantage: TypeAlias = Callable[[Array], Array]

EPSILON = 1e-6


def group_norm(rewards: Array) -> Array:
    """GRPO: (r - mean) / (std + eps) with the sample standard deviation (arXiv 2402.03300, section 4.1.2)."""
    spread = float(rewards.std(ddof=1))
    centred: Array = rewards - rewards.mean()
    return centred / (spread + EPSILON)


ADVANTAGES: Mapping[str, Advantage] = {"group_norm": group_norm}


def advantage(name: str) -> Advantage:
    """The advantage of that name. Raises UsageError, naming those there are."""
    if name not in ADVANTAGES:
        raise UsageError(f"no advantage is called {name!r}; there are: {', '.join(sorted(ADVANTAGES))}")
    return ADVANTAGES[name]
