"""What the closing sentence of a response gives."""

from __future__ import annotations

import re

from .ending import Ending
from .sentence import said_alone, value_of
from .statement import Statement, plain

_LOOKED_AT = 4
_NUMBER = re.compile(r"\s*\d{1,2}[.)]\s*")
_FIRMLY = re.compile(
    r"[\s*_#>-]{0,16}(?:so|thus|hence|therefore|finally|in conclusion|in total|overall|consequently|所以|因此)\b",
    re.IGNORECASE,
)


def _is_item(sentences: list[str], last: int, found: str) -> bool:
    """True for an answer that is one line of a numbered list."""
    return (
        last + 1 < len(sentences)
        and found == sentences[-last - 1].strip()
        and bool(_NUMBER.fullmatch(sentences[-last - 2]))
    )


def closing_statement(ending: Ending) -> Statement | None:
    """A value or an option; sentences before the last count where they conclude ("so", "therefore")."""
    sentences = ending.sentences
    if not sentences or ending.cut_off:
        return None
    for last, sentence in enumerate(sentences[: -_LOOKED_AT - 1 : -1]):
        found = value_of(sentence) if not last or _FIRMLY.match(sentence) else None
        found = found or (said_alone(sentence) if not last else None)
        if found is not None and not _is_item(sentences, last, found):
            return Statement(ending.body.rfind(sentence, ending.start), plain(found), "sentence")
    found = value_of(sentences[-1], words=True) if len(sentences) == 1 or _FIRMLY.match(sentences[-1]) else None
    return Statement(ending.body.rfind(sentences[-1], ending.start), plain(found), "sentence") if found else None
