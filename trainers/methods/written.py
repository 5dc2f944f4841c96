"""What a model wrote, made fit to stand in another prompt. It is untrusted: bounded, and without control tokens."""

from __future__ import annotations

import re

MOST_QUESTION_CHARACTERS = 400
MOST_SHOWN = 120

_CONTROL = re.compile(r"<(?=\||image)", re.IGNORECASE)
"""Where a token like <|im_end|> begins, or the mark that stands for a picture."""


def one_line(text: str, most: int) -> str:
    """The text on one line, at most that many characters of it, with control tokens broken."""
    return _CONTROL.sub("< ", " ".join(text.split())[:most])


def as_question(text: str) -> str | None:
    """The question that a text is, or None: one line that ends with a question mark, without a box and control tokens."""
    question = text.strip()
    fine = (
        question.endswith("?")
        and len(question) <= MOST_QUESTION_CHARACTERS
        and question.isprintable()
        and any(map(str.isalpha, question))
        and "\\boxed" not in question
        and not _CONTROL.search(question)
    )
    return question if fine else None
