r"""VLMEvalKit's prompts and matching: first by rule, then by a language model that extracts what no rule finds.

A response that neither settles is undecided: there VLMEvalKit picks an option at random, which is not done here.
Expressions that it runs through Python's `eval` are read by `arithmetic`. The rules are those of its
vlmeval/utils/matching_util.py and of each suite's file in vlmeval/dataset; IconQA is not among its suites.

Defects that belong to it: an option letter counts only among the last four words; an option's text anywhere in a short
response names it; DynaMath's texts are tested prediction-in-gold, so an empty prediction is right; only the first \boxed,
up to the first closing brace, is read for MathVision, so a fraction in a box is cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.runs.judging import Extractor
from ...harness.types import Item, Prompt
from ..base import Protocol, lettered
from ..items import LETTERS
from . import (
    language_model,
    official_chartqa,
    official_dynamath,
    official_mathverse,
    official_mathvista,
    official_wemath,
)
from .arithmetic import evaluated
from .base import asked, judge_needed, published_gold, undecided, verdict

VERSION = "1"
NO_OPTION = "Z"
LAST_WORDS = 5
EQUAL = 1e-6

_PUNCTUATION = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
_FIRST_BOX = re.compile(r"\\boxed\{([^}]*)\}")
_CHOICE_HINT = "Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end."
_FREE_HINT = "Hint: Please answer the question and provide the final answer at the end."


def inferred(answer: str, options: Mapping[str, str]) -> str | None:
    """The option that a response names by a lone letter near its end or by its text; Z for a refusal."""
    return _by_letter(answer, options) or _by_text(answer, options)


def _by_letter(answer: str, options: Mapping[str, str]) -> str | None:
    if any(refusal in answer for refusal in _REFUSALS):
        return NO_OPTION
    words = answer.translate(_PUNCTUATION).split()
    named = [letter for letter in options if letter in words]
    if len(named) == 1:
        return named[0] if words.index(named[0]) > len(words) - LAST_WORDS else None
    return NO_OPTION if not named and NO_OPTION in words else None


def _by_text(answer: str, options: Mapping[str, str]) -> str | None:
    if len(answer) > 2 * sum(map(len, options.values())):
        return None
    found = [letter for letter, text in options.items() if text.lower() in answer.lower()]
    return found[0] if len(found) == 1 else None


def _lettered(options: Sequence[str]) -> dict[str, str]:
    return dict(zip(LETTERS, options, strict=False))


def _chosen(text: str, options: Sequence[str]) -> Extraction:
    letter = inferred(text, _lettered(options))
    if letter is None:
        return judge_needed("no option is named by a lone letter near the end or by its text")
    return Extraction(letter, "option", "named by its letter or text")


def _match_letter(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    return verdict(stated.answer == item.answer, stated, "letter")


def _mathvision_prompt(item: Item) -> Prompt:
    hint = _CHOICE_HINT if item.choices else _FREE_HINT
    options = f"\nChoices:\n{lettered(item.choices)}" if item.choices else ""
    return asked(item, f"{hint}\nQuestion: {item.question}{options}")


def _mathvision_extract(text: str, item: Item) -> Extraction:
    boxed = _FIRST_BOX.search(text)
    answer = boxed[1] if boxed else text
    if item.choices:
        return _chosen(answer, item.choices)
    if same_value(answer, published_gold(item)):
        return Extraction(answer, "boxed" if boxed else "whole", "equal to the gold without a language model")
    return judge_needed("not equal to the gold as it stands; a language model would look for the answer")


def _mathvision_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    return verdict(same_value(stated.answer, published_gold(item)), stated, "value")


def same_value(one: str, other: str) -> bool:
    """Equality in lower case, or of two values within 1e-6."""
    one, other = one.lower().strip(), other.lower().strip()
    if one == other:
        return True
    left, right = evaluated(one), evaluated(other)
    return left is not None and right is not None and abs(left - right) < EQUAL


def _mathvista_extract(text: str, item: Item) -> Extraction:
    if item.meta["question_type"] == "multi_choice":
        return _chosen(text, official_mathvista.choices(item))
    if _mathvista_equal(text, item):
        return Extraction(text.strip(), str(item.meta["answer_type"]), "the response is the gold")
    return judge_needed("the response is not the gold alone; a language model would look for the answer")


def _mathvista_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    if item.meta["question_type"] == "multi_choice":
        return verdict(stated.answer == _option_letter(item), stated, "letter")
    return verdict(_mathvista_equal(stated.answer, item), stated, str(item.meta["answer_type"]))


def _option_letter(item: Item) -> str:
    return LETTERS[official_mathvista.choices(item).index(official_mathvista.gold(item))]


def _mathvista_equal(text: str, item: Item) -> bool:
    read = {"integer": int, "float": float}.get(str(item.meta["answer_type"]))
    try:
        return bool(read(text) == read(item.answer)) if read else text == item.answer
    except ValueError:
        return False


def _mathverse_match(stated: Extraction, item: Item) -> Grade:
    same = stated.answer is not None and stated.answer.strip() == published_gold(item).strip()
    return verdict(True, stated, "text") if same else undecided(stated)


def _wemath_prompt(item: Item) -> Prompt:
    lines = (official_wemath.ASKS, f"Question: {item.question}", official_wemath.options(item), official_wemath.FORMAT)
    return asked(item, "\n".join(lines))


def _logicvista_extract(text: str, item: Item) -> Extraction:
    return judge_needed("VLMEvalKit reads LogicVista's letters with a language model")


def _logicvista_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    letters = sorted(character for character in stated.answer.lower() if character.isalnum())
    return verdict(letters == sorted(item.answer.lower().split(", ")), stated, "letters")


def _dynamath_prompt(item: Item) -> Prompt:
    asks = {
        "multiple choice": "Provide the corresponing choice option in the 'short answer' key, such as 'A', 'B', 'C', or 'D'.",
        "float": "Format the answer as a three-digit floating-point number and provide it in the 'short answer' key.",
        "text": "Float numbers in the answer should be formatted as three-digit floating-point numbers.",
    }[str(item.meta["answer_type"])]
    text = f"## Question\n {item.question}{official_dynamath.GUIDE}{asks}{official_dynamath.EXAMPLE}"
    return asked(item, text)


def _dynamath_extract(text: str, item: Item) -> Extraction:
    start, end = text.find("{"), text.rfind("}")
    body = (text[start : end + 1] if 0 <= start < end else text).replace("\\", "")
    kind = str(item.meta["answer_type"])
    try:
        parsed: Any = json.loads(body[: official_dynamath.MAX_JSON], strict=False)
    except (ValueError, RecursionError):
        parsed = None
    short = parsed.get("short answer") if isinstance(parsed, dict) else None
    for source, answer in (("json", short), ("whole", body)):
        read = _dynamath_read(answer, kind) if isinstance(answer, str) else None
        if read is not None:
            return Extraction(read, source, "the key 'short answer'" if source == "json" else "the whole response")
    return judge_needed("no answer of the wanted type is found by rule")


def _dynamath_read(answer: str, kind: str) -> str | None:
    if kind == "float":
        value = official_dynamath.number(answer)
        return None if value is None else str(value)
    if kind == "text":
        return answer
    if len(answer) == 1:
        return answer.upper()
    named = [letter for letter in "ABCDE" if letter in answer.upper()]
    return named[0] if len(named) == 1 else None


def _dynamath_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    gold = published_gold(item)
    if item.meta["answer_type"] == "float":
        return verdict(official_dynamath.within(official_dynamath.number(stated.answer), gold), stated, "float")
    if item.meta["answer_type"] == "multiple choice":
        return verdict(stated.answer == gold, stated, "letter")
    return verdict(stated.answer.lower() in gold.lower(), stated, "contained in the gold")


def _boxless(item: Item) -> Prompt:
    return asked(item, item.question)


def _wemath_extract(text: str, item: Item) -> Extraction:
    return _chosen(text, item.choices)


def _numeric(said: str, item: Item) -> str | None:
    return _dynamath_read(said, str(item.meta["answer_type"]))


_OPTION = language_model.extractor(language_model.LETTER, language_model.letter, none=NO_OPTION)
_VALUE = language_model.extractor(language_model.VALUE, language_model.as_said)
_STEPS = f"{VERSION}+{language_model.VERSION}"


def _by_kind(is_choice: Callable[[Item], bool]) -> Extractor:
    """An option's letter for a choice, else a value."""

    def step(item: Item) -> Extractor:
        return _OPTION if is_choice(item) else _VALUE

    return Extractor(
        lambda text, item: step(item).prompt(text, item),
        lambda reply, item: step(item).read(reply, item),
    )


MATHVISION = Protocol(
    "vlmevalkit",
    _STEPS,
    _mathvision_prompt,
    _mathvision_extract,
    _mathvision_match,
    extractor=_by_kind(lambda item: bool(item.choices)),
)
MATHVISTA = Protocol(
    "vlmevalkit",
    _STEPS,
    official_mathvista.prompt,
    _mathvista_extract,
    _mathvista_match,
    extractor=_by_kind(lambda item: item.meta["question_type"] == "multi_choice"),
)
MATHVERSE = Protocol(
    "vlmevalkit",
    _STEPS,
    official_mathverse.prompt,
    official_mathverse.extract,
    _mathverse_match,
    extractor=_VALUE,
    judge=language_model.judge(),
)
WEMATH = Protocol("vlmevalkit", _STEPS, _wemath_prompt, _wemath_extract, _match_letter, extractor=_OPTION)
LOGICVISTA = Protocol(
    "vlmevalkit",
    _STEPS,
    _boxless,
    _logicvista_extract,
    _logicvista_match,
    extractor=language_model.extractor(language_model.LETTERS, language_model.letters),
)
DYNAMATH = Protocol(
    "vlmevalkit",
    _STEPS,
    _dynamath_prompt,
    _dynamath_extract,
    _dynamath_match,
    extractor=language_model.extractor(language_model.VALUE, _numeric),
)
CHARTQA = Protocol("vlmevalkit", VERSION, official_chartqa.prompt, official_chartqa.extract, official_chartqa.match)
