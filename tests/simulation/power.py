"""Do the sizes and differences that are told show what they are told for? Prints two tables; run as a script.

First of `proctor compare`: the detectable difference is told of two models that do not differ (the median of many draws), and
then it is counted how often models that differ by so much are seen to. Then of `proctor reward regress`:

Two rewards with a known true difference are drawn many times: items differ in difficulty, a training is by chance better or
worse on all items (a standard deviation on the logit scale), and on each item apart. From a few seeds the size is told
(the median of many draws), and at that size it is counted how often the difference is seen: 80% is what was meant.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean, median

import numpy as np
from coverage import Scenario

from proctor.harness.stats.intervals import ALPHA, Difference, seeded_difference
from proctor.harness.stats.sample_size import sample_sizes

SHIFT, DIFFICULTY, EACH_ITEM = 0.15, 1.5, 0.5
DRAWS, MOST = 60, 200
COMPARISONS = 500
random = np.random.default_rng(0)


def drawn(seeds: int, items: int, spread: float) -> Difference:
    """A comparison of two rewards, of which the second is better by SHIFT."""
    difficulty = random.normal(0.5, DIFFICULTY, items)
    names = [f"q{n}" for n in range(items)]

    def training(shift: float) -> dict[str, float]:
        logit = difficulty + shift + random.normal(0, spread) + random.normal(0, EACH_ITEM, items)
        return dict(zip(names, (random.random(items) < 1 / (1 + np.exp(-logit))).astype(float).tolist(), strict=True))

    sides = [[training(shift) for _ in range(seeds)] for shift in (0.0, SHIFT)]
    return seeded_difference(*sides, {name: name for name in names})


def seen(seeds: int, items: int, spread: float) -> str:
    """How often the difference is seen at this size."""
    return f"{fmean(drawn(seeds, items, spread).p < ALPHA for _ in range(DRAWS)):.0%}"


def detectable_differences() -> None:
    """Print a row for each kind of items."""
    alike = {"by_cluster": 0.2, "by_model": 0.2, "shared": 0.3}
    clustered = [Scenario(f"{number} clusters of 5", number, 5, **alike) for number in (8, 10, 14, 20, 30, 100)]
    uneven = [Scenario(f"{number} clusters of 1 to 9", number, 5, True, **alike) for number in (10, 20)]
    single = [Scenario(f"{number} single items", number) for number in (12, 20, 50, 100, 500)]
    extreme = [
        Scenario("300 single items, 2% right", 300, before=0.02),
        Scenario("300 single items, 97% right", 300, before=0.97),
    ]
    seeds = [Scenario("3 seeds a side, 300 items, 5 points", 300, seeds=(3, 3), spread=0.125)]
    print("| simulated | detectable, points | seen |\n|---|---|---|")
    for one in (*clustered, *uneven, *single, *extreme, *seeds):
        none = replace(one, after=one.before)
        told = median(none.draw(random).detectable for _ in range(COMPARISONS))
        low = one.before - (told if one.before > 0.9 else told / 2 if one.before > 0.1 else 0)
        there = replace(one, before=low, after=low + told)
        times = fmean(there.draw(random).p < ALPHA for _ in range(COMPARISONS))
        print(f"| {one.name} | {100 * told:.1f} | {times:.0%} |", flush=True)


def main() -> None:
    """Print all."""
    detectable_differences()
    print()
    effect = fmean(drawn(20, 1000, 0.0).value for _ in range(DRAWS))
    print(f"true difference {100 * effect:.2f} points")
    for spread in (0.0, 0.1, 0.3):
        for seeds, items in ((3, 300), (5, 300)):
            told = [found for _ in range(DRAWS) if (found := sample_sizes(drawn(seeds, items, spread), effect))]
            by_seeds = median(one.seeds or MOST for one in told)
            by_items = [one.items for one in told if one.items]
            print(
                f"spread {spread}, {seeds} seeds, {items} items: {by_seeds:.0f} seeds told, "
                f"seen {seen(round(by_seeds), items, spread)}; items told {len(by_items)} of {len(told)} times"
                + (f", {median(by_items):.0f}, seen {seen(seeds, round(median(by_items)), spread)}" if by_items else "")
            )


if __name__ == "__main__":
    main()
