r"""Relations whose sides are names or sums of names: CD ∥ AB is AB ∥ CD, \angle 2 + \angle 1 = 180° is ∠1 + ∠2 = 180°."""

from __future__ import annotations

import re
from typing import NamedTuple

from .text import text_key

_SIGNS = {
    "=": "=", "\\parallel": "∥", "∥": "∥", "//": "∥", "\\perp": "⊥", "⊥": "⊥", "\\cong": "≅", "≅": "≅", "≌": "≅",
    "\\sim": "∼", "∼": "∼", "∽": "∼", "\\neq": "≠", "\\ne": "≠", "≠": "≠",
}  # fmt: skip
_SIGN = re.compile("|".join(re.escape(sign) + r"(?![A-Za-z])" * sign.startswith("\\") for sign in _SIGNS))
_NAMED = re.compile(r"\\(?:angle|triangle|parallel|perp|cong|sim)(?![A-Za-z])|[∠△∥⊥≅≌∼∽]|//|[A-Z]{2}")
"""What an equation of numbers and variables has none of."""
_SEGMENT = re.compile(r"[a-z]{2}")  # as `text_key` writes AB
_LONGEST = 120  # characters


class Relation(NamedTuple):
    """A sign whose sides can change places, and the terms of each side."""

    sign: str
    sides: frozenset[tuple[str, ...]]


def relation(text: str) -> Relation | None:
    """The relation that a text is; None for other texts, and for more than one sign."""
    text = text.strip(" $.\n")
    if len(text) > _LONGEST or not _NAMED.search(text):
        return None
    signs = _SIGN.findall(text)
    if len(signs) != 1:
        return None
    sides = _SIGN.split(text)
    terms = frozenset(tuple(sorted(_term(term) for term in side.split("+"))) for side in sides)
    return Relation(_SIGNS[signs[0]], terms) if all(all(side) for side in terms) else None


def _term(text: str) -> str:
    """A term's key; a segment by its ends in the order of the alphabet."""
    key = text_key(text)
    return "".join(sorted(key)) if _SEGMENT.fullmatch(key) else key
