"""MathVerse: 788 problems, each in five versions that move the content from the text into the picture.

Paper: arXiv 2403.14624. Hub: AI4Math/MathVerse. Testmini has 3940 items, 436 with options and 352 free per
version; 788 Text Only items stand apart, on the hub as a set of their own (`--data hub:text_only`). MIT
(repository), CC-BY-SA-4.0 (project site); many problems come from earlier geometry sets.

Columns: id, question, choices (list or null; or options in the question), answer, answer_type, image (null
for Text Only), problem (number), problem_version, and subject and subfield or an object `metadata` that holds
both; question_for_eval, if there, is the full question of any version.

- Options lose their letter prefix ("A:40°"). A gold can be several letters, a line each, or an option's text.
- A free gold loses the quantity's name ("Area $=...$") and gets its type from its shape. A lone letter
  (Vision Only, where the options are in the picture) is a `choice` without texts.
- A Vision Only question is empty: it stands in the picture.

Metrics: accuracy over the versions with a picture (3940 items of testmini: what papers print), also by subject,
subfield and question_type; and by version, and version and subject, where Text Only stands apart. If Text Only
was asked alone, all of them are of it, and accuracy_with_picture, else equal to accuracy, is undefined.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from ...harness.types import Item, Prompt, Verdict
from ..base import Suite, boxed_prompt
from ..gold import published, typed
from ..items import ImageFolder, Record, bare, gold_letters, inline
from ..metrics import Measure, Metric, by_category, overall, together, where
from ..protocols import official_mathverse, vlmevalkit
from ..protocols.registry import protocols_of

VERSIONS = ("Text Dominant", "Text Lite", "Vision Intensive", "Vision Dominant", "Vision Only", "Text Only")
READ_THE_PICTURE = "Answer the question that stands in the picture."


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    version = record.one_of("problem_version", VERSIONS)
    question = record.text("question")
    choices = bare(record.texts("choices")) or inline(question)
    raw = record.text("answer")
    with_options = record.one_of("answer_type", ("multiple_choice", "free_form")) == "multiple_choice"
    by_letter = with_options or re.fullmatch("[A-H]", raw.strip())
    answer, answer_type = gold_letters(record, raw, choices) if by_letter else typed(raw)
    about = record.nested("metadata") if "metadata" in record else record
    item_id = record.text("id")
    has_image = version != "Text Only" or record.get("image") is not None
    return Item(
        id=item_id,
        suite="mathverse",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),) if has_image else (),
        choices=choices,
        cluster=f"problem {record.integer('problem')}" if "problem" in record else item_id,
        meta={
            "version": version,
            "subject": about.text("subject"),
            "subfield": about.text("subfield"),
            "question_type": "choice" if by_letter else "free",
            "question_for_eval": record.optional_text("question_for_eval"),
            **published(raw, answer),
        },
    )


def prompt(item: Item) -> Prompt:
    """The boxed prompt; where the question stands in the picture, the text says so."""
    if item.question.strip():
        return boxed_prompt(item)
    return boxed_prompt(dataclasses.replace(item, question=READ_THE_PICTURE))


def _with_picture(item: Item) -> bool:
    return bool(item.meta["version"] != "Text Only")


def _apart(measure: Measure) -> Measure:
    """A measure that leaves Text Only out, unless nothing else was asked."""

    def measured(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
        chosen = [item for item in items if _with_picture(item)] or items
        ids = {item.id for item in chosen}
        return measure(chosen, [verdict for verdict in verdicts if verdict.item_id in ids])

    return measured


METRICS = together(
    _apart(overall),
    where("accuracy_with_picture", _with_picture),
    by_category("version"),
    _apart(together(by_category("subject"), by_category("subfield"), by_category("question_type"))),
    by_category("version", "subject"),
)

SUITE = Suite(
    name="mathverse",
    title="MathVerse",
    parse=parse,
    metrics=METRICS,
    protocols=protocols_of(prompt, official_mathverse.PROTOCOL, vlmevalkit.MATHVERSE),
)
