"""Honest errors: means and paired differences over items that come in clusters.

Items that share a picture or a problem are not independent draws, so the unit of the standard error is the cluster
(Miller 2024, "Adding Error Bars to Evals", arXiv 2411.00640, section 2.2; the linearised sandwich estimator with the
G/(G-1) correction for G clusters). Ratios and means of means get the delta method on the same clusters. Two models on the
same items are compared item by item, never by their two intervals; two trainings with several seeds each by an error that
counts items and seeds.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .power import Changes, detectable_change

T = TypeVar("T", bound=Hashable)
ROUNDING = 1e-12
"""A standard error below this is what rounding leaves of none."""
ALPHA, POWER = 0.05, 0.8
"""Level of the two-sided tests, and the chance with which a detectable difference is seen."""
EXACT_CLUSTERS = 14
"""Up to so many changed clusters every pattern of signs is tried."""
FLIPS = 10_000
"""So many random patterns of signs are tried for more clusters, in batches."""
_BATCH = 1000
FEWEST_CLUSTERS = 5
"""With fewer, the interval of a difference is all that is possible: a handful tells too little of how clusters differ."""


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


NOTHING = Estimate(math.nan, math.nan, 0.0, 1.0, 0, 0)
"""A share of no observations."""


def _cluster_sums(residuals: Sequence[float], clusters: Sequence[str]) -> NDArray[np.float64]:
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


def clustered_stderr(values: Sequence[float], clusters: Sequence[str]) -> tuple[float, int]:
    """Standard error of the mean of `values`, NaN for one cluster, and the number of clusters."""
    mean = math.fsum(values) / len(values)
    stderr, count = _linearised_stderr([value - mean for value in values], clusters)
    return stderr / len(values), count


def _share(value: float, influences: Sequence[float], weights: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """A share whose observations have these weights (their sum is 1) and influences, with its 95% interval.

    The interval is Clopper and Pearson's with the effective sample size: the number of observations over the design
    effect (Korn & Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts").
    Near 0 and 1 few clusters tell of the design effect, so one more is counted among them, of which all answers go
    together. Where every answer is right, or wrong, the clusters are the sample, and no other share has a better bound.
    """
    stderr, count = _linearised_stderr(influences, clusters)
    if count < 2:
        return Estimate(value, math.nan, 0.0, 1.0, len(weights), count)
    by_cluster = _cluster_sums(weights, clusters)
    clusters_seen = int(np.count_nonzero(by_cluster > 0))
    best = (ALPHA / 2) ** (1 / clusters_seen)
    spread = value * (1 - value)
    if spread < ROUNDING:
        low, high = (best, 1.0) if value > 0.5 else (0.0, 1 - best)
        return Estimate(value, stderr, low, high, len(weights), count)
    size = 1 / math.fsum(weight**2 for weight in weights)
    design_effect = max(1.0, stderr**2 * (1 - 1 / count) * size / spread)
    largest = size * float(by_cluster @ by_cluster)  # were every cluster all right or all wrong
    unknown = largest / (largest + size * spread)
    design_effect += unknown * max(0.0, largest - design_effect)
    low, high = clopper_pearson(value * size / design_effect, size / design_effect)
    return Estimate(value, stderr, min(low, best), max(high, 1 - best), len(weights), count)


def clopper_pearson(right: float, size: float) -> tuple[float, float]:
    """The exact 95% interval of a share of which `right` of `size` were seen (Clopper & Pearson 1934), not always whole."""
    low = float(stats.beta.ppf(ALPHA / 2, right, size - right + 1)) if right > 0 else 0.0
    high = float(stats.beta.ppf(1 - ALPHA / 2, right + 1, size - right)) if right < size else 1.0
    return low, high


def proportion(values: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Mean of values in [0, 1] with a clustered standard error and a 95% interval; of no values it is NaN.

    Without clusters the interval of k right ones of n is Clopper and Pearson's; with them it is that of as many independent
    answers as they are worth: unlike mean +- 2 SE it stays in [0, 1] and is no point when every answer is right or wrong.
    """
    if not values:
        return NOTHING
    size = len(values)
    mean = math.fsum(values) / size
    return _share(mean, [(value - mean) / size for value in values], [1 / size] * size, clusters)


def ratio(numerators: Sequence[float], denominators: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """Sum of `numerators` over sum of `denominators`, each numerator from 0 to its denominator; the interval as above.

    The standard error is the delta method's, with clusters: observation i has the influence (x_i - R y_i) / sum of y.
    The ratio is NaN with n = 0 where the denominators are all 0.
    """
    total = math.fsum(denominators)
    if total == 0:
        return NOTHING
    value = math.fsum(numerators) / total
    influences = [(x - value * y) / total for x, y in zip(numerators, denominators, strict=True)]
    return _share(value, influences, [y / total for y in denominators], clusters)


def mean_of_means(values: Sequence[float], groups: Sequence[str], clusters: Sequence[str]) -> Estimate:
    """The mean of the means of groups, every group of one weight; values in [0, 1], the interval as above.

    The standard error is the delta method's, with clusters that may lie across groups: an observation of group g, one of
    L, has the influence (value - mean of g) / (size of g * L). A group of one observation adds nothing to it.
    """
    members: dict[str, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(group, []).append(value)
    if not members:
        return NOTHING
    means = {group: math.fsum(found) / len(found) for group, found in members.items()}
    weights = [1 / (len(members[group]) * len(members)) for group in groups]
    influences = [(value - means[group]) * weight for value, group, weight in zip(values, groups, weights, strict=True)]
    return _share(math.fsum(means.values()) / len(means), influences, weights, clusters)


@dataclass(frozen=True)
class SeedErrors:
    """What several seeds of a training add to the error of a difference; pairs are (before, after).

    `runs` are the numbers of seeds, `deviations` the standard deviations of their scores (NaN for one run),
    `item_stderr` is the standard error over items alone, `crossed_stderr` the part of it that more seeds would shrink too
    (what a seed does to one item and not to another), `degrees` the degrees of freedom of the t test.
    """

    runs: tuple[int, int]
    deviations: tuple[float, float]
    item_stderr: float
    crossed_stderr: float
    degrees: float


@dataclass(frozen=True)
class Difference:
    """The mean of b - a over the same items; `gained` and `lost` count items that became more and less often right.

    `p` is two-sided, by the test that `test` names: "McNemar", "sign flips", "t" (over items and seeds), or "none".
    The interval is at the level that was asked for (95% unless told), and -1 to 1 with too few clusters. `detectable` is the
    smallest true difference that would be seen at that level with the chance that was asked for (5% and 80% unless told);
    infinite if none could.
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
    test: str
    detectable: float
    seeds: SeedErrors | None = None

    def clusters_for(self, effect: float) -> int | None:
        """About how many such clusters would make `effect` detectable; None where that cannot be told.

        The standard error shrinks with the root of the number of clusters.
        """
        if not math.isfinite(self.detectable) or self.seeds is not None or effect <= 0:
            return None
        return math.ceil(self.clusters * (self.detectable / effect) ** 2)


def mcnemar(gained: int, lost: int) -> float:
    """Exact two-sided McNemar test: how likely so uneven a split of the changed items is, if neither way is favoured."""
    changed = gained + lost
    return float(stats.binomtest(gained, changed, 0.5).pvalue) if changed else 1.0


def sign_flips(sums: Sequence[float]) -> float:
    """Two-sided p of the sum of clusters' changes, if each cluster could as well have changed the other way.

    The randomisation test for one sample (Fisher 1935, "The Design of Experiments", section 21): exact for up to 14
    clusters that changed, else of 10,000 random patterns and the observed one (Phipson & Smyth 2010, "Permutation
    P-values Should Never Be Zero"). Only sizes enter, in order, with a fixed seed: the same data give the same p, with
    models swapped and items in any order too.
    """
    sizes = np.sort(np.abs([one for one in sums if abs(one) > ROUNDING]))
    observed = abs(math.fsum(sums)) - ROUNDING * max(1, len(sizes))
    if len(sizes) <= EXACT_CLUSTERS:
        every = np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1
        return float(np.mean(_flipped(every, sizes) >= observed))
    random = np.random.default_rng(0)
    batches = (_random_signs(random, _BATCH, len(sizes)) for _ in range(FLIPS // _BATCH))
    return float(1 + sum(np.sum(_flipped(signs, sizes) >= observed) for signs in batches)) / (1 + FLIPS)


def _random_signs(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.uint8]:
    """A matrix of fair bits."""
    raw = np.frombuffer(random.bytes(rows * -(-columns // 8)), np.uint8)
    return np.unpackbits(raw.reshape(rows, -1), axis=1)[:, :columns]


def _flipped(signs: NDArray[np.integer], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The size of the sum for each row of a 0/1 matrix that says which clusters' changes go down."""
    found: NDArray[np.float64] = np.abs(sizes.sum() - 2 * (signs.astype(np.float64) @ sizes))
    return found


def holm(pvalues: Sequence[float]) -> list[float]:
    """Adjusted p-values that keep the chance of any false alarm among all tests at the level (Holm 1979)."""
    adjusted = [0.0] * len(pvalues)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(pvalues)), key=lambda index: pvalues[index])):
        highest = max(highest, min(1.0, (len(pvalues) - rank) * pvalues[index]))
        adjusted[index] = highest
    return adjusted


def rank_ranges(entries: Collection[T], better: Set[tuple[T, T]]) -> dict[T, tuple[int, int]]:
    """The best and the worst rank that tests leave each entry; (one, other) of `better`: one is shown to be better."""
    return {
        entry: (
            1 + sum((other, entry) in better for other in entries),
            len(entries) - sum((entry, other) in better for other in entries),
        )
        for entry in entries
    }


def detectable_difference(stderr: float, degrees: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """The true difference that a two-sided t test at level `alpha` sees with the chance `power`.

    (t of 1 - alpha/2 + t of power) standard errors (Bloom 1995, "Minimum Detectable Effects").
    """
    return float(stats.t.ppf(1 - alpha / 2, degrees) + stats.t.ppf(power, degrees)) * stderr


def item_changes(before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Item id -> mean score over `after` minus mean score over `before`, in the order of ids; 0 where rounding is all.

    Raises ValueError unless all hold the same items, and some: a silent intersection would compare something else.
    """
    every = set(chain.from_iterable((*before, *after)))
    only = every - every.intersection(*before, *after)
    if only:
        raise ValueError(f"a paired difference needs the same items; {len(only)} are not in all, e.g. {min(only)!r}")
    if not every:
        raise ValueError("a paired difference needs at least one item")
    changes = {}
    for item in sorted(every):
        means = [math.fsum(seed[item] for seed in side) / len(side) for side in (before, after)]
        change = means[1] - means[0]
        changes[item] = change if abs(change) > ROUNDING else 0.0
    return changes


def paired_difference(
    before: Mapping[str, float],
    after: Mapping[str, float],
    clusters: Mapping[str, str],
    alpha: float = ALPHA,
    power: float = POWER,
) -> Difference:
    """How much better `after` is than `before`; both map item id to the item's mean score in [0, 1].

    The interval holds the true difference with a chance of 1 - `alpha`; `power` is for what is detectable. The test is
    exact McNemar where every item is its own cluster and changed by 0 or 1, else `sign_flips`.

    Raises ValueError unless both hold the same items.
    """
    changes = item_changes([before], [after])
    found = _untested(changes, clusters, _mean_score(before, after), alpha, power)
    if found.clusters < 2:
        return found
    if found.clusters == found.n and all(change in (-1, 0, 1) for change in changes.values()):
        return replace(found, p=mcnemar(found.gained, found.lost), test="McNemar")
    sums = _cluster_sums(list(changes.values()), [clusters[item] for item in changes])
    return replace(found, p=sign_flips(sums.tolist()), test="sign flips")


def _mean_score(*runs: Mapping[str, float]) -> float:
    return math.fsum(math.fsum(run.values()) / len(run) for run in runs) / len(runs)


def _untested(
    by_item: Mapping[str, float], clusters: Mapping[str, str], rate: float, alpha: float = ALPHA, power: float = POWER
) -> Difference:
    """A difference over items, all but its test; `rate` is the mean score over both sides."""
    changes, groups = list(by_item.values()), [clusters[item] for item in by_item]
    value = math.fsum(changes) / len(changes)
    stderr, count = clustered_stderr(changes, groups)
    gained, lost = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
    if count < FEWEST_CLUSTERS:
        return Difference(value, stderr, -1.0, 1.0, gained, lost, len(changes), count, 1.0, "none", math.inf)
    scale = _design_effect(changes, stderr, count)
    centre, error = _widened(changes, scale)
    low, high = _interval(centre, error, count - 1, alpha)
    detectable = math.inf
    if 2.0 ** (1 - count) < alpha / 4:  # else a test on signs calls nothing a difference, or next to nothing
        balanced = max(0.0, math.fsum(change**2 for change in changes) - abs(math.fsum(changes)) + 1) / (
            len(changes) + 2
        )
        kind = Changes(len(changes) / scale, balanced, 0.5 + abs(0.5 - rate))
        detectable = detectable_change(kind, count, alpha, power)
    return Difference(value, stderr, low, high, gained, lost, len(changes), count, 1.0, "none", detectable)


def seeded_difference(
    before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]], clusters: Mapping[str, str]
) -> Difference:
    """How much better the trainings `after` are than the trainings `before`, each a sequence of seeds' item scores.

    Items and seeds are both drawn, and cross: V = V_items + sum over sides of (V_seeds - V_items x seeds), the
    inclusion and exclusion of two-way clustering (Cameron, Gelbach & Miller 2011, "Robust Inference with Multi-way
    Clustering"), with the parts of the crossed analysis of variance, which are unbiased for few seeds. A side
    of one run is taken as it is, without an error of seeds; two of them are a `paired_difference`.

    Raises ValueError unless all hold the same items.
    """
    if len(before) == len(after) == 1:
        return paired_difference(before[0], after[0], clusters)
    changes = item_changes(before, after)
    paired = _untested(changes, clusters, _mean_score(*before, *after))
    if paired.clusters < 2:
        return paired
    groups = [clusters[item] for item in changes]
    tables = [np.array([[seed[item] for item in changes] for seed in side]) for side in (before, after)]
    every = list(changes.values())
    centre, error = _widened(every, _design_effect(every, paired.stderr, paired.clusters))
    seed_variances = [_seed_variances(table, groups) for table in tables]
    variance, degrees = _two_way(error**2, paired.clusters, seed_variances)
    stderr, crossed = math.sqrt(variance), math.sqrt(sum(both for _, both, _ in seed_variances))
    low, high = _interval(centre, stderr, degrees) if paired.clusters >= FEWEST_CLUSTERS else (-1.0, 1.0)
    deviations = [float(table.mean(axis=1).std(ddof=1)) if len(table) > 1 else math.nan for table in tables]
    return replace(
        paired,
        stderr=stderr,
        low=low,
        high=high,
        p=float(2 * stats.t.sf(abs(centre) / stderr, degrees)),
        test="t",
        detectable=detectable_difference(stderr, degrees),
        seeds=SeedErrors((len(before), len(after)), (deviations[0], deviations[1]), paired.stderr, crossed, degrees),
    )


def _seed_variances(table: NDArray[np.float64], groups: Sequence[str]) -> tuple[float, float, int]:
    """Of scores (seeds x items): variance of the mean by seeds, the part of it that is items x seeds, and seeds - 1."""
    seeds, items = table.shape
    if seeds < 2:
        return 0.0, 0.0, 0
    deviations = table - table.mean(axis=0)
    by_seed = deviations.mean(axis=1)
    sums = np.array([_cluster_sums(row.tolist(), groups) for row in deviations - by_seed[:, None]])
    count = sums.shape[1]
    crossed = float((sums**2).sum()) / (seeds * items) ** 2 * count / (count - 1) * seeds / (seeds - 1)
    return float(by_seed @ by_seed) / (seeds - 1) / seeds, crossed, seeds - 1


def _two_way(items: float, clusters: int, sides: Sequence[tuple[float, float, int]]) -> tuple[float, float]:
    """The variance of a difference by items and by seeds, and its degrees of freedom (Satterthwaite 1946).

    V_items holds the crossed part once already. The variance is never less than by items alone or by seeds alone: an
    estimate of few seeds may fall below, the truth does not.
    """
    by_seeds = sum(seeds for seeds, _, _ in sides)
    variance = max(items + by_seeds - sum(crossed for _, crossed, _ in sides), items, by_seeds)
    squares = items**2 / (clusters - 1) + sum(seeds**2 / degrees for seeds, _, degrees in sides if degrees)
    return variance, variance**2 / squares


def _design_effect(changes: Sequence[float], stderr: float, clusters: int) -> float:
    """What clusters add to the variance of the mean change; where nothing changed, what they could."""
    n, total, squares = len(changes), math.fsum(changes), math.fsum(change**2 for change in changes)
    independent = (squares - total**2 / n) / n**2
    return max(1.0, stderr**2 / independent) if independent > 0 else n / clusters


def _widened(changes: Sequence[float], design_effect: float) -> tuple[float, float]:
    """Centre and standard error of an interval for the mean change that stays honest when few items changed, or none.

    Two items are added that share one gain and one loss half and half (Agresti & Min 2005, "Simple improved confidence
    intervals for comparing matched proportions", Wald + 2), and the variance is scaled by what clusters add to it.
    """
    n, total, squares = len(changes), math.fsum(changes), math.fsum(change**2 for change in changes)
    widened = (squares + 1 - total**2 / (n + 2)) / (n + 2) ** 2
    return total / (n + 2), math.sqrt(design_effect * widened)


def _interval(centre: float, stderr: float, degrees: float, alpha: float = ALPHA) -> tuple[float, float]:
    half = float(stats.t.ppf(1 - alpha / 2, degrees)) * stderr
    return max(-1.0, centre - half), min(1.0, centre + half)
