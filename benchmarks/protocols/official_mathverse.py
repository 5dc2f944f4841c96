"""MathVerse's own protocol: prompts of its `query_cot` column, extraction and scoring by a language model.

evaluation/extract_answer_s1.py and score_answer_s2.py of ZrrSkywalker/MathVerse ask GPT for the answer and then GPT again for
0 or 1; no rule decides anything. So every response is undecided until a language model takes both steps.

Defects of the scripts that are not repeated: the scorer reads a column that the data do not have, and shows an empty
question for Vision Only items, where `question_for_eval` should stand.
"""

from __future__ import annotations

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol, lettered
from ..items import inline
from . import language_model
from .base import asked, judge_needed, undecided

_FREE = "provide the final value, e.g., 1, 2.5, 300, at the end."
_CHOICE = "provide the correct option letter, e.g., A, B, C, D, at the end."


def prompt(item: Item) -> Prompt:
    """First reason, then answer; a question that stands in the picture is pointed to."""
    how = _CHOICE if item.meta.get("question_type") == "choice" else _FREE
    asks = f"first conduct reasoning, and then answer the question and {how}"
    if not item.question.strip():
        return asked(item, f"According to the question shown in the image, please {asks}")
    has_options = item.choices and len(inline(item.question)) != len(item.choices)
    options = f"\nChoices:\n{lettered(item.choices)}" if has_options else ""
    return asked(item, f"Please {asks}\nQuestion: {item.question}{options}")


def extract(text: str, item: Item) -> Extraction:
    """Nothing: extraction is a language model's part."""
    return judge_needed("MathVerse extracts every answer with a language model")


def match(stated: Extraction, item: Item) -> Grade:
    """Undecided: scoring is a language model's part."""
    return undecided(stated)


PROTOCOL = Protocol(
    "official",
    f"1+mathverse-9f815056+{language_model.VERSION}",
    prompt,
    extract,
    match,
    extractor=language_model.extractor(language_model.VALUE, language_model.as_said),
    judge=language_model.judge(),
)
