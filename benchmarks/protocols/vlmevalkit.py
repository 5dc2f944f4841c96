r"""What VLMEvalKit's protocols share: options named by a letter or a text, values, and the steps of its language model.

Followed is commit e8e78f05 of open-compass/VLMEvalKit (2026-08-18): the rules here are those of its utils/matching_util.py,
those of one suite (vlmeval/dataset) stand in the suite's file. A response that neither rule nor language model settles is
undecided: there VLMEvalKit picks an option at random, which is not done here. What it runs through Python's `eval` is read
by `arithmetic`.

Defects that belong to it: an option letter counts only among the last four words, or right after "answer is", where the
article of "the answer is a dog" counts, too; an option's text anywhere in a short response names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ...harness.answers import Extraction, Grade
from ...harness.runs.judging import Extractor
from ...harness.types import Item
from ..items import LETTERS
from . import language_model
from .arithmetic import evaluated
from .base import judge_needed, rule_grade, undecided

NAME = "vlmevalkit"
COMMIT = "e8e78f05"
VERSION = f"2+vlmevalkit-{COMMIT}"
"""Version of the rules; a protocol with a step of a language model has WITH_STEPS."""
WITH_STEPS = f"{VERSION}+{language_model.VERSION}"
NO_OPTION = "Z"
LAST_WORDS = 5
EQUAL = 1e-6

_PUNCTUATION = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_VERBOSE = re.compile(r"answer\s+is\s+\**([ABCD])\**", re.IGNORECASE)
_REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)


def inferred(answer: str, options: Mapping[str, str]) -> str | None:
    """The option that a response names by a lone letter near its end, as its answer, or by its text; Z for a refusal."""
    return _by_letter(answer, options) or _by_text(answer, options)


def _by_letter(answer: str, options: Mapping[str, str]) -> str | None:
    if any(refusal in answer for refusal in _REFUSALS):
        return NO_OPTION
    words = answer.translate(_PUNCTUATION).split()
    named = [letter for letter in options if letter in words]
    if len(named) == 1 and words.index(named[0]) > len(words) - LAST_WORDS:
        return named[0]
    if not named and NO_OPTION in words:
        return NO_OPTION
    stated = _VERBOSE.search(answer)
    return stated[1].upper() if stated and stated[1].upper() in options else None


def _by_text(answer: str, options: Mapping[str, str]) -> str | None:
    if len(answer) > 2 * sum(map(len, options.values())):
        return None
    named = [letter for letter, text in options.items() if text.lower() in answer.lower()]
    return named[0] if len(named) == 1 else None


def chosen(text: str, options: Sequence[str]) -> Extraction:
    """The letter of the option that a response names; a language model is needed where it names none."""
    letter = inferred(text, dict(zip(LETTERS, options, strict=False)))
    if letter is None:
        return judge_needed("no option is named by a lone letter near the end, as the answer, or by its text")
    return Extraction(letter, "option", "named by its letter or text")


def extract_choice(text: str, item: Item) -> Extraction:
    """`chosen` among the item's options."""
    return chosen(text, item.choices)


def match_letter(stated: Extraction, item: Item) -> Grade:
    """Equality of letters; undecided without one."""
    return undecided(stated) if stated.answer is None else rule_grade(stated.answer == item.answer, stated, "letter")


def same_value(first: str, second: str) -> bool:
    """Equality in lower case, or of two values within 1e-6."""
    first, second = first.lower().strip(), second.lower().strip()
    if first == second:
        return True
    left, right = evaluated(first), evaluated(second)
    return left is not None and right is not None and abs(left - right) < EQUAL


OPTION = language_model.extractor(language_model.LETTER, language_model.letter, none=NO_OPTION)
VALUE = language_model.extractor(language_model.VALUE, language_model.verbatim)
"""The steps that extract an option's letter, and a value."""


def option_or_value(is_choice: Callable[[Item], bool]) -> Extractor:
    """OPTION for a choice, else VALUE."""

    def step(item: Item) -> Extractor:
        return OPTION if is_choice(item) else VALUE

    return Extractor(
        lambda text, item: step(item).prompt(text, item),
        lambda reply, item: step(item).read(reply, item),
    )
