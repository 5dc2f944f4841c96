"""MathVision (MATH-Vision): competition problems with pictures, 16 subjects, levels 1 to 5.

Paper: arXiv 2402.14804. Hub: MathLLMs/MathVision. Test has 3040 items (1532 with options, 1508 free),
testmini 304. MIT.

Columns: id, question, choices (list, empty for a free answer), answer, image, subject, level.

- An item with options is a `choice`; a free gold gets its type from its shape (number, expression, tuple,
  ratio). Two free golds are a letter whose options are in the picture (ids 59 and 434): a `choice` without
  texts.
- A question marks where its picture belongs with "<image1>". With one mark the picture stands there. With
  several, the one picture of the item holds all parts under printed marks of the same names, so the picture
  comes first and the marks stay in the text.

Metrics: accuracy, also by subject, level, level and subject, and question_type (choice, free).
"""

from __future__ import annotations

import re

from ...harness.types import Image, Item, Prompt
from ..base import Suite, boxed_prompt, boxed_text
from ..gold import published, typed
from ..items import ImageFolder, Record, bare, gold_letters
from ..metrics import by_category, overall, together
from ..protocols import official_mathvision, vlmevalkit
from ..protocols.registry import protocols_of

_MARK = re.compile(r"<image\d+>")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    choices = bare(record.texts("choices"))
    raw = record.text("answer")
    by_letter = bool(choices) or re.fullmatch("[A-E]", raw)
    answer, answer_type = gold_letters(record, raw, choices) if by_letter else typed(raw)
    item_id = record.text("id")
    return Item(
        id=item_id,
        suite="mathvision",
        question=record.text("question"),
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),),
        choices=choices,
        cluster=item_id,
        meta={
            "subject": record.text("subject"),
            "level": record.integer("level"),
            "question_type": "choice" if choices else "free",
            **published(raw, answer),
        },
    )


def prompt(item: Item) -> Prompt:
    """The boxed prompt, with the picture where the question's only mark stands."""
    if len(_MARK.findall(item.question)) != 1:
        return boxed_prompt(item)
    before, after = _MARK.split(item.question)
    parts: tuple[str | Image, ...] = (*item.images, boxed_text(after, item.choices).lstrip())
    return Prompt((before.strip(), *parts) if before.strip() else parts)


METRICS = together(
    overall,
    by_category("subject"),
    by_category("level"),
    by_category("level", "subject"),
    by_category("question_type"),
)

SUITE = Suite(
    name="mathvision",
    title="MathVision",
    parse=parse,
    metrics=METRICS,
    protocols=protocols_of(prompt, official_mathvision.PROTOCOL, vlmevalkit.MATHVISION),
)
