"""IconQA's own rule: tools/sub_acc.py of lupantech/IconQA, equality of the texts of answer and label.

The label of a choice is its 0-based index, so a letter or an option's text is wrong. The benchmark was made for classifiers
and has no prompt; the one here asks for what its rule compares.
"""

from __future__ import annotations

from ...harness.answers import Extraction, Grade
from ...harness.types import Image, Item, Prompt
from ..base import Protocol
from ..items import LETTERS
from .base import asked, published_gold, verdict

BY_INDEX = "Answer with the number of the correct choice alone."
BY_WORD = "Answer the question using a single word or phrase."


def prompt(item: Item) -> Prompt:
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


def extract(text: str, item: Item) -> Extraction:
    """The whole response without the spaces around it."""
    return Extraction(text.strip(), "whole", "the whole response")


def match(stated: Extraction, item: Item) -> Grade:
    """Equality of texts, a choice by its index."""
    by_index = item.meta["task"] != "fill_in_blank"
    label = str(LETTERS.index(item.answer)) if by_index else published_gold(item)
    return verdict(stated.answer == label, stated, "index" if by_index else "text")


PROTOCOL = Protocol("official", "1", prompt, extract, match)
