"""`grade`: one response against a gold."""

from __future__ import annotations

from collections.abc import Sequence

from .harness import answers
from .harness.answers import Grade
from .harness.errors import UsageError


def grade(
    response: str,
    gold: str | float,
    gold_type: str | None = None,
    choices: Sequence[str] | None = None,
    unit: str | None = None,
    *,
    question: str = "",
) -> Grade:
    r"""Find the final answer of a whole response and compare it with the gold, by the strict matcher.

        proctor.grade(r"so \boxed{0.5}", "1/2").correct  # True
        proctor.grade("I take (B).", "B", choices=["cat", "dog"]).correct  # True

    `gold_type` says how they are compared (`proctor.GOLD_TYPES`; None: "choice" where there are choices, else "number", which
    takes expressions and words too). `choices` are option texts in order, named A, B, ...; `unit` is what the question asks
    for; with the `question`, a sentence that says it again as a statement answers yes or no. The result is true where the
    answer is right. Model text is never executed.
    Raises UsageError for an unknown gold type or what is no text.
    """
    if not isinstance(response, str):
        raise UsageError(f"a response must be a text, not {type(response).__name__}: grade(response, gold)")
    if isinstance(gold, bool) or not isinstance(gold, str | int | float):
        raise UsageError(f"a gold must be a text or a number, not {type(gold).__name__}: grade(response, gold)")
    kind = gold_type or ("choice" if choices else "number")
    try:
        return answers.grade(response, str(gold), kind, choices, unit, question=question)
    except ValueError as error:
        raise UsageError(str(error)) from error
