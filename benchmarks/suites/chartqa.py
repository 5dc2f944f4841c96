"""ChartQA: questions on charts, written by people (human) or generated from captions (augmented).

Paper: arXiv 2203.10244. Test has 1250 human and 1250 augmented items. No licence file in the repository; the
hub card says GPL-3.0, and the charts belong to their publishers.

Columns: id, question, answer, image, split (test_human, test_augmented).

The gold type follows from gold and question, because the suite's relaxed rule (5 percent) is meant for values
read off an axis:

- "[2003, 2004]" is a `set`: the 22 list golds name two years or two groups, in no order that the question
  asks for.
- A whole number from 1500 to 2100 is a `year`, exact, if the question asks for a year or a time: "which
  year", "what 2 years", "when ..." at its start. "What was the revenue in the year 2007?" does not, and stays
  relaxed.
- A whole number below 20 that answers "How many ...?" is a count, a `number`, exact: 5 percent of it is less
  than one whole. "How many million ..." and other amounts stay relaxed.
- Any other number is `relaxed:0.05`; the rest is `text`.

Questions on one chart form a cluster.

Metrics: accuracy, also by split (human, augmented).
"""

from __future__ import annotations

import re

from ...harness.types import Item
from ..base import Suite, boxed_prompt
from ..gold import published
from ..items import ImageFolder, Record
from ..metrics import by_category, overall, together
from ..protocols import official_chartqa, vlmevalkit
from ..protocols.registry import protocols_of

SPLITS = {"test_human": "human", "test_augmented": "augmented"}
_NUMBER = re.compile(r"[-+]?[$€£¥]?\s*(?:\d[\d,]*\.?\d*|\.\d+)\s*%?")
_LIST = re.compile(r"\[.*,.*\]", re.DOTALL)
_ASKS_TIME = re.compile(
    r"\b(?:what|which)\s+(?:\w+\s+){0,2}?(?:years?|time|decade|date)\b"
    r"|^\W*(?:(?:since|until|till|from|by|of)\s+)?when\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"^\W*how\s+many\b(?!\s+(?:hundred|thousand|million|billion|trillion|percent|percentage|points|dollars|euros|pounds|tons"
    r"|tonnes|hours|minutes|kilo\w*|metric|u\.?s\.?)\b)",
    re.IGNORECASE,
)


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question, raw = record.text("question"), record.text("answer")
    answer, answer_type = gold_type(question, raw)
    image = folder.image(record, record.text("image"))
    return Item(
        id=record.text("id"),
        suite="chartqa",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(image,),
        cluster=image.sha256,
        meta={"split": SPLITS[record.one_of("split", SPLITS)], **published(raw, answer)},
    )


def gold_type(question: str, gold: str) -> tuple[str, str]:
    """The gold without spaces around it, and its type by the module's rule."""
    plain = gold.strip()
    if _LIST.fullmatch(plain):
        return plain, "set"
    if not _NUMBER.fullmatch(plain):
        return plain, "text"
    if re.fullmatch(r"\d{4}", plain) and 1500 <= int(plain) <= 2100 and _ASKS_TIME.search(question):
        return plain, "year"
    if re.fullmatch(r"\d{1,2}", plain) and int(plain) < 20 and _COUNTS.search(question):
        return plain, "number"
    return plain, "relaxed:0.05"


METRICS = together(overall, by_category("split"))

SUITE = Suite(
    name="chartqa",
    title="ChartQA",
    parse=parse,
    metrics=METRICS,
    protocols=protocols_of(boxed_prompt, official_chartqa.PROTOCOL, vlmevalkit.CHARTQA),
)
