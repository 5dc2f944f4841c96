"""DynaMath: 501 seed questions drawn in 10 variants each, for the worst case over a seed's variants.

Paper: arXiv 2411.00836. Hub: DynaMath/DynaMath_Sample. 5010 items; per variant 296 floats, 174 choices, 31
texts. MIT badge in the repository, no licence file; some seeds derive from other sets.

Columns: id, question (which holds its options: "(A) yes (B) no", or a line each), answer, answer_type (float,
multiple choice, text), image, seed_id, variant, subject, level.

- A float is right within 0.001, a choice by letter or option text. A text gets its type from its shape (time,
  date, list, point, "x = 4", number, else the words themselves), and is then exact.
- The variants of a seed form a cluster.

Metrics: `dynamath_metrics`.
"""

from __future__ import annotations

from ..harness.types import Item
from .base import Suite, boxed_prompt
from .data import ImageFolder, Record
from .dynamath_metrics import measure
from .gold import published, typed
from .options import gold_letters, inline
from .protocols import official_dynamath, vlmevalkit
from .protocols.family import family


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
    protocols=family(boxed_prompt, official_dynamath.PROTOCOL, vlmevalkit.DYNAMATH),
)
