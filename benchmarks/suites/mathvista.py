"""MathVista: mathematical questions on pictures from 31 sources.

Paper: arXiv 2310.02255. Hub: AI4Math/MathVista. Testmini has 1000 items: 540 choices given as text, 418
integers, 40 floats of precision 1 or 2, 2 lists. CC-BY-SA-4.0; the pictures keep the terms of their sources.

Columns: id, question, choices (list or null), answer, answer_type (text, integer, float, list), precision
(floats), unit, image, question_type (multi_choice, free_form), metadata (object with language, source,
category, task, context, grade, skills).

- A choice's gold is the option's text; it becomes the letter. An option that repeats an earlier one is left
  out, or two letters would name the gold (item 781 of testmini).
- An integer is matched exactly, a float after rounding to its precision, a list in order.
- A unit that the item states is asked for in the prompt. Questions on one picture form a cluster.

Metrics: accuracy, also by question_type, answer_type, language, source, category, task, context, grade and
skills (an item counts under each of its skills).
"""

from __future__ import annotations

import dataclasses

from ...harness.types import Item, Prompt
from ..base import Suite, boxed_prompt
from ..items import ImageFolder, Record, gold_letters
from ..metrics import by_category, overall, together
from ..protocols import official_mathvista, vlmevalkit
from ..protocols.registry import protocols_of

CATEGORIES = ("language", "source", "category", "task", "context", "grade")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question_type = record.one_of("question_type", ("multi_choice", "free_form"))
    listed = record.texts("choices") if question_type == "multi_choice" else ()
    choices = tuple(dict.fromkeys(listed))
    answer, answer_type = _gold(record, choices)
    about = record.nested("metadata")
    image = folder.image(record, record.text("image"))
    unit = record.optional_text("unit")
    return Item(
        id=record.text("id"),
        suite="mathvista",
        question=record.text("question"),
        answer=answer,
        answer_type=answer_type,
        images=(image,),
        choices=choices,
        unit=unit,
        cluster=image.sha256,
        meta={
            "question_type": question_type,
            "answer_type": record.text("answer_type"),
            "precision": record.integer("precision") if answer_type.startswith("float") else None,
            **{name: about.text(name) for name in CATEGORIES},
            "skills": about.texts("skills"),
            **({} if listed == choices else {"published_choices": listed}),
        },
    )


def _gold(record: Record, choices: tuple[str, ...]) -> tuple[str, str]:
    answer = record.text("answer")
    kind = record.one_of("answer_type", ("text", "integer", "float", "list"))
    if choices:
        if answer not in choices:
            raise record.error(f"column 'answer' must be the text of one of the choices, found {answer!r:.60}")
        return gold_letters(record, answer, choices)
    if kind == "float":
        return answer, f"float:round={record.integer('precision')}"
    return answer, {"integer": "number"}.get(kind, kind)


def prompt(item: Item) -> Prompt:
    """The boxed prompt; a unit that the item states is named after the question."""
    if item.unit is None:
        return boxed_prompt(item)
    return boxed_prompt(dataclasses.replace(item, question=f"{item.question.strip()} (Unit: {item.unit})"))


METRICS = together(overall, *(by_category(key) for key in ("question_type", "answer_type", *CATEGORIES, "skills")))

SUITE = Suite(
    name="mathvista",
    title="MathVista",
    parse=parse,
    metrics=METRICS,
    protocols=protocols_of(prompt, official_mathvista.PROTOCOL, vlmevalkit.MATHVISTA),
)
