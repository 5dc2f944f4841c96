"""A reward and an advantage on one recorded group, and measures of how they agree with the labels.

A measure is a plain function of a GroupOutcome; it gives a number, or NaN where it is not defined. Notation: y_i is 1 for a
right response and 0 for a wrong one, r_i its reward, A_i its advantage, i = 1..n. A group is mixed if it has right and wrong
responses.

Over groups, measures have means and paired differences with 95% intervals, whose errors are clustered by the items' clusters.
Values are (groups,) arrays with NaN where a measure is not defined; those groups are left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats as distributions

from ...harness.errors import DataError
from ...harness.stats import intervals
from ...harness.types import Json, sample_seed
from ..base import Reward
from ..groups import RecordedGroup
from ..rewards.advantages import Advantage, Array
from ..rewards.base import rewards_of

MOST = 1e100
"""No reward may be larger: its square must be finite."""


@dataclass(frozen=True)
class GroupOutcome:
    """Of the n responses of a group, each (n,): whether it is right, its reward, its advantage."""

    correct: NDArray[np.bool_]
    rewards: Array
    advantages: Array


def reward_group(recorded: RecordedGroup, reward: Reward, advantage: Advantage, seed: int) -> GroupOutcome:
    """What the reward gives the group; its random draws depend on `seed` and the item.

    Raises UsageError for a reward that fails or lacks a judge's scores, DataError for one that gives anything but n finite
    numbers of a size that can be squared.
    """
    rewards = rewards_of(reward, recorded.group(reward), sample_seed(seed, recorded.item.id, 0))
    if float(np.abs(rewards).max()) > MOST:
        raise DataError(f"reward {reward.name}: its rewards for item {recorded.item.id} are too large for an advantage")
    return GroupOutcome(np.array(recorded.correct), rewards, advantage(rewards))


ROUNDING = 1e-12
"""A direction above minus this is not called negative: it may be what rounding leaves of none."""

GroupMeasure: TypeAlias = Callable[[GroupOutcome], float]


def label_accuracy(outcome: GroupOutcome) -> float:
    """The mean of y_i over the responses with the highest reward: whether the pseudo-label is right, ties by their mean."""
    top = outcome.rewards == outcome.rewards.max()
    return float(outcome.correct[top].mean())


def auc(outcome: GroupOutcome) -> float:
    """Mean over all pairs of a right i and a wrong j of [r_i > r_j] + [r_i = r_j] / 2; only in a mixed group.

    The chance that a right response is rewarded above a wrong one (Mann-Whitney); 0.5 says nothing.
    """
    right, wrong = _sides(outcome)
    if not len(right) or not len(wrong):
        return math.nan
    return float(((right[:, None] > wrong).mean() + (right[:, None] >= wrong).mean()) / 2)


def tau_b(outcome: GroupOutcome) -> float:
    """Kendall's tau-b of r and y: (P - Q) / sqrt((N - T_r)(N - T_y)), only in a mixed group whose rewards differ.

    P and Q count the concordant and the discordant pairs, N = n(n-1)/2, T_r and T_y the pairs tied in r and in y, so that
    N - T_y is the number of pairs of a right and a wrong response (Kendall 1945, "The treatment of ties in ranking").
    """
    right, wrong = _sides(outcome)
    n = len(outcome.rewards)
    _, counts = np.unique(outcome.rewards, return_counts=True)
    untied = (n * (n - 1) - int((counts * (counts - 1)).sum())) // 2
    if not len(right) or not len(wrong) or not untied:
        return math.nan
    balance = float(np.sign(right[:, None] - wrong).sum())
    return balance / math.sqrt(untied * len(right) * len(wrong))


def no_signal(outcome: GroupOutcome) -> float:
    """1 if all A_i are equal (0, where they are centred), so that the group teaches nothing; else 0."""
    return float(np.ptp(outcome.advantages) == 0)


def false_reinforcement(outcome: GroupOutcome) -> float:
    """1 if the highest A_i is positive and a wrong response has it, alone or tied; else 0. 0 in a group without signal."""
    highest = outcome.advantages.max()
    if highest <= 0 or no_signal(outcome):
        return 0.0
    return float((~outcome.correct[outcome.advantages == highest]).any())


def direction(outcome: GroupOutcome) -> float:
    """(sum of A_i over right i - sum of A_i over wrong i) / n: the expected first-order update.

    A step of policy gradient adds A_i times the gradient of log p(y_i): this is how much more it raises the log-probability
    of the right responses than that of the wrong ones, to first order and as if responses shared no parameters.
    """
    signs = np.where(outcome.correct, 1.0, -1.0)
    return float(signs @ outcome.advantages) / len(signs)


def negative_direction(outcome: GroupOutcome) -> float:
    """1 if `direction` is negative: the group teaches what is wrong."""
    return float(direction(outcome) < -ROUNDING)


def _sides(outcome: GroupOutcome) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rewards of the right and of the wrong responses."""
    return outcome.rewards[outcome.correct], outcome.rewards[~outcome.correct]


@dataclass(frozen=True)
class Measure:
    """A measure of groups whose mean is reported. `share`: its values are in [0, 1]; `better` says which end is good."""

    name: str
    title: str
    of_group: GroupMeasure
    share: bool
    better: str


MEASURES: Sequence[Measure] = (
    Measure("label_accuracy", "pseudo-labels right", label_accuracy, True, "high"),
    Measure("auc", "AUC in mixed groups", auc, True, "high"),
    Measure("tau_b", "Kendall's tau-b", tau_b, False, "high"),
    Measure("no_signal", "no signal", no_signal, True, "low"),
    Measure("false_reinforcement", "false reinforcement", false_reinforcement, True, "low"),
    Measure("direction", "direction", direction, False, "high"),
    Measure("negative_direction", "negative direction", negative_direction, True, "low"),
)
SIZED = ("label_accuracy", "false_reinforcement", "direction")
"""The measures that are taken at smaller groups too."""

DIFFICULTIES = ("0", "(0, 1/3]", "(1/3, 2/3]", "(2/3, 1)", "1")
"""Groups by the share of their responses that is right."""


def difficulty(correct: Sequence[bool]) -> str:
    """Which of DIFFICULTIES a group has."""
    right, n = sum(correct), len(correct)
    if right in (0, n):
        return DIFFICULTIES[0 if right == 0 else -1]
    return DIFFICULTIES[1 if 3 * right <= n else 2 if 3 * right <= 2 * n else 3]


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
        value, low, high = (None if math.isnan(number) else number for number in (self.value, self.low, self.high))
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
    defined = ~np.isnan(values)
    chosen, names = values[defined], [name for name, keep in zip(clusters, defined, strict=True) if keep]
    undefined = len(values) - len(chosen)
    if not share:
        return _student(chosen, names, undefined)
    estimate = intervals.proportion(chosen.tolist(), names)
    bare = estimate.clusters < 2
    low, high = (math.nan, math.nan) if bare else (estimate.low, estimate.high)
    return Interval(estimate.value, low, high, estimate.n, estimate.clusters, undefined)


def correlation(values: Array, clusters: Sequence[str]) -> Interval:
    """The mean of defined correlations, Student's interval kept within -1 and 1; none from fewer than FEWEST_CLUSTERS."""
    found = mean(values, clusters, share=False)
    if found.clusters < intervals.FEWEST_CLUSTERS:
        return replace(found, low=math.nan, high=math.nan)
    return replace(found, low=max(-1.0, found.low), high=min(1.0, found.high))


def difference(before: Array, after: Array, clusters: Sequence[str], *, share: bool) -> Interval:
    """The mean of after - before, group by group, where both are defined.

    The interval of a `share` is `harness.stats.paired_difference`'s, which stays honest when few groups differ, or none;
    else Student's with the clustered standard error of the differences.
    """
    defined = ~np.isnan(before) & ~np.isnan(after)
    names = [name for name, keep in zip(clusters, defined, strict=True) if keep]
    undefined = len(before) - len(names)
    if not share or not names:
        return _student((after - before)[defined], names, undefined)
    keys = [f"{place:09d}" for place in range(len(names))]
    sides = [dict(zip(keys, side[defined].tolist(), strict=True)) for side in (before, after)]
    interval = intervals.paired_difference(sides[0], sides[1], dict(zip(keys, names, strict=True)))
    low, high = (math.nan, math.nan) if interval.clusters < intervals.FEWEST_CLUSTERS else (interval.low, interval.high)
    return Interval(interval.value, low, high, interval.n, interval.clusters, undefined)


def _student(values: Array, clusters: Sequence[str], undefined: int) -> Interval:
    """Mean -+ t of 0.975 with G - 1 degrees of freedom times the clustered standard error (arXiv 2411.00640, section 2.2)."""
    if not len(values):
        return Interval(math.nan, math.nan, math.nan, 0, 0, undefined)
    value = math.fsum(values) / len(values)
    error, count = intervals.clustered_stderr(values.tolist(), clusters)
    half = float(distributions.t.ppf(0.975, count - 1)) * error if count > 1 else math.nan
    return Interval(value, value - half, value + half, len(values), count, undefined)
