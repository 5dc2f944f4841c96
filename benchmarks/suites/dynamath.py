"""DynaMath: 501 seed questions drawn in 10 variants each, for the worst case over a seed's variants.

Paper: arXiv 2411.00836. Hub: DynaMath/DynaMath_Sample. 5010 items; per variant 296 floats, 174 choices, 31
texts. MIT badge in the repository, no licence file; some seeds derive from other sets.

Columns: id, question (which holds its options: "(A) yes (B) no", or a line each), answer, answer_type (float,
multiple choice, text), image, seed_id, variant, subject, level.

- A float is right within 0.001, a choice by letter or option text. A text gets its type from its shape (time,
  date, list, point, "x = 4", number, else the words themselves), and is then exact.
- The variants of a seed form a cluster.

Metrics: `dynamath_metrics`.

DynaMath's metrics, by the paper (arXiv 2411.00836, section 4).

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

from ...harness.stats.intervals import ratio
from ...harness.stats.metrics import Metric, cluster, judged, overall, share
from ...harness.types import Item, Verdict
from ..base import Suite, boxed_prompt
from ..gold import published, typed
from ..items import ImageFolder, Record, gold_letters, inline
from ..metrics import by_category, each_category, together
from ..protocols import official_dynamath, vlmevalkit
from ..protocols.registry import protocols_of

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


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question = record.text("question")
    kind = record.one_of("answer_type", ("float", "multiple choice", "text"))
    choices = inline(question) if kind == "multiple choice" else ()
    raw = record.text("answer")
    answer, answer_type = _gold(record, kind, raw, choices)
    seed = record.integer("seed_id")
    return Item(
        id=record.text("id"),
        suite="dynamath",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),),
        choices=choices,
        cluster=f"seed {seed}",
        meta={
            "seed": seed,
            "variant": record.integer("variant"),
            "subject": record.text("subject"),
            "level": record.text("level"),
            "answer_type": kind,
            **published(raw, answer),
        },
    )


def _gold(record: Record, kind: str, raw: str, choices: tuple[str, ...]) -> tuple[str, str]:
    if kind == "float":
        return raw, "float:abs=0.001"
    if kind == "multiple choice":
        return gold_letters(record, raw, choices)
    return typed(raw, colon="time")


SUITE = Suite(
    name="dynamath",
    title="DynaMath",
    parse=parse,
    metrics=measure,
    protocols=protocols_of(boxed_prompt, official_dynamath.PROTOCOL, vlmevalkit.DYNAMATH),
)
