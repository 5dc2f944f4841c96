"""Whether a round of training improved on the checkpoint that it started from, and so whether another round follows.

The first suite named decides, alone: one test a round, named beforehand. A mean over suites would let a gain on one hide a
drop on another, and a test of each would make every further suite harder to pass. The others are told, their p adjusted
for one another (Holm), and decide nothing.

A round improved if the interval of its paired difference lies above 0 and its p is below alpha: with few changed items
either alone can err. A round that changed nothing passes with a chance of at most alpha/2 (the interval has two sides).
That does not add up over rounds, since the first that fails ends them: an order fixed beforehand keeps the chance of any
false improvement at that of one test (Maurer, Hothorn & Lehmacher 1995, fixed-sequence testing).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...benchmarks.subset import suite_of
from ...harness.errors import UsageError, printable
from ...harness.report.text import interval, p_value, points
from ...harness.stats.intervals import ALPHA, POWER, Difference, holm, paired_difference
from ...harness.types import Json
from .compare import difference_json
from .explain import Side

IMPROVED, WORSE, UNCHANGED = "improved", "worse", "no improvement"
_ALPHAS, _POWERS = (0.001, 0.5), (0.5, 0.999)
"""The levels that make sense: sign flips give no p below 0.0001."""


@dataclass(frozen=True)
class Level:
    """Of a round's test: `alpha` is two-sided, `power` the chance with which a detectable difference is seen."""

    alpha: float = ALPHA
    power: float = POWER

    def __post_init__(self) -> None:
        for name, value, (low, high) in (("alpha", self.alpha, _ALPHAS), ("power", self.power, _POWERS)):
            if not low <= value <= high:
                raise UsageError(f"--{name} must be from {low:g} to {high:g}, not {value:g}")


@dataclass(frozen=True)
class SuiteChange:
    """One suite before and after a round: scores from 0 to 1, and their paired difference; `p_holm` is what is tested."""

    suite: str
    scores: tuple[float, float]
    difference: Difference
    p_holm: float
    level: Level
    shown: str = ""
    """The suite with which of its items were asked."""

    @property
    def word(self) -> str:
        """Improved, worse, or no improvement."""
        if self.p_holm >= self.level.alpha:
            return UNCHANGED
        return IMPROVED if self.difference.low > 0 else WORSE if self.difference.high < 0 else UNCHANGED

    @property
    def line(self) -> str:
        """All of it in a line."""
        one = self.difference
        before, after = (f"{100 * score:.2f}%" for score in self.scores)
        return (
            f"{self.shown or printable(self.suite)}: {before} to {after}, {points(one.value, 2, signed=True)} points "
            f"({100 * (1 - self.level.alpha):g}% {interval(one.low, one.high, 2, signed=True, clusters=one.clusters)}), "
            f"p {p_value(self.p_holm)}, {one.gained} gained, {one.lost} lost: {self.verdict}"
        )

    @property
    def verdict(self) -> str:
        """The word; where no improvement was seen, with how large one would have had to be."""
        if self.word != UNCHANGED:
            return self.word
        one = self.difference
        items = f"{one.n} items" + (f" in {one.clusters} clusters" if one.clusters < one.n else "")
        if not math.isfinite(one.detectable):
            return f"{self.word}: {items} are too few to show any"
        mde = f"MDE {100 * one.detectable:.2f} points at {100 * self.level.power:g}% power"
        return f"{self.word} that {items} could show ({mde})"

    def to_json(self) -> Json:
        """Everything, in percentage points."""
        before, after = (round(100 * score, 6) for score in self.scores)
        return {
            "suite": self.suite,
            "asked": self.shown,
            "word": self.word,
            "before": before,
            "after": after,
            **difference_json(self.difference),
            "p_holm": self.p_holm,
        }


def changes(before: Mapping[str, Side], after: Mapping[str, Side], level: Level) -> tuple[SuiteChange, ...]:
    """The change on each suite, in the order of `before`, whose first suite decides.

    Both hold a complete run of each suite with the same items; ValueError is raised for other items.
    """
    differences = [_difference(side, after[suite], level) for suite, side in before.items()]
    watched = holm([one.p for one in differences[1:]])
    return tuple(
        SuiteChange(suite, (_score(side), _score(after[suite])), one, p, level, suite_of(side.scored.run.manifest))
        for (suite, side), one, p in zip(before.items(), differences, [differences[0].p, *watched], strict=True)
    )


def goes_on(found: Sequence[SuiteChange]) -> bool:
    """True if the suite that decides improved."""
    return found[0].word == IMPROVED


def _difference(before: Side, after: Side, level: Level) -> Difference:
    scores = [side.scored.item_scores() for side in (before, after)]
    return paired_difference(scores[0], scores[1], before.scored.clusters, level.alpha, level.power)


def _score(side: Side) -> float:
    """The share of right answers, every item of one weight."""
    scores = side.scored.item_scores()
    return math.fsum(scores.values()) / len(scores)
