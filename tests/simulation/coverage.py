"""Prints how often intervals of scores and of differences hold the truth, and how often tests raise a false alarm.

    python tests/simulation/coverage.py [SIMULATIONS]

Two models answer the same items. Whether an answer is right is a threshold on a normal variable, of which parts are shared
by the items of a cluster, by both models on an item, and by a model's answers in a cluster; seeds of a training shift its
thresholds. So rates, dependence and the true difference are known. Coverage is measured at a true difference, false alarms
at none. The first table is of single scores from the middle to near 100%: of independent answers, and of clusters of which
a part answers all alike, the rest each by itself. Two standard errors of a printed rate near 5% are one point at 2,000
simulations.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from proctor.harness.stats.intervals import ALPHA, Difference, proportion, seeded_difference

SIMULATIONS = 2000


@dataclass(frozen=True)
class Scenario:
    """Rates of right answers before and after, and how they hang together; shares are of the normal variable's variance.

    Clusters have `size` items, or, where `uneven`, from one to twice as many less one. `spread` is the standard deviation
    of the thresholds over seeds, in units of the normal variable.
    """

    name: str
    clusters: int
    size: int = 1
    uneven: bool = False
    before: float = 0.5
    after: float = 0.55
    shared: float = 0.5
    by_cluster: float = 0.0
    by_model: float = 0.0
    seeds: tuple[int, int] = (1, 1)
    spread: float = 0.0

    def draw(self, random: np.random.Generator) -> Difference:
        """One comparison."""
        groups = _groups(self.clusters, self.size, self.uneven)
        items = len(groups)
        names = [str(n) for n in range(items)]
        common = math.sqrt(self.by_cluster) * random.standard_normal(self.clusters)[groups]
        common = common + math.sqrt(self.shared) * random.standard_normal(items)
        own = 1 - self.shared - self.by_cluster - self.by_model
        sides = []
        for rate, seeds in ((self.before, self.seeds[0]), (self.after, self.seeds[1])):
            model = math.sqrt(self.by_model) * random.standard_normal(self.clusters)[groups]
            spread = self.spread if seeds > 1 else 0.0  # one run is taken as it is
            threshold = norm.ppf(rate) * math.sqrt(1 + spread**2)
            answers = []
            for _ in range(seeds):
                noise = math.sqrt(own) * random.standard_normal(items)
                right = common + model + noise < threshold + spread * random.standard_normal()
                answers.append(dict(zip(names, right.astype(float).tolist(), strict=True)))
            sides.append(answers)
        return seeded_difference(sides[0], sides[1], dict(zip(names, map(str, groups.tolist()), strict=True)))


SCENARIOS = (
    Scenario("500 single items", 500),
    Scenario("50 single items", 50),
    Scenario("300 single items, 97% right", 300, before=0.97, after=0.985),
    Scenario("300 single items, 2% right", 300, before=0.02, after=0.03),
    Scenario("100 clusters of 5", 100, 5, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("100 clusters of 5, 95% right", 100, 5, before=0.95, after=0.97, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("20 clusters of 5", 20, 5, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("10 clusters of 5", 10, 5, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("20 clusters of 1 to 9", 20, 5, uneven=True, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("10 clusters of 1 to 9", 10, 5, uneven=True, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("20 clusters of 1 to 9, 95% right", 20, 5, True, 0.95, 0.97, by_cluster=0.2, by_model=0.2, shared=0.3),
    Scenario("3 seeds a side, 300 items, seeds' deviation 2 points", 300, seeds=(3, 3), spread=0.05),
    Scenario("3 seeds a side, 300 items, 5 points", 300, seeds=(3, 3), spread=0.125),
    Scenario("3 seeds a side, 300 items, seeds alike", 300, seeds=(3, 3)),
    Scenario("3 seeds a side, 60 clusters of 5, 3 points", 60, 5, by_cluster=0.3, seeds=(3, 3), spread=0.075),
    Scenario("1 run against 5 seeds, 300 items, 3 points", 300, seeds=(1, 5), spread=0.075),
)


RATES = (0.5, 0.9, 0.95, 0.98, 0.99, 0.995)


@dataclass(frozen=True)
class ScoreScenario:
    """Answers of one model in clusters, of which the share `alike` are all right or all wrong; sizes as in `Scenario`."""

    name: str
    clusters: int
    size: int = 1
    uneven: bool = False
    alike: float = 0.0

    def coverage(self, rate: float, simulations: int) -> float:
        """How often the interval of the score holds `rate`."""
        random = np.random.default_rng(1)
        groups = _groups(self.clusters, self.size, self.uneven)
        names = [str(n) for n in groups.tolist()]
        covered = 0
        for _ in range(simulations):
            together = (random.random(self.clusters) < self.alike)[groups]
            chance = np.where(together, random.random(self.clusters)[groups], random.random(len(groups)))
            found = proportion((chance < rate).astype(float).tolist(), names)
            covered += found.low <= rate <= found.high
        return covered / simulations


SCORE_SCENARIOS = (
    ScoreScenario("500 single items", 500),
    ScoreScenario("50 single items", 50),
    *(
        ScoreScenario(f"{clusters} clusters of {'1 to 9' if uneven else size}, {share}", clusters, size, uneven, alike)
        for clusters, size, uneven in (
            (100, 5, False),
            (20, 5, False),
            (20, 5, True),
            (10, 5, False),
            (10, 5, True),
            (10, 20, False),
            (5, 5, False),
        )
        for share, alike in (("none alike", 0.0), ("half alike", 0.5), ("all alike", 1.0))
    ),
)


def _groups(clusters: int, size: int, uneven: bool) -> NDArray[np.int64]:
    """The cluster of each item."""
    numbers = np.arange(clusters)
    return np.repeat(numbers, 1 + numbers % (2 * size - 1) if uneven else size)


def simulate(scenario: Scenario, simulations: int) -> tuple[float, float]:
    """Coverage of the 95% interval, and false alarms at the 5% level."""
    random = np.random.default_rng(1)
    truth = scenario.after - scenario.before
    found = (scenario.draw(random) for _ in range(simulations))
    covered = sum(one.low <= truth <= one.high for one in found)
    none = replace(scenario, after=scenario.before)
    alarms = sum(none.draw(random).p < ALPHA for _ in range(simulations))
    return covered / simulations, alarms / simulations


def lines(simulations: int) -> Iterator[str]:
    """Two tables in Markdown."""
    yield "| simulated | " + " | ".join(f"{100 * rate:g}% right" for rate in RATES) + " |"
    yield "|---|" + "---|" * len(RATES)
    for one in SCORE_SCENARIOS:
        shares = (one.coverage(rate, simulations) for rate in RATES)
        yield f"| {one.name} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |"
    yield ""
    yield "| simulated | coverage of the 95% interval | false alarms at 0.05 |"
    yield "|---|---|---|"
    for scenario in SCENARIOS:
        covered, alarms = simulate(scenario, simulations)
        yield f"| {scenario.name} | {100 * covered:.1f}% | {100 * alarms:.1f}% |"


if __name__ == "__main__":
    started = time.monotonic()
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else SIMULATIONS):
        print(line, flush=True)
    print(f"{time.monotonic() - started:.0f} seconds")
