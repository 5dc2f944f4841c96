"""Decimal commas: 0,75 in a response in German, French, Spanish, Portuguese or Italian is 0.75."""

from __future__ import annotations

import re

from ..lexer import names

_COMMA = re.compile(r"(?<![\d,.])(\d{1,9}),(?=(?:\d{1,2}|\d{4,9})(?![\d,]))")
_WORDS = re.compile(r"[^\W\d_]+")
_ENDING = 2_000  # characters by which the language is told
_LEAST = 2  # different words of it
_OTHER_LANGUAGES = frozenset(
    names(
        "der das und ist auf den dem ein eine im von mit für somit "
        "beträgt le la les du une est et que el los las una es por para "
        "di il della che uma são após après ergebnis antwort lösung réponse respuesta"
    )
)


def has_comma(text: str) -> bool:
    """True for a text with a number that may have a decimal comma."""
    return "," in text and _COMMA.search(text) is not None


def writes_commas(text: str) -> bool:
    """True for a text with words of a language that writes decimals with a comma."""
    return len(_OTHER_LANGUAGES & set(_WORDS.findall(text[-_ENDING:].lower()))) >= _LEAST


def with_points(answer: str) -> str:
    """The answer with a point for each decimal comma."""
    return _COMMA.sub(r"\1.", answer)
