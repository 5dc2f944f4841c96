"""Honest errors: means and paired differences over items that come in clusters.

Items that share a picture or a problem are not independent draws, so the unit of the standard error is the cluster
(Miller 2024, "Adding Error Bars to Evals", arXiv 2411.00640, section 2.2; the linearised sandwich estimator with the
G/(G-1) correction for G clusters). Ratios and means of means get the delta method on the same clusters. Two models on the
same items are compared item by item, never by their two intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

ROUNDING = 1e-12
"""A standard error below this is what rounding leaves of none."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its clustered standard error and a 95% interval; `n` observations in `clusters` clusters.

    With fewer than two clusters there is no error to estimate: `stderr` is NaN and the interval is all that is possible.
    """

    value: float
    stderr: float
    low: float
    high: float
    n: int
    clusters: int


def _cluster_sums(residuals: Sequence[float], clusters: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    names = {name: index for index, name in enumerate(dict.fromkeys(clusters))}
    sums = np.zeros(len(names))
    np.add.at(sums, [names[cluster] for cluster in clusters], residuals)
    return sums


def _linearised_stderr(influences: Sequence[float], clusters: Sequence[str]) -> tuple[float, int]:
    """Standard error of a smooth function of means whose observations have these influences, and the number of clusters.

    An influence is the derivative of the estimate by the observation's weight: the delta method, or linearisation.
    """
    sums = _cluster_sums(influences, clusters)
    count = len(sums)
    return (math.sqrt(count / (count - 1) * float(sums @ sums)) if count > 1 else math.nan), count


def _clustered_stderr(values: Sequence[float], clusters: Sequence[str]) -> tuple[float, int]:
    """Standard error of the mean of `values`, and the number of clusters."""
    mean = math.fsum(values) / len(values)
    stderr, count = _linearised_stderr([value - mean for value in values], clusters)
    return stderr / len(values), count


def _with_interval(value: float, stderr: float, n: int, clusters: int) -> Estimate:
    """An estimate of a share with its 95% score interval."""
    if n == 0:
        return Estimate(math.nan, math.nan, 0.0, 1.0, 0, 0)
    if clusters < 2:
        return Estimate(value, math.nan, 0.0, 1.0, n, clusters)
    effective = value * (1 - value) / stderr**2 if stderr > ROUNDING else float(clusters)
    effective = min(effective, float(n))
    quantile = float(stats.t.ppf(0.975, clusters - 1))
    z2 = quantile**2 / effective
    centre = (value + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * (value * (1 - value) + z2 / 4)) / (1 + z2)
    return Estimate(value, stderr, max(0.0, centre - half), min(1.0, centre + half), n, clusters)


def proportion(values: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Mean of values in [0, 1] with a clustered standard error and a 95% score interval; of no values it is NaN.

    The interval is Wilson's with the effective sample size of the clustered error and Student's quantile for G-1 degrees
    of freedom: unlike mean +- 2 SE it stays in [0, 1] and does not shrink to a point when every answer is right or wrong.
    """
    if not values:
        return _with_interval(math.nan, math.nan, 0, 0)
    stderr, count = _clustered_stderr(values, clusters)
    return _with_interval(math.fsum(values) / len(values), stderr, len(values), count)


def ratio(numerators: Sequence[float], denominators: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Sum of `numerators` over sum of `denominators`, each numerator from 0 to its denominator; the interval as above.

    The standard error is the delta method's, with clusters: observation i has the influence (x_i - R y_i) / sum of y.
    The ratio is NaN with n = 0 where the denominators are all 0.
    """
    total = math.fsum(denominators)
    if total == 0:
        return _with_interval(math.nan, math.nan, 0, 0)
    value = math.fsum(numerators) / total
    influences = [(x - value * y) / total for x, y in zip(numerators, denominators, strict=True)]
    stderr, count = _linearised_stderr(influences, clusters)
    return _with_interval(value, stderr, len(numerators), count)


def mean_of_means(values: Sequence[float], groups: Sequence[str], clusters: Sequence[str]) -> Estimate:
    """The mean of the means of groups, every group of one weight; values in [0, 1], the interval as above.

    The standard error is the delta method's, with clusters that may lie across groups: an observation of group g, one of
    L, has the influence (value - mean of g) / (size of g * L). A group of one observation adds nothing to it.
    """
    members: dict[str, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(group, []).append(value)
    if not members:
        return _with_interval(math.nan, math.nan, 0, 0)
    means = {group: math.fsum(found) / len(found) for group, found in members.items()}
    influences = [
        (value - means[group]) / (len(members[group]) * len(members))
        for value, group in zip(values, groups, strict=True)
    ]
    stderr, count = _linearised_stderr(influences, clusters)
    return _with_interval(math.fsum(means.values()) / len(means), stderr, len(values), count)


@dataclass(frozen=True)
class Difference:
    """The mean of b - a over the same items; `gained` and `lost` count items that became right and wrong.

    `p` is two-sided: exact McNemar where every item is its own cluster and has one sample, else Student's t on clusters.
    """

    value: float
    stderr: float
    low: float
    high: float
    gained: int
    lost: int
    n: int
    clusters: int
    p: float


def mcnemar(gained: int, lost: int) -> float:
    """Exact two-sided McNemar test: how likely so uneven a split of the changed items is, if neither way is favoured."""
    changed = gained + lost
    return float(stats.binomtest(gained, changed, 0.5).pvalue) if changed else 1.0


def paired_difference(
    before: Mapping[str, float], after: Mapping[str, float], clusters: Mapping[str, str]
) -> Difference:
    """How much better `after` is than `before`; both map item id to the item's mean score in [0, 1].

    Raises ValueError unless both hold the same items: a silent intersection would compare something else.
    """
    if before.keys() != after.keys():
        only = sorted(before.keys() ^ after.keys())
        raise ValueError(f"a paired difference needs the same items; {len(only)} are in one only, e.g. {only[0]!r}")
    if not before:
        raise ValueError("a paired difference needs at least one item")
    ids = sorted(before)
    changes = [after[item] - before[item] for item in ids]
    groups = [clusters[item] for item in ids]
    value = math.fsum(changes) / len(changes)
    stderr, count = _clustered_stderr(changes, groups)
    gained, lost = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
    single = count == len(ids) and all(change in (-1, 0, 1) for change in changes)
    if count < 2:
        return Difference(value, math.nan, -1.0, 1.0, gained, lost, len(ids), count, 1.0)
    low, high = _difference_interval(changes, stderr, count)
    p = mcnemar(gained, lost) if single else _t_test(value, stderr, count)
    return Difference(value, stderr, low, high, gained, lost, len(ids), count, p)


def _difference_interval(changes: Sequence[float], stderr: float, clusters: int) -> tuple[float, float]:
    """A 95% interval for the mean change that stays honest when few items changed, or none.

    Two items are added that share one gain and one loss half and half (Agresti & Min 2005, "Simple improved confidence
    intervals for comparing matched proportions", Wald + 2), and the variance is scaled by what clusters add to it.
    """
    n, total, squares = len(changes), math.fsum(changes), math.fsum(change**2 for change in changes)
    independent = (squares - total**2 / n) / n**2
    scale = max(1.0, stderr**2 / independent) if independent > 0 else n / clusters
    widened = (squares + 1 - total**2 / (n + 2)) / (n + 2) ** 2
    half = float(stats.t.ppf(0.975, clusters - 1)) * math.sqrt(scale * widened)
    centre = total / (n + 2)
    return max(-1.0, centre - half), min(1.0, centre + half)


def _t_test(value: float, stderr: float, clusters: int) -> float:
    if stderr == 0:  # every cluster changed by the same: a sign-flip test is all that is left
        return 1.0 if value == 0 else 2.0 ** (1 - clusters)
    return float(2 * stats.t.sf(abs(value) / stderr, clusters - 1))
