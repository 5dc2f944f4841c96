"""Grading: the extracted answer against a gold under the gold's type, with the rule and the reason of the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from . import choices as multiple_choice
from .extraction import extract
from .judge import agrees
from .limits import MAX_ANSWER, MEMO_LENGTH, UnreadableError
from .memo import memo
from .types import Extraction, GoldType, Grade, parse_gold_type


def grade(
    response: str, gold: str, gold_type: str, choices: Sequence[str] | None = None, unit: str | None = None
) -> Grade:
    """Extract the final answer of `response` and compare it with `gold`.

    `choices` are option texts in order (letters A, B, ... name them); `unit` is the unit that the question asks for. Raises
    ValueError for an unknown gold type, and nothing else whatever the response.
    """
    return match(extract(response), gold, gold_type, choices, unit)


def match(
    answer: Extraction,
    gold: str,
    gold_type: str,
    choices: Sequence[str] | None = None,
    unit: str | None = None,
) -> Grade:
    """Compare an extracted answer with `gold`; see `grade`."""
    kind = parse_gold_type(gold_type)
    if answer.answer is None:
        return Grade(False, None, answer.rule, answer.reason)
    options = tuple(choices) if choices else None
    short = len(answer.answer) + len(gold) <= MEMO_LENGTH
    correct, rule, reason = (_remembered if short else _decide)(answer.answer, gold, kind, options, unit)
    return Grade(correct, answer.answer, rule, reason)


def _decide(
    answer: str, gold: str, kind: GoldType, choices: tuple[str, ...] | None, unit: str | None
) -> tuple[bool, str, str]:
    if len(answer) > MAX_ANSWER or len(gold) > MAX_ANSWER:
        return False, "limit", f"longer than {MAX_ANSWER} characters"
    if kind.name in ("choice", "multichoice"):
        return _choose(answer, gold, kind.name == "choice", choices)
    correct = agrees(gold, answer, kind, unit)
    return correct, kind.name, f"{'the same' if correct else 'not the same'} {kind.name} as the gold"


_remembered = memo(_decide)


def _choose(answer: str, gold: str, one: bool, choices: tuple[str, ...] | None) -> tuple[bool, str, str]:
    try:
        letters = multiple_choice.gold_letters(gold, choices)
    except UnreadableError:
        letters = frozenset()
    if not letters:
        return False, "choice", f"the gold {gold[:40]!r} names no option"
    chosen = multiple_choice.resolve(answer, choices)
    if one and len(chosen.letters) > 1:
        return False, "hedge", f"{chosen.reason} instead of one"
    correct = chosen.letters == letters
    wanted = ", ".join(sorted(letters))
    return correct, chosen.rule, chosen.reason if correct else f"{chosen.reason}; the gold is {wanted}"
