"""Options that are named by their place: option 3, the third option, the last choice, 第三个选项."""

from __future__ import annotations

import re

from .lexer import names
from .text import number_in_words

_ORDINALS = {word: place for place, word in enumerate(names("first second third fourth fifth sixth seventh eighth"), 1)}
_PLACE = rf"{'|'.join(_ORDINALS)}|last|[1-9]\d?(?:st|nd|rd|th)"
_POSITION = re.compile(
    r"(?:(?:so|thus|hence|therefore),? )?"
    r"(?:the (?:correct |final |right )?(?:answer|option|choice) is )?(?:the )?"
    r"(?:(?:option|choice|answer)(?: number| no\.?)? ?\(?#?(?P<number>[1-9]\d?)\)?"
    rf"|(?P<place>{_PLACE}) (?:option|choice|answer))"
    r"(?: is (?:the )?(?:correct|right)(?: (?:answer|option|choice|one))?)?[.!]?",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?:选择?)?(?:选项 ?(?P<number>[1-9]\d?)|第 ?(?P<place>[一二三四五六七八1-9]) ?(?:个选项|个|选项|项))[。.]?"
)


def place_named(plain: str, count: int) -> tuple[int, bool] | None:
    """The place, from 1 to `count`, and whether it is said by a bare number: option 3; None for other texts."""
    found = _POSITION.fullmatch(plain) or _CHINESE.fullmatch(plain)
    if found is None:
        return None
    said = (found.group("number") or found.group("place")).lower()
    place = count if said == "last" else _ORDINALS.get(said) or _number(said)
    return (place, found.group("number") is not None) if 0 < place <= count else None


def _number(said: str) -> int:
    digits = said.rstrip("stndrh")
    return int(digits) if digits.isdecimal() else int(number_in_words(said) or 0)
