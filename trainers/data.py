"""Sets to train on: Geometry3K, GeoQA and MMR1. They are read and pinned as suites are, and never asked in an examination.

Columns: problem (its "<image>" marks stand where the pictures belong), images, answer; an `id` is the split and the row.

- Labels are dropped at the door: without `labels` an item has no answer, and nothing in it depends on the label. The
  lock file holds digests of whole rows, so that it is the same either way.
- A picture's name is made of the item's id: its published name could tell something.
- GeoQA's gold stands in <answer> tags. A gold gets its type from its shape; the letter of an option that the problem itself
  holds is a `choice`.

Hub: hiyouga/geometry3k (2101 rows to train on, by its card), leonardPKU/GEOQA_R1V_Train_8K and MMR1/MMR1-Math-RL-Data-v0,
as MM-UPT (arXiv 2505.22453) and Actor-Judge (arXiv 2603.21289) name them; PUBLISHED says what of them is
not confirmed. MM-UPT trained on a copy of GeoQA, WaltonFuture/GEOQA_R1V_Train_8K, whose rows are not known to be the
same; a downloaded file of it is read too.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..benchmarks.base import Suite
from ..benchmarks.gold import typed
from ..benchmarks.items import ImageFolder, Record, inline
from ..benchmarks.protocols.base import boxed_text, with_options
from ..benchmarks.registry import SUITES
from ..benchmarks.sources.layout import ROW, SPLIT, Computed, Layout, same
from ..benchmarks.sources.published import HubSet, Published
from ..harness.types import Image, Item, Prompt
from .synthesis import stored as synthesized

MARK = "<image>"
TITLES: Mapping[str, str] = {"geometry3k": "Geometry3K", "geoqa": "GeoQA", "mmr1": "MMR1"}
UNLABELLED = ("", "text")
"""Answer and gold type of every item without its label."""


def _split_and_row(split: str, row: int) -> str:
    return f"{split}-{row}"


def _either(first: Any, second: Any) -> Any:
    return second if first is None else first


_LAYOUT: Layout = {"id": Computed(_split_and_row, SPLIT, ROW), **same("problem", "images"), "answer": "answer?"}
_GEOQA: Layout = {
    **_LAYOUT,
    "images": Computed(_either, "images?", "image?"),
    "answer": Computed(_either, "answer?", "solution?"),
}
PUBLISHED: Mapping[str, Published] = {
    "geometry3k": Published(hub=HubSet("hiyouga/geometry3k", ("train",), _LAYOUT), jsonl=_LAYOUT),
    "geoqa": Published(
        hub=HubSet(
            "leonardPKU/GEOQA_R1V_Train_8K",
            ("train",),
            _GEOQA,
            uncertain="the number of rows; image, problem and solution are the columns that its users read, and images, "
            "problem and answer, the columns of its copies, are read too",
        ),
        jsonl=_GEOQA,
    ),
    "mmr1": Published(
        hub=HubSet(
            "MMR1/MMR1-Math-RL-Data-v0",
            ("train",),
            _LAYOUT,
            uncertain="columns and splits are those that its users read; the number of rows is known to three digits (5.78k)",
        ),
        jsonl=_LAYOUT,
    ),
}
"""Only the columns that stand here are read: further ones of Geometry3K (choices, ground_truth) hold its labels once more."""

_LEADING_MARKS = re.compile(rf"(?:\s*{MARK})*\s*")
_TAGGED = re.compile(r"\s*<answer>(.*)</answer>\s*", re.DOTALL)


def data_set(name: str, *, labels: bool = False) -> Suite:
    """The training set or suite of that name, or the questions of a synthesis (`synthesized`).

    `labels` decides whether items of a training set have their answers.

    Raises UsageError if there is none.
    """
    if name == synthesized.NAME:
        return synthesized.SUITE
    if name not in TITLES:
        return SUITES.load(name)
    return Suite(name, TITLES[name], _parse(name, labels), prompt, published=PUBLISHED[name])


def _parse(name: str, labels: bool) -> Callable[[Record, ImageFolder], Item]:
    def parse(record: Record, folder: ImageFolder) -> Item:
        """An item of one record. Raises DataError on a malformed one."""
        item_id = record.text("id")
        images = tuple(
            dataclasses.replace(folder.image(record, picture), name=f"{item_id}-{number}")
            for number, picture in enumerate(_pictures(record))
        )
        question = _question(record, len(images))
        choices = inline(question)
        answer, answer_type = _gold(record.text("answer"), choices) if labels else UNLABELLED
        return Item(
            id=item_id,
            suite=name,
            question=question,
            answer=answer,
            answer_type=answer_type,
            images=images,
            choices=choices,
            cluster=item_id,
        )

    return parse


def _pictures(record: Record) -> tuple[str, ...]:
    return (record["images"],) if isinstance(record.get("images"), str) else record.texts("images")


def _question(record: Record, pictures: int) -> str:
    """The problem without its marks if all stand before the text; else with them, for `prompt` to put the pictures there."""
    problem = record.text("problem").strip()
    marks = problem.count(MARK)
    if marks not in (0, pictures):
        raise record.error(f"column 'problem' has {marks} {MARK} marks for {pictures} pictures")
    text = _LEADING_MARKS.sub("", problem, count=1)
    question = text if MARK not in text else problem
    if not question:
        raise record.error("column 'problem' is empty")
    return question


def _gold(raw: str, choices: tuple[str, ...]) -> tuple[str, str]:
    tagged = _TAGGED.fullmatch(raw)
    answer, answer_type = typed(tagged[1].strip() if tagged else raw)
    letters = "ABCDEFGHIJ"[: len(choices)]
    return (answer, "choice") if len(answer) == 1 and answer in letters else (answer, answer_type)


def prompt(item: Item) -> Prompt:
    """The boxed prompt, with each picture where its mark stands in the question."""
    return placed(item, boxed_text(item.question, item.choices))


def asked_by(template: str) -> Callable[[Item], Prompt]:
    """How an item is asked by a text of the user's own, with {question} where the question stands with its options."""
    before, _, behind = template.partition("{question}")
    return lambda item: placed(item, f"{before}{with_options(item.question, item.choices)}{behind}")


def placed(item: Item, text: str) -> Prompt:
    """The item's pictures before a text, or each where its mark stands in it, if the question has marks."""
    if MARK not in item.question:
        return Prompt((*item.images, text))
    parts: list[str | Image] = []
    for piece, image in zip(text.split(MARK), (*item.images, None), strict=True):
        if piece.strip():
            parts.append(piece.strip())
        if image is not None:
            parts.append(image)
    return Prompt(tuple(parts))
