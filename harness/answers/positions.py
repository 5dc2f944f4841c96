"""Options that are named by their place: option 3, the third option, the last choice, 第三个选项."""

from __future__ import annotations

import re

from .text import number_in_words

_PLACE = r"first|second|third|fourth|fifth|sixth|seventh|eighth|last|[1-9]\d?(?:st|nd|rd|th)"
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
    digits = re.match(r"\d+", said)
    place = count if said == "last" else int(digits.group() if digits else number_in_words(said) or 0)
    return (place, found.group("number") is not None) if 0 < place <= count else None
