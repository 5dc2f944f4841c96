"""The other forms in which a closing sentence gives its value: "= 36π ≈ 113.1", "13 cents more, i.e. $0.13"."""

from __future__ import annotations

import re
from typing import NamedTuple

from .statements.clause import is_denied
from .statements.sentence import NUMBER

_EMPHASIS = re.compile(r"\*{1,3}|__|`")
_EXACT = re.compile(
    r"(?:=|\b(?:is|are|equals|be)\s)\s{0,3}(?P<value>[^=≈\s][^=≈]{0,40}?)\s{0,3}(?:≈|\\approx)\s{0,3}\Z"
)
_VERBS = r"(?:is|are|was|were|can|will|has|have|had|do|does|did|of|or|and|but|to|if)"
_BEHIND = re.compile(
    r",?\s\(?(?:(?P<same>i\.e\.|that is|namely|in other words|which rounds (?:up |down )?to|"
    r"which is (?=about|approximately|roughly))|or\s(?:about|approximately|roughly|around|equivalently)),?\s"
    r"(?:about |approximately |roughly )?"
    rf"(?P<value>{NUMBER}[^\s,;:()!?]{{0,30}}(?:\s(?!{_VERBS}\b)[^\s,;:()!?]{{1,20}}){{0,3}})"
    r"(?P<part>\sof\s(?:the|an?|its|this|all)\s[a-z]{1,20}(?:\s[a-z]{1,20})?)?(?:\s(?:when|if) rounded\b[^.!]{0,40}"
    r"|\s(?:to|after rounding to) (?:the nearest|one|two|three|\d) [a-z ]{3,20})?\)?[.!\s]*\Z"
)
_SHARE = re.compile(r"[.%/]\d|\d\s?%")
_LIMITS = re.compile(r"\b(?:would|too|but|however|although|half of|twice)\b", re.IGNORECASE)
"""Words of a sentence that takes back, or goes beyond, what it computes."""
_LONGEST = 600  # characters of a sentence


class Restated(NamedTuple):
    """Another form of a value; `sure` unless it must be close to the first: "16 to 28, or about 0.571"."""

    value: str
    sure: bool


def restated(sentence: str, said: str) -> list[Restated]:
    """The exact form before a sign "about equal", and the form behind "i.e." or "or about", of the value `said`."""
    plain, said = (_EMPHASIS.sub("", one) for one in (sentence, said))
    at = plain.rfind(said) if len(plain) <= _LONGEST and said else -1
    if at < 0 or is_denied(plain) or _LIMITS.search(plain):
        return []
    exact, behind = _EXACT.search(plain[:at]), _BEHIND.match(plain, at + len(said))
    found = [Restated(exact.group("value").strip(" $").removeprefix("\\(").strip(), sure=True)] if exact else []
    if behind and (behind.group("part") is None or _SHARE.search(behind.group("value"))):
        found.append(Restated(behind.group("value").rstrip(". "), sure=behind.group("same") is not None))
    return found
