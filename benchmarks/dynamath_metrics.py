"""DynaMath's metrics, by the paper (arXiv 2411.00836, section 4).

`accuracy` is the paper's average case. `worst_case` is the share of seeds that are right in all of their 10 variants, and
`reasoning_robustness` = worst case / average case, undefined where nothing is right. Both count only seeds of which all 10
variants were judged: fewer variants would make a worst case that is easier. With several samples per item, the k-th
samples of a seed's variants are answered together, and the outcomes of all samples are pooled, in the robustness too.

Errors are clustered by seed. The worst case is a mean over seeds; the robustness is a ratio of two means over seeds, and
its error is the delta method's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..harness.metrics import Metric, cluster, judged, overall, share
from ..harness.stats import ratio
from ..harness.types import Item, Verdict
from .metrics import by_category, each_category, together

VARIANTS = 10


def whole_seeds(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    """For every seed and sample, its cluster and how many of its 10 variants are right."""
    answers: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for item, verdict in judged(items, verdicts):
        answers[cluster(item), verdict.sample].append(bool(verdict.correct))
    return [(seed, sum(given)) for (seed, _), given in answers.items() if len(given) == VARIANTS]


def worst_case(items: Sequence[Item], verdicts: Sequence[Verdict], name: str = "worst_case") -> Metric:
    """The share of seeds with every variant right."""
    return share(name, [(seed, right == VARIANTS) for seed, right in whole_seeds(items, verdicts)])


def reasoning_robustness(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
    """Worst case over average case."""
    seeds = whole_seeds(items, verdicts)
    worst = [float(right == VARIANTS) for _, right in seeds]
    average = [right / VARIANTS for _, right in seeds]
    return [Metric("reasoning_robustness", ratio(worst, average, [seed for seed, _ in seeds]))]


measure = together(
    overall,
    lambda items, verdicts: [worst_case(items, verdicts)],
    reasoning_robustness,
    by_category("subject"),
    by_category("level"),
    by_category("answer_type"),
    each_category("subject", name="worst_case", of=worst_case),
    each_category("level", name="worst_case", of=worst_case),
)
