"""DynaMath's own rules: evaluation/opensource_json_eval.py of DynaMath/DynaMath, commit 65a346ac.

The response should be JSON with the keys "solution" and "short answer"; where it is not, the last line without its last
character is the short answer. A float is right within 0.001 (its first word counts, and "2π" is understood), a choice by
its letter or if the letter is among the first three characters, a text if the gold stands anywhere in it.

Defects that belong to it: the last line loses its last character, so "B" alone fails; an answer "A or B" is right for A and
for B; a text "not yes" is right for "yes"; a float with a unit before it fails.
"""

from __future__ import annotations

import json
import math
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol
from .base import asked, published_gold, verdict

MAX_JSON = 100_000
GUIDE = """
## Answer Instruction Please provide an answer to the question outlined above. Your response should adhere \
to the following JSON format, which includes two keys: 'solution' and 'short answer'. The 'solution' key can contain \
detailed steps needed to solve the question, and the 'short answer' key should provide a concise response. """
CHOICE = (
    "If the problem is a multiple choice problem, just provide the corresponing choice option, "
    "such as 'A', 'B', 'C', or 'D'."
)
FLOAT = "If the answer is a numerical value, format it as a three-digit floating-point number."
EXAMPLE = """

Example of expected JSON response format:

{
    "solution": "[Detailed step-by-step explanation]",
    "short answer": "[Concise Answer]"
}"""
TOLERANCE = 0.001


def prompt(item: Item) -> Prompt:
    """The question and the JSON format, spelling of the script included."""
    wants = "Please answer in a floating-point number." if item.meta["answer_type"] == "float" else ""
    return asked(item, f"## Question\n{item.question}{wants}{GUIDE}{CHOICE} {FLOAT}{EXAMPLE}")


def extract(text: str, item: Item) -> Extraction:
    """The short answer of the JSON object, or of the last line."""
    body = _object(text)
    try:
        parsed: Any = json.loads(body[:MAX_JSON], strict=False)
    except (ValueError, RecursionError):
        return Extraction(body.split("\n")[-1][:-1], "last line", "not JSON: the last line without its last character")
    if not isinstance(parsed, dict):
        return Extraction(None, "none", "JSON, but not an object")
    return Extraction(str(parsed.get("short answer")), "json", "the key 'short answer'")


def _object(text: str) -> str:
    """From the first brace to the last without backslashes; the whole text where there is no such pair."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end <= start:
        return text
    return text[start : end + 1].replace("\\", "")


def match(stated: Extraction, item: Item) -> Grade:
    """By answer type, see the module."""
    if stated.answer is None:
        return verdict(False, stated, stated.rule, stated.reason)
    answer, gold, kind = stated.answer, published_gold(item), str(item.meta["answer_type"])
    if kind == "float":
        return verdict(within(number(answer), gold), stated, "float")
    if kind == "multiple choice":
        return verdict(answer == gold if len(answer) == 1 else gold in answer[:3], stated, "letter")
    return verdict(gold in answer, stated, "contained")


def number(text: str) -> float | None:
    """The number that the first word says, "2π" included; None for other words."""
    word = text if text.isdigit() else text.split(" ", maxsplit=1)[0]
    try:
        return float(word.split("π")[0]) * math.pi if "π" in word else float(word)
    except ValueError:
        return None


def within(value: float | None, gold: str) -> bool:
    """True if the value is at most 0.001 away from the gold."""
    return value is not None and abs(value - float(gold)) <= TOLERANCE


PROTOCOL = Protocol("official", "1+dynamath-65a346ac", prompt, extract, match)
