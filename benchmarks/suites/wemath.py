"""We-Math: composite problems with the one-step problems that they consist of, all of them choices.

Paper: arXiv 2407.01284. Hub: We-Math/We-Math. Testmini has 1740 items: 360 two-step problems of 3 questions
and 165 three-step problems of 4. CC-BY-NC-4.0.

Columns: id, question, choices ("A. 4; B. 5; ..."), answer (a letter), image, problem_id, key ("2steps_1",
"3steps_multi"), knowledge_concept (several joined by ";").

Options are named by their place, so a gold letter after a gap in the printed letters moves up with its
option. The questions of a problem form a cluster, and `steps`, `step` and `problem_id` in `meta` serve the
four-dimensional metric.

Metrics: `wemath_metrics`.
"""

from __future__ import annotations

import re

from ..harness.types import Item
from .base import Suite, boxed_prompt
from .data import ImageFolder, Record
from .gold import published
from .options import LETTERS, split
from .protocols import official_wemath, vlmevalkit
from .protocols.family import family
from .wemath_metrics import measure

_KEY = re.compile(r"(2steps)_([12]|multi)|(3steps)_([123]|multi)")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    options = split(record.text("choices"))
    if len(options) < 2:
        raise record.error(f"column 'choices' must read \"A. ...; B. ...\", found {record.text('choices')!r:.60}")
    raw = record.one_of("answer", tuple(options))
    answer = LETTERS[list(options).index(raw)]
    key = record.text("key")
    if not _KEY.fullmatch(key):
        raise record.error(f"column 'key' must be like 2steps_1 or 3steps_multi, found {key!r:.60}")
    problem = record.text("problem_id")
    return Item(
        id=record.text("id"),
        suite="wemath",
        question=record.text("question"),
        answer=answer,
        answer_type="choice",
        images=(folder.image(record, record.text("image")),),
        choices=tuple(options.values()),
        cluster=problem,
        meta={
            "problem_id": problem,
            "steps": int(key[0]),
            "step": key.partition("_")[2],
            "knowledge_concepts": tuple(c.strip() for c in record.text("knowledge_concept").split(";")),
            **published(raw, answer),
            "published_choices": record.text("choices"),
        },
    )


SUITE = Suite(
    name="wemath",
    title="We-Math",
    parse=parse,
    metrics=measure,
    protocols=family(boxed_prompt, official_wemath.PROTOCOL, vlmevalkit.WEMATH),
)
