"""Grading: the extracted answer against a gold under the gold's type, with the rule and the reason of the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from .extract import extract
from .judges import NUMERIC, Decision, decide
from .said import Wanted, said_by, taken_back
from .types import Extraction, Grade, parse_gold_type


def grade(
    response: str,
    gold: str,
    gold_type: str,
    choices: Sequence[str] | None = None,
    unit: str | None = None,
    *,
    question: str = "",
) -> Grade:
    """Extract the final answer of `response` and compare it with `gold`.

    `choices` are option texts in order (letters A, B, ... name them); `unit` is the unit that the question asks for. With the
    `question`, a sentence that says it again as a statement answers it where its options are yes and no.
    Raises ValueError for an unknown gold type, and nothing else whatever the response.
    """
    return match(extract(response), gold, gold_type, choices, unit, question=question)


def match(
    answer: Extraction,
    gold: str,
    gold_type: str,
    choices: Sequence[str] | None = None,
    unit: str | None = None,
    *,
    question: str = "",
) -> Grade:
    """Compare an extracted answer with `gold`; see `grade`."""
    kind, options = parse_gold_type(gold_type), tuple(choices) if choices else None
    if answer.rule == "boxed" and answer.answer is not None and kind.name in NUMERIC:
        decided = decide(answer.answer, gold, kind, options, unit)
        return Grade(decided.correct, answer.answer, decided.rule, decided.reason)
    wanted = Wanted(gold, kind, options, unit, question)
    decided = Decision(False, answer.rule, answer.reason)
    if answer.answer is not None:
        decided = decide(answer.answer, gold, kind, options, unit)
    decided = taken_back(answer, decided, wanted)
    said = said_by(answer, decided, wanted)
    part, decided = said or (answer.answer, decided)
    return Grade(decided.correct, part, decided.rule, decided.reason)
