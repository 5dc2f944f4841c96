"""What the protocols of this folder share: the gold as published, and verdicts that a rule can or cannot give."""

from __future__ import annotations

from ...harness import answers
from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt

JUDGE_NEEDED = "judge-needed"


def published_gold(item: Item) -> str:
    """The gold as the suite printed it; `Item.answer` where that is the same."""
    return str(item.meta.get("published_answer") or item.answer)


def verdict(correct: bool, stated: Extraction, rule: str, compared: str = "") -> Grade:
    """A rule's verdict, with what was compared as the reason."""
    return Grade(correct, stated.answer, rule, compared or f"{'equal' if correct else 'not equal'} by the rule")


def undecided(stated: Extraction) -> Grade:
    """No verdict: the protocol would ask a language model here, and none was asked."""
    return Grade(None, stated.answer, JUDGE_NEEDED, stated.reason)


def judge_needed(reason: str) -> Extraction:
    """No extraction: the rules of the protocol leave this response to a language model."""
    return Extraction(None, JUDGE_NEEDED, reason)


def asked(item: Item, text: str) -> Prompt:
    """The pictures of an item, then one text."""
    return Prompt((*item.images, text))


def float_or_none(text: str) -> float | None:
    """`float(text)` where Python reads it."""
    try:
        return float(text)
    except ValueError:
        return None


def graded(stated: Extraction, item: Item) -> Grade:
    """The matcher of `strict` on an answer that another rule extracted, with the gold as published in meaning."""
    if not item.answer:
        return Grade(False, stated.answer, "no-gold", "the item has no gold answer, so no answer can be right")
    return answers.match(stated, item.answer, item.answer_type, item.choices or None, item.unit)
