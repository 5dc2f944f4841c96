"""Means and paired differences over groups, with 95% intervals whose errors are clustered by the items' clusters.

Values are (groups,) arrays with NaN where a measure is not defined; those groups are left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions

from ...harness.stats import intervals
from ...harness.types import Json
from ..rewards.advantages import Array


@dataclass(frozen=True)
class Interval:
    """A mean over `groups` groups in `clusters` clusters with its 95% interval; `undefined` groups are left out.

    `value` is NaN where every group is undefined, `low` and `high` also where one cluster alone is left.
    """

    value: float
    low: float
    high: float
    groups: int
    clusters: int
    undefined: int

    @property
    def excludes_zero(self) -> bool:
        """True if 0 is outside of the interval."""
        return self.low > 0 or self.high < 0

    def to_json(self) -> Json:
        """All fields; null where a number is undefined."""
        value, low, high = (None if math.isnan(one) else one for one in (self.value, self.low, self.high))
        return {
            "value": value,
            "low": low,
            "high": high,
            "groups": self.groups,
            "clusters": self.clusters,
            "undefined": self.undefined,
        }


def mean(values: Array, clusters: Sequence[str], *, share: bool) -> Interval:
    """The mean of the defined values. Of a `share`, with values in [0, 1], the interval is `harness.stats.proportion`'s;
    else Student's with the clustered standard error.
    """
    kept = ~np.isnan(values)
    found, names = values[kept], [name for name, keep in zip(clusters, kept, strict=True) if keep]
    undefined = len(values) - len(found)
    if not share:
        return _student(found, names, undefined)
    estimate = intervals.proportion(found.tolist(), names)
    bare = estimate.clusters < 2
    low, high = (math.nan, math.nan) if bare else (estimate.low, estimate.high)
    return Interval(estimate.value, low, high, estimate.n, estimate.clusters, undefined)


def difference(before: Array, after: Array, clusters: Sequence[str], *, share: bool) -> Interval:
    """The mean of after - before, group by group, where both are defined.

    The interval of a `share` is `harness.stats.paired_difference`'s, which stays honest when few groups differ, or none;
    else Student's with the clustered standard error of the differences.
    """
    kept = ~np.isnan(before) & ~np.isnan(after)
    names = [name for name, keep in zip(clusters, kept, strict=True) if keep]
    undefined = len(before) - len(names)
    if not share or not names:
        return _student((after - before)[kept], names, undefined)
    keys = [f"{place:09d}" for place in range(len(names))]
    sides = [dict(zip(keys, side[kept].tolist(), strict=True)) for side in (before, after)]
    found = intervals.paired_difference(sides[0], sides[1], dict(zip(keys, names, strict=True)))
    low, high = (math.nan, math.nan) if found.clusters < 2 else (found.low, found.high)
    return Interval(found.value, low, high, found.n, found.clusters, undefined)


def _student(values: Array, clusters: Sequence[str], undefined: int) -> Interval:
    """Mean -+ t of 0.975 with G - 1 degrees of freedom times the clustered standard error (arXiv 2411.00640, section 2.2)."""
    if not len(values):
        return Interval(math.nan, math.nan, math.nan, 0, 0, undefined)
    value = math.fsum(values) / len(values)
    error, count = intervals.clustered_stderr(values.tolist(), clusters)
    half = float(distributions.t.ppf(0.975, count - 1)) * error if count > 1 else math.nan
    return Interval(value, value - half, value + half, len(values), count, undefined)
