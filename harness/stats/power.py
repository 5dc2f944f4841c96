"""The smallest true difference between two models that a test on their changed items would see.

Seen by McNemar's exact test, which is discrete: with few changed items its true level is far below the nominal one, and so is
the chance of seeing anything. Clusters count as the items that they are worth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import bdtr

_EXACT = 150
"""Up to so many expected changes the chance is summed over every number of changes; beyond, a normal one is as good."""
_STEPS = 18


@dataclass(frozen=True)
class Changes:
    """How items change between two models: a number of independent ones (clustered ones over their design effect).

    The share `balanced` of them changes and cancels out. A difference is partly items that change besides: the share
    `on_top` of it, 1 where nearly all are right or nearly all wrong, so that none are left to change the other way.
    """

    items: float
    balanced: float
    on_top: float

    def seen(self, change: float, alpha: float) -> float:
        """How often McNemar's two-sided test at the level sees a true mean change."""
        every = max(1, math.floor(self.items))
        changing = min(1.0, max(change, self.balanced + self.on_top * change))
        upwards = (1 + change / changing) / 2
        spread = 8 * math.sqrt(every * changing) + 8
        middle = every * changing
        counts = np.arange(max(0, math.floor(middle - spread)), min(every, math.ceil(middle + spread)) + 1)
        critical = _critical(alpha)[counts]
        seen = np.where(critical >= 0, bdtr(critical, counts, upwards) + bdtr(critical, counts, 1 - upwards), 0.0)
        return float(stats.binom.pmf(counts, every, changing) @ seen)


def detectable_change(changes: Changes, clusters: int, alpha: float, power: float) -> float:
    """The smallest true mean change that is seen at the two-sided level `alpha` with the chance `power`; infinite if none is.

    Where there are fewer `clusters` than items, it is larger as Student's t is than the normal quantiles.
    """
    wanted = float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))
    student = float(stats.t.ppf(1 - alpha / 2, clusters - 1) + stats.t.ppf(power, clusters - 1))
    items, square = changes.items, wanted**2 * changes.on_top
    normal = (square + math.sqrt(square**2 + 4 * items * wanted**2 * changes.balanced)) / (2 * items)
    found = normal
    if items * (changes.balanced + normal) <= _EXACT:
        low, found = 0.0, min(1.0, 4 * normal)
        if changes.seen(found, alpha) < power:
            return math.inf
        for _ in range(_STEPS):
            middle = (low + found) / 2
            low, found = (low, middle) if changes.seen(middle, alpha) >= power else (middle, found)
    if clusters < items - 0.5:
        found *= student / wanted
    return found if found <= 1 else math.inf


@lru_cache(maxsize=32)
def _critical(alpha: float) -> NDArray[np.float64]:
    """For each number of changes the largest smaller side that the test still calls a difference; -1 if there is none."""
    counts = np.arange(8 * _EXACT)
    largest = stats.binom.ppf(alpha / 2, counts, 0.5)
    refused: NDArray[np.float64] = 1.0 * (2 * stats.binom.cdf(largest, counts, 0.5) >= alpha)
    critical: NDArray[np.float64] = largest - refused
    return critical
