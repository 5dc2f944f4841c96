"""The steps that protocols leave to a language model: extraction by kind of answer, and judging against the gold.

The benchmarks' scripts show their model worked examples; the wording here is ours, with the same task, and asks for one
line in a fixed form. A reply in any other form is no verdict. "none" means that the response states no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...harness.answers import Extraction
from ...harness.runs.judging import Extractor, JudgeStep
from ...harness.types import Item
from ...harness.untrusted_text import between_lines
from ..gold import published_gold
from ..items import inline
from .base import lettered

VERSION = "llm1"
"""Part of the version of each protocol with a step; changes with any wording or reading here."""
MAX_RESPONSE = 20_000
"""Characters of a response that are shown: its end, where the answer stands."""
MAX_ANSWER = 500

Read = Callable[[str, Item], str | None]
"""The answer in a protocol's own form, from what the model said after "Answer:"; None for an unreadable one."""

_ANSWER = re.compile(r"\**Answer:\**\s*(.+?)\**", re.IGNORECASE)
_VERDICT = re.compile(r"\**(?:Verdict:\**\s*)?([01])\**", re.IGNORECASE)
_LETTER = re.compile(r"\(?([A-Za-z])\)?\.?")
_NAME = re.compile(r"\(?([A-Za-z0-9])\)?\.?")


def extractor(wanted: str, read: Read, none: str = "") -> Extractor:
    """The step that finds a response's final answer; `none` stands for a response that states none."""

    def prompt(text: str, item: Item) -> str:
        return (
            "A model answered a question. Say what final answer it gives. Do not solve the question, and do not "
            f"correct the answer.\n{wanted}\n"
            "Reply with exactly one line: the word Answer, a colon, and the final answer; or 'Answer: none' if the "
            "model gives no final answer.\n\n"
            f"Question:\n{_question(item)}\n\n{between_lines('response', text[-MAX_RESPONSE:])}"
        )

    def parse(reply: str, item: Item) -> Extraction | None:
        matched = _ANSWER.fullmatch(_last_line(reply))
        if not matched or len(matched[1]) > MAX_ANSWER:
            return None
        if matched[1].lower().rstrip(".") == "none":
            return Extraction(none, "language model", "the language model found no final answer")
        answer = read(matched[1], item)
        return None if answer is None else Extraction(answer, "language model", "extracted by the language model")

    return Extractor(prompt, parse)


def letter(answer: str, item: Item) -> str | None:
    """One option's letter."""
    matched = _LETTER.fullmatch(answer)
    return matched[1].upper() if matched else None


def letters(answer: str, item: Item) -> str | None:
    """Option letters as one text, separated by ", "; digits may name options too, as one of LogicVista's golds does."""
    names = [_NAME.fullmatch(part) for part in re.split(r"\s*(?:,|\band\b)\s*", answer)]
    return ", ".join(match[1].upper() for match in names if match) if all(names) else None


def verbatim(answer: str, item: Item) -> str | None:
    """The text itself."""
    return answer


LETTER = "The answer is the letter of one option; if the model names an option by its text, give its letter."
LETTERS = "The answer is one or more option letters, separated by commas."
VALUE = "Give the answer alone, as the model writes it: a number, an expression, a list or a few words."


def judge() -> JudgeStep:
    """The step that compares a stated answer with the gold, as published."""

    def prompt(answer: str, item: Item) -> str:
        return (
            "Compare a model's final answer to a question with the reference answer. They agree if they mean the same; "
            "the form, a unit that the question implies, and an option's letter against its text do not matter.\n"
            "Reply with exactly one line: 'Verdict: 1' if they agree, 'Verdict: 0' if not.\n\n"
            f"Question:\n{_question(item)}\n\nReference answer:\n{published_gold(item)}\n\n"
            f"{between_lines('model answer', answer[-MAX_RESPONSE:])}"
        )

    def read(reply: str) -> bool | None:
        matched = _VERDICT.fullmatch(_last_line(reply))
        return matched[1] == "1" if matched else None

    return JudgeStep(prompt, read)


def _question(item: Item) -> str:
    """The full question: where it stands in the picture, the text that MathVerse has for judges."""
    question = item.question if item.question.strip() else str(item.meta.get("question_for_eval") or "(in the picture)")
    lists_options = item.choices and len(inline(question)) != len(item.choices)
    return f"{question.strip()}\nOptions:\n{lettered(item.choices)}" if lists_options else question.strip()


def _last_line(reply: str) -> str:
    return next((line.strip() for line in reversed(reply.splitlines()) if line.strip()), "")
