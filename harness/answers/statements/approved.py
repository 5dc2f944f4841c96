"""Options that are called right: "Option B is the correct answer", "A and C are correct", 选项B正确."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .sentence import NOUN

_CANDIDATES = 24  # those that are looked at, from the last one on
_SPOTS = 400
_LOOK_BACK = 120  # characters in which the letters stand
_VERBS = (" is ", " are ", " must be ", " should be ")
_LETTER = r"\*{0,3}\(?[A-Z]\)?\*{0,3}"
_LETTERS = re.compile(
    rf"(?<![\w(\\])(?:(?i:options?|choices?|answers?|{NOUN}s?|only)\s)?"
    rf"(?P<letters>(?<![\w(]){_LETTER}(?:(?:\s?,\s?(?:and )?|\s(?:and|&)\s){_LETTER}){{0,8}})\Z"
)
_RIGHT = re.compile(
    r"\s(?:is|are|must be|should be)\s"
    r"(?:(?:therefore|thus|clearly|indeed|hence|also|then|both|the|my|our|only|a|single)\s){0,3}"
    r"(?:(?:correct|right|best|final|closest|matching)\s?)?"
    r"(?:answers?|options?|choices?|one|ones|correct|match|matching|it(?=[.!]?(?:\s|$))|what (?:we|was|is) [a-z]+"
    r"|right(?!\s(?!because|since|as\b|for\b|and\b|here|in this|given|based)[a-z]))(?![a-z])"
    r"(?!\s(?:that|which|who)\s(?:\w+\s){0,2}?(?:\w*n['’]t|not|never|fails?|contradicts?|violates?)\b)"
)
_ONLY = re.compile(
    rf"\b[Oo]nly\s(?:(?i:option|choice|answer|{NOUN})\s)?(?P<letters>{_LETTER})\s"
    r"(?:remains|is left|is possible|is valid|fits|works|satisfies|matches|agrees|is consistent|holds|has|shows|"
    r"meets|qualifies|"
    r"can be|gives)\b"
)
_MADE = re.compile(
    r"(?<!hat )\bmakes\s(?:(?i:option|choice)\s)?(?P<letters>\*{0,3}\(?[A-Z]\)?\*{0,3})\sthe\s(?:(?:correct|right|"
    r"best|only)\s)?"
    r"(?:answer|option|choice|one)\b"
)
_TICKED = re.compile(
    r"^\W{0,8}(?:(?i:option|choice|"
    + NOUN
    + r")\s)?\(?([A-Z])[).:\s][^\n]{0,160}?(?:(?P<tick>[✓✅✔])|[✗❌✘×])\W{0,4}$",
    re.MULTILINE,
)
_CHINESE = re.compile(
    r"(?:只有|仅|是)\s?(?:选项|图形?)?\s?([A-Z])\s?(?:选?项|图)?(?:符合|正确|满足|成立|可以|(?=[。.]?\s*\Z))"
    r"|选项\s?([A-Z])\s?(?:是|为)?(?:正确|对)的?|([A-Z])\s?选?项\s?(?:是|为)?(?:正确|对)的?"
)


class Approval(NamedTuple):
    """Where it begins and ends, and the letters that it names."""

    start: int
    end: int
    letters: str


def approvals(text: str, start: int, end: int) -> list[Approval]:
    """Those from `start` to `end`, the last one first."""
    found = [one for at in sorted(_spots(text, start, end))[-_SPOTS:] if (one := _approval(text, at))]
    if "nly " in text:
        found += [
            Approval(*one.span(), one.group("letters").replace("*", "")) for one in _ONLY.finditer(text, start, end)
        ]
    if "makes " in text:
        found += [
            Approval(*one.span(), one.group("letters").replace("*", "")) for one in _MADE.finditer(text, start, end)
        ]
    if not text.isascii():
        found += _ticked(text)
        found += [
            Approval(*one.span(), next(filter(None, one.groups()))) for one in _CHINESE.finditer(text, start, end)
        ]
    return sorted(found, reverse=True)[:_CANDIDATES]


def _spots(text: str, start: int, end: int) -> Iterator[int]:
    """Where a verb stands behind what may be a letter."""
    for verb in _VERBS:
        at = text.find(verb, start, end)
        while at >= 0:
            if text[at - 1].isupper() or text[at - 1] in ")*":
                yield at
            at = text.find(verb, at + 1, end)


def _ticked(text: str) -> list[Approval]:
    """C. 135° ✓: the only option of a list that is ticked, where others are crossed out."""
    lines = list(_TICKED.finditer(text))
    ticked = [one for one in lines if one.group("tick")]
    return [Approval(*ticked[0].span(), ticked[0].group(1))] if len(ticked) == 1 < len(lines) else []


def _approval(text: str, at: int) -> Approval | None:
    right = _RIGHT.match(text, at)
    named = _LETTERS.search(text, max(0, at - _LOOK_BACK), at) if right else None
    return Approval(named.start(), right.end(), named.group("letters").replace("*", "")) if right and named else None
