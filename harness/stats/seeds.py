"""One number of several training seeds, and one average of several suites, each with its 95% interval.

The seeds of one training are examined on the same items, so more seeds do not make the error from the choice of items
smaller: with k seeds the variance is (mean over seeds of the clustered item variance) + (variance between seeds) / k. The
interval is Student's, with Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946, p. 110) for the sum.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy import stats

from .intervals import Estimate

NO_VARIANCE = 1e-24
"""A variance below this is what rounding leaves of none."""


@dataclass(frozen=True)
class SeedEstimate:
    """One seed's share, its variance from the choice of items with `freedom` degrees of freedom, and its 95% interval.

    With no freedom the variance is unknown, and the interval is all that is possible.
    """

    value: float
    variance: float
    freedom: float
    low: float
    high: float


def of_estimate(estimate: Estimate) -> SeedEstimate:
    """One metric of one run."""
    variance = 0.0 if math.isnan(estimate.stderr) else estimate.stderr**2
    return SeedEstimate(estimate.value, variance, max(0, estimate.clusters - 1), estimate.low, estimate.high)


def averaged(suites: Sequence[SeedEstimate]) -> SeedEstimate:
    """The mean over suites, each of one weight, of one seed: suites have no items in common, so variances add."""
    if len(suites) == 1:
        return suites[0]
    value = statistics.fmean(one.value for one in suites)
    parts = [(one.variance / len(suites) ** 2, one.freedom) for one in suites]
    bounds = statistics.fmean(one.low for one in suites), statistics.fmean(one.high for one in suites)
    return _with_interval(value, parts, bounds)


def pooled(seeds: Sequence[SeedEstimate]) -> SeedEstimate:
    """The mean over seeds; of one seed, that itself."""
    if len(seeds) == 1:
        return seeds[0]
    values = [one.value for one in seeds]
    items = statistics.fmean(one.variance for one in seeds), min(one.freedom for one in seeds)
    between = statistics.variance(values) / len(seeds), len(seeds) - 1
    return _with_interval(
        statistics.fmean(values), [items, between], (min(one.low for one in seeds), max(one.high for one in seeds))
    )


def _with_interval(value: float, parts: Iterable[tuple[float, float]], bounds: tuple[float, float]) -> SeedEstimate:
    """A number whose variance is the sum of independent (variance, freedom); `bounds` where that is no variance at all."""
    known = list(parts)
    total = math.fsum(variance for variance, _ in known)
    if not all(freedom > 0 for _, freedom in known):
        return SeedEstimate(value, total, 0, 0.0, 1.0)
    if total < NO_VARIANCE:
        return SeedEstimate(value, 0.0, min(freedom for _, freedom in known), *bounds)
    freedom = total**2 / math.fsum(variance**2 / freedom for variance, freedom in known)
    half = float(stats.t.ppf(0.975, freedom)) * math.sqrt(total)
    return SeedEstimate(value, total, freedom, max(0.0, value - half), min(1.0, value + half))
