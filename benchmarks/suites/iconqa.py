"""IconQA: questions on drawn icons in three tasks: choose a picture, choose a text, fill in the blank.

Paper: arXiv 2110.13214. Test has 21,489 items: choose_img 11,535, choose_txt 6,316, fill_in_blank 3,638.
CC-BY-NC-SA.

Columns: id, question, answer, image, task (choose_img, choose_txt, fill_in_blank), choices (texts, for
choose_txt), choice_images (paths, for choose_img), label, grade, skills (a list; may be missing).

- The gold of a choice is a 0-based index; it becomes the letter. For choose_img the first picture is the
  question's and the others are the options, named (A), (B), ... in the prompt; they have no text to be
  matched by.
- A gold to fill in is a `number` or a `text` by its shape.
- The skills are algebra, commonsense, comparing, counting, estimation, fraction, geometry, measurement, pattern,
  probability, scene, spatial and time. The authors give them in a file beside the items, pid2skills.json, which a
  folder of their layout is read with.

Metrics: accuracy, also by task, grade, and skills where the records list them (an item counts under each: the
official tools/sub_acc.py).
"""

from __future__ import annotations

from ...harness.types import Image, Item, Prompt
from ..base import BOXED, Suite, boxed_prompt
from ..gold import published, typed
from ..items import LETTERS, ImageFolder, Record
from ..metrics import by_category, overall, together
from ..protocols import official_iconqa
from ..protocols.registry import protocols_of

TASKS = ("choose_img", "choose_txt", "fill_in_blank")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    task = record.one_of("task", TASKS)
    pictures = record.texts("choice_images") if task == "choose_img" else ()
    choices = {"choose_img": tuple(LETTERS[: len(pictures)]), "choose_txt": record.texts("choices")}.get(task, ())
    raw = record.text("answer")
    answer, answer_type = typed(raw) if task == "fill_in_blank" else (_letter(record, raw, choices), "choice")
    item_id = record.text("id")
    return Item(
        id=item_id,
        suite="iconqa",
        question=record.text("question"),
        answer=answer,
        answer_type=answer_type,
        images=tuple(folder.image(record, name) for name in (record.text("image"), *pictures)),
        choices=choices,
        cluster=item_id,
        meta={
            "task": task,
            "label": record.optional_text("label"),
            "grade": record.optional_text("grade"),
            **({"skills": skills} if (skills := record.texts("skills")) else {}),
            **published(raw, answer),
        },
    )


def _letter(record: Record, raw: str, choices: tuple[str, ...]) -> str:
    if len(choices) < 2:
        column = "choice_images" if record["task"] == "choose_img" else "choices"
        raise record.error(f"column {column!r} must list two or more options for task {record['task']}")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 3 and int(raw) < len(choices)):
        raise record.error(f"column 'answer' must be an index from 0 to {len(choices) - 1}, found {raw!r:.60}")
    return LETTERS[int(raw)]


def prompt(item: Item) -> Prompt:
    """The boxed prompt; options that are pictures follow the question, each after its letter."""
    if item.meta["task"] != "choose_img":
        return boxed_prompt(item)
    main, *options = item.images
    parts: list[str | Image] = [main, f"{item.question.strip()}\nChoices:"]
    for letter, option in zip(item.choices, options, strict=True):
        parts += [f"({letter})", option]
    return Prompt((*parts, BOXED))


METRICS = together(overall, by_category("task"), by_category("grade"), by_category("skills"))

SUITE = Suite(
    name="iconqa",
    title="IconQA",
    parse=parse,
    metrics=METRICS,
    protocols=protocols_of(prompt, official_iconqa.PROTOCOL),
)
