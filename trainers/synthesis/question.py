"""When two questions are the same, or nearly."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\d+(?:\.\d+)?|\w+|[^\w\s.,;:!?'\"$`()]")


def words(question: str) -> tuple[str, ...]:
    """The words, numbers and signs of a question, without case and punctuation: equal for questions that read the same."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", question).casefold()))


def similarity(one: Iterable[str], other: Iterable[str]) -> float:
    """Jaccard: the share of all their words that both have; 1 for two without words."""
    first, second = frozenset(one), frozenset(other)
    either = len(first | second)
    return len(first & second) / either if either else 1.0
