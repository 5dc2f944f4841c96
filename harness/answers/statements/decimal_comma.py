"""Decimal commas: 0,75 in a response in German, French, Spanish, Portuguese or Italian is 0.75, and 1.234.567 a million."""

from __future__ import annotations

import re

from ..lexer import names

_COMMA = re.compile(r"(?<![\d,.])(\d{1,9}),(?=(?:\d{1,2}|\d{4,9})(?![\d,]))")
_POINTS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:\.\d{3}){2,9}(?![.\d])|\.\d{3}(?=,\d\d(?!\d)))")
"""Thousands with points: 1.234.567, and 1.234 before two decimals."""
_WORDS = re.compile(r"[^\W\d_]+")
_ENDING = 2_000  # characters by which the language is told
_LEAST = 2  # different words of it
_OTHER_LANGUAGES = frozenset(
    names(
        "der das und ist auf den dem ein eine im von mit für somit "
        "beträgt le la les du une est et que el los las una es por para "
        "di il della che uma são após après insgesamt einwohner wir sind werden zum zur nous donc avec dans pour "
        "ergebnis antwort lösung réponse respuesta"
    )
)


def has_comma(text: str) -> bool:
    """True for a text with a number that may have a decimal comma, or points between its thousands."""
    return ("," in text and _COMMA.search(text) is not None) or ("." in text and _POINTS.search(text) is not None)


def writes_commas(text: str) -> bool:
    """True for a text with words of a language that writes decimals with a comma."""
    return len(_OTHER_LANGUAGES & set(_WORDS.findall(text[-_ENDING:].lower()))) >= _LEAST


def with_points(answer: str) -> str:
    """The answer with a point for each decimal comma, and none between thousands."""
    return _COMMA.sub(r"\1.", _POINTS.sub(lambda found: found.group().replace(".", ""), answer))
