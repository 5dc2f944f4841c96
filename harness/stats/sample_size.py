"""How many seeds and items a difference between two rewards would take to be seen.

The squared standard error of a comparison (`seeded_difference`) has three parts, each of which shrinks in its own way:

    V(seeds, clusters) = V_items * c + V_seeds * s + V_both * c * s,   c = clusters now / clusters,  s = seeds now / seeds

V_items is what makes some items gain more than others whatever the seed, V_seeds what makes one training better than
another on all items, V_both the rest. A few seeds tell little of V_seeds: that more items alone would do is told only if
they would even with as much of it as the seeds' scores leave possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import stats

from ..types import Json
from .intervals import Difference, detectable_difference

CONFIDENCE = 0.8
_MOST = 10**7


@dataclass(frozen=True)
class SampleSizes:
    """What would likely show a true difference of `effect` (a share): seeds are of each reward.

    `seeds` with the items as they are, `items` with the seeds as they are; None where no number would do. Where neither
    would, `both` are (seeds, items), raised in proportion.
    """

    effect: float
    seeds: int | None
    items: int | None
    both: tuple[int, int] | None

    def to_json(self) -> Json:
        """All fields; the effect in percentage points."""
        return {
            "effect": round(100 * self.effect, 6),
            "seeds": self.seeds,
            "items": self.items,
            "both": None if self.both is None else {"seeds": self.both[0], "items": self.both[1]},
        }


def sample_sizes(difference: Difference, effect: float) -> SampleSizes | None:
    """About what it takes to see `effect` at the 5% level with a chance of 80%.

    None if it takes no more than there is, or if there is no saying: no effect, fewer than two seeds of a reward.
    """
    seeds = difference.seeds
    if (
        seeds is None
        or min(seeds.runs) < 2
        or not 0 < effect < difference.detectable
        or math.isinf(difference.detectable)
    ):
        return None
    now, clusters = min(seeds.runs), difference.clusters
    more_seeds = _least(lambda number: detectable(difference, number, clusters) <= effect, now + 1)
    more_clusters = _least(lambda number: detectable(difference, now, number, wary=True) <= effect, clusters + 1)

    items = None if more_clusters is None else _items(difference, more_clusters)
    if more_seeds is not None or items is not None:
        return SampleSizes(effect, more_seeds, items, None)

    def raised(number: int) -> int:
        return math.ceil(clusters * number / now)

    both = _least(lambda number: detectable(difference, number, raised(number)) <= effect, now + 1)
    return SampleSizes(effect, None, None, None if both is None else (both, _items(difference, raised(both))))


def detectable(difference: Difference, seeds: int, clusters: int, *, wary: bool = False) -> float:
    """About the true difference that so many seeds of each reward and clusters of items would show, for two or more seeds.

    Degrees of freedom are Satterthwaite's, with the seeds' part of the variance split evenly between the rewards. `wary`
    takes the seeds' spread at its one-sided 80% confidence limit.
    """
    by_items, by_seeds, both = _parts(difference, wary)
    more_items = difference.clusters / clusters
    more_seeds = min(difference.seeds.runs if difference.seeds else (1,)) / seeds
    both *= more_items * more_seeds
    over_items, over_seeds = by_items * more_items + both, by_seeds * more_seeds + both
    variance = over_items + over_seeds - both
    squares = over_items**2 / (clusters - 1) + over_seeds**2 / (2 * (seeds - 1))
    return detectable_difference(math.sqrt(variance), variance**2 / squares)


def _parts(difference: Difference, wary: bool) -> tuple[float, float, float]:
    """V_items, V_seeds and V_both; they add up to the squared standard error, unless V_seeds is taken warily."""
    variance, seeds = difference.stderr**2, difference.seeds
    if seeds is None:
        return variance, 0.0, 0.0
    runs = [(count, deviation) for count, deviation in zip(seeds.runs, seeds.deviations, strict=True) if count > 1]
    spread = sum(deviation**2 / count for count, deviation in runs)
    both = min(variance, seeds.crossed_stderr**2)
    by_seeds = min(variance - both, max(0.0, spread - both))
    degrees = sum(count - 1 for count, _ in runs)
    limit = spread * degrees / float(stats.chi2.ppf(1 - CONFIDENCE, degrees)) if wary else 0.0
    return variance - both - by_seeds, max(by_seeds, limit - both), both


def _items(difference: Difference, clusters: int) -> int:
    """So many clusters in items, if clusters stay as large as they are."""
    return math.ceil(clusters * difference.n / difference.clusters)


def _least(enough: Callable[[int], bool], first: int) -> int | None:
    """The smallest number from `first` on that is enough, if more is always better; None if no sensible one is."""
    low, high = first - 1, first
    while not enough(high):
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
