"""From a model's reply to a question, and when two questions are the same. The model's text is untrusted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_REPLY = 100_000
_TAGGED = re.compile(r"<question>((?:(?!</?question>).)*)</question>", re.DOTALL | re.IGNORECASE)
_MARKS = re.compile(r"<\|[^<>|\n]{0,60}\|>|</?(?:s|bos|eos|pad|unk|image|img|video|think|answer)\d*>", re.IGNORECASE)
_WORD = re.compile(r"\d+(?:\.\d+)?|\w+|[^\w\s.,;:!?'\"$`()]")


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


def has_marks(question: str) -> bool:
    """True if a question holds what a chat template or a prompt would take for a sign: control tokens, marks of pictures,
    unprintable characters.
    """
    return bool(_MARKS.search(question)) or not all(map(str.isprintable, question.split("\n")))


def words(question: str) -> tuple[str, ...]:
    """The words, numbers and signs of a question, without case and punctuation: equal for questions that read the same."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", question).casefold()))


def similarity(one: Iterable[str], other: Iterable[str]) -> float:
    """Jaccard: the share of all their words that both have; 1 for two without words."""
    first, second = frozenset(one), frozenset(other)
    either = len(first | second)
    return len(first & second) / either if either else 1.0
