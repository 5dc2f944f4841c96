"""MathVista's own rules: build_query.py, extract_answer.py and calculate_score.py of lupantech/MathVista.

A response that is an option, or that Python reads as an integer or a float where one is asked for, is its own
extraction; an empty response is extracted as the empty text. For every other response the script asks GPT-4.

An extraction is then normalised by the answer type: a letter (in brackets or alone) names its option, any other text the
option at the smallest edit distance; an integer is what int() reads, a float is rounded to the item's precision; then the
texts must be equal.

Integers: the script reads int(float(x)) in the revisions at hand, so that "5.0" is 5. The verdicts that the benchmark
published with its responses have "5.0" as no integer throughout, as int(x) has it. That is followed here, because a score
is compared with the published ones.

Defects that belong to it: an empty extraction gets the option of the shortest text, so it can be right; "5.0" for the
integer 5 fails, and so do "14 cm" and "1,200".
"""

from __future__ import annotations

import re
from functools import lru_cache

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol, lettered
from . import language_model
from .base import asked, judge_needed, undecided, verdict

MAX_COMPARED = 2_000  # characters of an extraction that take part in the edit distance

_LETTER = re.compile(r"\(([a-zA-Z])\)")
_HINTS = {
    "multi_choice": "answer the question and provide the correct option letter, e.g., A, B, C, D, at the end.",
    "integer": "answer the question requiring an integer answer and provide the final value, e.g., 1, 2, 3, at the end.",
    "float1": "answer the question requiring a floating-point number with one decimal place and provide the final value, "
    "e.g., 1.2, 1.3, 1.4, at the end.",
    "float2": "answer the question requiring a floating-point number with two decimal places and provide the final value, "
    "e.g., 1.23, 1.34, 1.45, at the end.",
    "list": "answer the question requiring a Python list as an answer and provide the final list, e.g., [1, 2, 3], "
    "[1.2, 1.3, 1.4], at the end.",
}


def choices(item: Item) -> tuple[str, ...]:
    """The options as published, a repeated one included."""
    listed = item.meta.get("published_choices")
    return listed if isinstance(listed, tuple) else item.choices


def gold(item: Item) -> str:
    """The gold as published: for a choice the option's text."""
    return item.choices[ord(item.answer) - ord("A")] if _is_choice(item) else item.answer


def hint(item: Item) -> str:
    """The hint for the item's answer type."""
    if _is_choice(item):
        return f"Hint: Please {_HINTS['multi_choice']}"
    kind = str(item.meta["answer_type"])
    return f"Hint: Please {_HINTS[kind if kind != 'float' else f'float{_precision(item)}']}"


def prompt(item: Item) -> Prompt:
    """Question with its unit, options, hint, and the start of a solution: the script's query without examples."""
    unit = f" (Unit: {item.unit})" if item.unit else ""
    options = [f"Choices:\n{lettered(choices(item))}"] if _is_choice(item) else []
    return asked(item, "\n".join([f"Question: {item.question}{unit}", *options, hint(item), "Solution:"]))


def extract(text: str, item: Item) -> Extraction:
    """The script's shortcuts; whatever they do not settle needs a language model."""
    if not text:
        return Extraction("", "empty", "an empty response is extracted as the empty text")
    if _is_choice(item) and text in choices(item):
        return Extraction(text, "option", "the response is an option")
    kind = item.meta["answer_type"]
    try:
        if kind == "integer":
            return Extraction(str(int(text)), "integer", "the response is an integer")
        if kind == "float":
            return Extraction(str(float(text)), "float", "the response is a number")
    except ValueError:
        pass
    return judge_needed("not settled by the script's shortcuts; it asks GPT-4 for the answer")


def match(stated: Extraction, item: Item) -> Grade:
    """Equality of the normalised extraction with the gold, as texts."""
    if stated.answer is None:
        return undecided(stated)
    predicted = normalised(stated.answer, item)
    rule = "nearest option" if _is_choice(item) else str(item.meta["answer_type"])
    return verdict(predicted == gold(item), stated, rule, f"read as {predicted!r:.80}")


def normalised(extraction: str, item: Item) -> str | None:
    """What the script compares with the gold; None where a number was wanted and Python reads none."""
    if _is_choice(item):
        return _option(extraction.strip(), choices(item))
    try:
        if item.meta["answer_type"] == "integer":
            return str(int(extraction))
        if item.meta["answer_type"] == "float":
            return str(round(float(extraction), _precision(item)))
    except (ValueError, OverflowError):
        return None
    return extraction


def _is_choice(item: Item) -> bool:
    return item.meta["question_type"] == "multi_choice"


def _precision(item: Item) -> int:
    return int(str(item.meta["precision"]))


def _option(extraction: str, options: tuple[str, ...]) -> str:
    lettered_as = _LETTER.findall(extraction)
    if lettered_as:
        extraction = lettered_as[0].upper()
    if len(extraction) == 1 and 0 <= ord(extraction) - ord("A") < len(options):
        return options[ord(extraction) - ord("A")]
    return nearest(extraction[:MAX_COMPARED], options)


@lru_cache(maxsize=8192)
def nearest(text: str, options: tuple[str, ...]) -> str:
    """The first option at the smallest edit distance."""
    return min(options, key=lambda option: edit_distance(text, option))


def edit_distance(one: str, other: str) -> int:
    """Levenshtein's distance: insertions, deletions and substitutions, one each."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


PROTOCOL = Protocol(
    "official",
    f"1+mathvista-published+{language_model.VERSION}",
    prompt,
    extract,
    match,
    extractor=language_model.extractor(language_model.VALUE, language_model.as_said),
)
