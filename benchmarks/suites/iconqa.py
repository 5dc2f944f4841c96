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

The official rule is tools/sub_acc.py of lupantech/IconQA, equality of the texts of answer and label. The label of a choice is
its 0-based index, so a letter or an option's text is wrong. The benchmark was made for classifiers and has no prompt; the one
here asks for what its rule compares. VLMEvalKit does not have this suite.

Repository: lupantech/IconQA with iconqa_data.zip unpacked in data/: iconqa_data/iconqa/test/TASK/ID/data.json with image.png
and choice_N.png. iconqa_data/pid2skills.json, an object of lists by ID, gives the skills; its form is known from
tools/sub_acc.py alone. Uncertain: whether the hub's question_id is this ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.errors import DataError
from ...harness.types import Image, Item, Prompt
from ..base import SAMPLES, Suite
from ..gold import published, published_gold, typed
from ..items import LETTERS, ImageFolder, Record, Source, check_options
from ..metrics import by_category, overall, together
from ..protocols.base import BOXED, Protocol, asked, boxed_prompt, rule_grade
from ..sources.jsonl import read_document
from ..sources.layout import Computed, text_list, word_list
from ..sources.published import HubSet, Published
from ..sources.repositories import Checkout

TASKS = ("choose_img", "choose_txt", "fill_in_blank")
BY_INDEX = "Answer with the number of the correct choice alone."
BY_WORD = "Answer the question using a single word or phrase."
PLACES = ("data/iconqa_data/iconqa/test", "iconqa_data/iconqa/test", "iconqa/test", "test", "")
MAX_ITEM_BYTES = 2**20


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
    check_options(record, choices)
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


def official_prompt(item: Item) -> Prompt:
    """The question, its options under their indices, and the request for an index or a word."""
    if item.meta["task"] == "fill_in_blank":
        return asked(item, f"{item.question}\n{BY_WORD}")
    if item.meta["task"] == "choose_txt":
        options = "\n".join(f"{index}: {text}" for index, text in enumerate(item.choices))
        return asked(item, f"{item.question}\nChoices:\n{options}\n{BY_INDEX}")
    main, *pictures = item.images
    parts: list[str | Image] = [main, f"{item.question}\nChoices:"]
    for index, picture in enumerate(pictures):
        parts += [f"{index}:", picture]
    return Prompt((*parts, BY_INDEX))


def official_extract(text: str, item: Item) -> Extraction:
    """The whole response without the spaces around it."""
    return Extraction(text.strip(), "whole", "the whole response")


def official_match(stated: Extraction, item: Item) -> Grade:
    """Equality of texts, a choice by its index."""
    by_index = item.meta["task"] != "fill_in_blank"
    label = str(LETTERS.index(item.answer)) if by_index else published_gold(item)
    return rule_grade(stated.answer == label, stated, "index" if by_index else "text")


class IconQACheckout(Checkout):
    """A folder for each item, in a folder for each task."""

    def open(self, path: Path) -> Source | None:
        """The items; None if the path holds no folder of a task."""
        test = _place(path)
        return None if test is None else Source(str(path), ImageFolder(path), _records(path, test))


def _place(path: Path) -> PurePosixPath | None:
    for place in PLACES:
        if any((path / place / task).is_dir() for task in TASKS):
            return PurePosixPath(place)
    return None


def _records(root: Path, place: PurePosixPath) -> Iterator[Record | DataError]:
    try:
        skills = _skills(root, place)
    except DataError as problem:
        yield problem
        skills = None
    for task in TASKS:
        try:
            ids = [entry.name for entry in (root / place / task).iterdir() if entry.is_dir()]
        except OSError as error:
            yield DataError(f"cannot read {root / place / task}: {error.strerror}")
            continue
        for item_id in sorted(ids, key=lambda name: (len(name), name)):  # numbers by size
            try:
                yield _record(root, place / task / item_id, task, skills)
            except DataError as problem:
                yield problem


def _skills(root: Path, place: PurePosixPath) -> Mapping[str, Any] | None:
    """Skills by id; None if the folder that was named holds no such file."""
    for folder in (place, *place.parents):
        path = root / folder / "pid2skills.json"
        if path.is_file():
            skills = read_document(path, root)
            if not isinstance(skills, dict):
                raise DataError(f"{path}: must be an object of lists by id")
            return skills
    return None


def _record(root: Path, folder: PurePosixPath, task: str, skills: Mapping[str, Any] | None) -> Record:
    path = root / folder / "data.json"
    document = read_document(path, root, MAX_ITEM_BYTES)
    if not isinstance(document, dict):
        raise DataError(f"{path}: must be a JSON object")
    if document.get("ques_type") != task:
        raise DataError(f"{path}: column 'ques_type' must be {task!r}, found {document.get('ques_type')!r:.60}")
    if skills is not None and not skills.get(folder.name):
        raise DataError(f"{path}: pid2skills.json has no skills of {folder.name!r:.60}")
    fields = {column: document.get(column) for column in ("question", "answer", "label", "grade")}
    options = document.get("choices")
    if task == "choose_img" and isinstance(options, list):
        options = [str(folder / name) if isinstance(name, str) else name for name in options]
    fields |= {"id": folder.name, "task": task, "image": str(folder / "image.png")}
    fields |= {"choose_img": {"choice_images": options}, "choose_txt": {"choices": options}}.get(task, {})
    if skills is not None:
        fields["skills"] = skills[folder.name]
    return Record(fields, str(path))


def _hub_choices(task: str, choices: Any) -> list[str]:
    if task != "choose_txt":
        return []
    split = not isinstance(choices, list) and not str(choices).strip().startswith("[")
    return [choice.strip() for choice in str(choices).split(",")] if split else text_list(choices)


def _hub_answer(task: str, choices: Any, answer: Any) -> str:
    """The 0-based index of a choice, from "choice_1.png", "1" or the option's text."""
    plain = str(answer).strip()
    options = _hub_choices(task, choices)
    if task == "choose_img" and (matched := re.fullmatch(r"choice_(\d)\.png", plain)):
        return matched[1]
    return str(options.index(plain)) if plain in options else plain


def _present(*pictures: Any) -> list[Any]:
    return [picture for picture in pictures if picture is not None]


PUBLISHED = Published(
    sets={"test": 21489},
    parts={"choose_img": 11535, "choose_txt": 6316, "fill_in_blank": 3638},
    hub=HubSet(
        "lmms-lab/ICON-QA",
        ("test",),
        {
            "id": "question_id",
            "question": "question",
            "answer": Computed(_hub_answer, "ques_type", "choices", "answer"),
            "image": "query_image",
            "task": "ques_type",
            "choices": Computed(_hub_choices, "ques_type", "choices"),
            "choice_images": Computed(_present, *(f"choice_image_{number}?" for number in range(5))),
            "label": "label?",
            "grade": "grade?",
            "skills": Computed(word_list, "skills?"),
        },
        uncertain="whether the test split holds answers (val does) and skills; options with a comma cannot be told apart",
    ),
    checkout=IconQACheckout(),
)

SUITE = Suite(
    name="iconqa",
    title="IconQA",
    parse=parse,
    prompt=prompt,
    own_protocols=(Protocol("official", "1", official_prompt, official_extract, official_match),),
    metrics=together(overall, by_category("task"), by_category("grade"), by_category("skills")),
    published=PUBLISHED,
    sample=SAMPLES / "iconqa.jsonl",
)
