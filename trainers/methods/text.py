"""What a model wrote, made fit to stand in another prompt. It is untrusted: bounded, and without control tokens.

Texts of settings with places in braces, like "Question: {question}", and what is put there, which is not to be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...harness.errors import UsageError

MOST_QUESTION_CHARACTERS = 400
MOST_SHOWN = 120
MAX_REPLY = 100_000

_TAGGED = re.compile(r"<question>((?:(?!</?question>).)*)</question>", re.DOTALL | re.IGNORECASE)
_MARKS = re.compile(r"<\|[^<>|\n]{0,60}\|>|</?(?:s|bos|eos|pad|unk|image|img|video|think|answer)\d*>", re.IGNORECASE)
_CONTROL = re.compile(r"<(?=\||image)", re.IGNORECASE)
"""Where a token like <|im_end|> begins, or the mark that stands for a picture."""


def broken(text: str) -> str:
    """The text with control tokens and marks of pictures broken, so that it cannot end a turn."""
    return _CONTROL.sub("< ", text)


def has_marks(text: str) -> bool:
    """True if a text holds what a chat template or a prompt would take for a sign: control tokens, marks of pictures,
    unprintable characters.
    """
    return bool(_MARKS.search(text)) or not all(map(str.isprintable, text.split("\n")))


def one_line(text: str, most: int) -> str:
    """The text on one line, at most that many characters of it, with control tokens broken."""
    return broken(" ".join(text.split())[:most])


def find_question(reply: str) -> str | None:
    """The question of a reply: between the last closed <question> tags, or all of it where it is untagged and ends in "?".

    What stands before the end of a thought does not count. None if there is none. Spaces of any kind become single ones.
    """
    if len(reply) > MAX_REPLY:
        return None
    reply = reply.rpartition("</think>")[2]
    tagged = _TAGGED.findall(reply)
    text = tagged[-1].strip() if tagged else reply.strip()
    if not tagged and (not text.endswith("?") or "<question>" in text.lower()):
        return None
    return "\n".join(" ".join(line.split()) for line in text.split("\n")) if any(map(str.isalpha, text)) else None


def as_question(reply: str) -> str | None:
    """The question of a reply that can be put as it is, or None: one line, not too long, without a box and marks."""
    question = find_question(reply)
    if question is None or "\n" in question or "\\boxed" in question or has_marks(question):
        return None
    return question if len(question) <= MOST_QUESTION_CHARACTERS else None


MAX_TEMPLATE = 20_000
_PLACE = re.compile(r"\{([a-z]+)\}")


def check_template(name: str, template: str, places: Sequence[str] = ()) -> None:
    """Raises UsageError for a text that is empty or too long, or does not hold each of its places exactly once."""
    if not template.strip() or len(template) > MAX_TEMPLATE:
        raise UsageError(f"{name} must be a text of at most {MAX_TEMPLATE} characters")
    for place in places:
        if template.count(f"{{{place}}}") != 1:
            raise UsageError(f"{name} must hold {{{place}}} once")


def filled(template: str, **values: str) -> str:
    """The template with its places filled; what looks like a place inside a value stays as it is.

    Control tokens like <|im_end|> and marks of pictures are broken in a value, so that it cannot end the turn.
    """
    safe = {place: broken(value) for place, value in values.items()}
    return _PLACE.sub(lambda place: safe.get(place[1], place[0]), template)
