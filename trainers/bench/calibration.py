"""What a judge's scores are worth by themselves: do they tell right from wrong, and can they be read as chances?

Over all responses that have a score s in [0, 1], y being 1 for a right response and 0 for a wrong one. A response in bad
format scores 0 without being shown to the judge; it counts, for rewards use its score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...harness.types import Json
from ..groups import RecordedGroup
from ..rewards.advantages import Array
from .measures import Interval, mean

BINS = 10
RESAMPLES = 1000
Statistic: TypeAlias = Callable[[Array], float]
"""Of weights (responses,)."""


@dataclass(frozen=True)
class Calibration:
    """The numbers with their intervals, whose `groups` count responses; `unscored` responses have no score.

    `bins` has for each of ten equal bins of the score: responses, mean score, share right (NaN in an empty bin).
    """

    auc: Interval
    brier: Interval
    calibration_error: Interval
    right_mean: Interval
    wrong_mean: Interval
    bins: tuple[tuple[int, float, float], ...]
    unscored: int

    def to_json(self) -> Json:
        """All fields."""
        names = ("auc", "brier", "calibration_error", "right_mean", "wrong_mean")
        bins = [
            {"responses": count, "score": _or_none(score), "right": _or_none(right)}
            for count, score, right in self.bins
        ]
        return {**{name: getattr(self, name).to_json() for name in names}, "bins": bins, "unscored": self.unscored}


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def auc(scores: Array, right: NDArray[np.bool_], weights: Array) -> float:
    """The weighted chance that a right response scores above a wrong one, ties one half; NaN without either."""
    _, level = np.unique(scores, return_inverse=True)
    rights = np.bincount(level, weights * right)
    wrongs = np.bincount(level, weights * ~right)
    pairs = float(rights.sum() * wrongs.sum())
    below = np.cumsum(wrongs) - wrongs
    return float(rights @ (below + wrongs / 2)) / pairs if pairs else math.nan


def calibration_error(scores: Array, right: NDArray[np.bool_], weights: Array) -> float:
    """Expected calibration error: sum over bins b of (N_b / N) |mean of s in b - mean of y in b|, ten bins of equal width.

    (Guo et al. 2017, arXiv 1706.04599, eq. 5.) It is never below 0, so noise alone lifts it.
    """
    gaps = np.bincount(_bin(scores), weights * (scores - right), minlength=BINS)
    return float(np.abs(gaps).sum() / weights.sum())


def _bin(scores: Array) -> NDArray[np.int64]:
    """The bin of each score; 1 is in the last."""
    return np.minimum((scores * BINS).astype(np.int64), BINS - 1)


def calibrate(groups: Sequence[RecordedGroup], seed: int) -> Calibration | None:
    """The calibration of the groups' judge scores; None if no response has one."""
    rows = [
        (score, right, recorded.cluster)
        for recorded in groups
        for score, right in zip(recorded.judge_scores or (), recorded.correct, strict=False)
        if score is not None
    ]
    if not rows:
        return None
    scores, right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    clusters = [row[2] for row in rows]
    unscored = sum(len(recorded.responses) for recorded in groups) - len(rows)

    def resampled(statistic: Callable[[Array, NDArray[np.bool_], Array], float]) -> Interval:
        return _bootstrap(lambda weights: statistic(scores, right, weights), clusters, seed)

    return Calibration(
        auc=resampled(auc),
        brier=mean((scores - right) ** 2, clusters, share=True),
        calibration_error=resampled(calibration_error),
        right_mean=_mean_where(right, scores, clusters),
        wrong_mean=_mean_where(~right, scores, clusters),
        bins=_bins(scores, right),
        unscored=unscored,
    )


def _mean_where(selected: NDArray[np.bool_], scores: Array, clusters: Sequence[str]) -> Interval:
    return mean(scores[selected], [name for name, keep in zip(clusters, selected, strict=True) if keep], share=True)


def _bins(scores: Array, right: NDArray[np.bool_]) -> tuple[tuple[int, float, float], ...]:
    member = _bin(scores)
    return tuple(
        (int(inside.sum()), float(scores[inside].mean()), float(right[inside].mean()))
        if (inside := member == number).any()
        else (0, math.nan, math.nan)
        for number in range(BINS)
    )


def _bootstrap(statistic: Statistic, clusters: Sequence[str], seed: int) -> Interval:
    """The statistic with the 2.5% and 97.5% quantiles of RESAMPLES draws of whole clusters with replacement."""
    _, member = np.unique(clusters, return_inverse=True)
    count = int(member.max()) + 1
    value = statistic(np.ones(len(member)))
    if count < 2 or math.isnan(value):
        return Interval(value, math.nan, math.nan, len(member), count, 0)
    drawn = np.random.default_rng(seed)
    draws = [
        statistic(np.bincount(drawn.integers(0, count, count), minlength=count)[member].astype(np.float64))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return Interval(value, float(low), float(high), len(member), count, 0)
