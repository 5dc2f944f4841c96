"""What a question asks for, where that decides how a sentence is read."""

from __future__ import annotations

import re

from .lexer import names

_MORE_THAN = re.compile(r"[^\w]{0,6}[\d,.]+\s(?:more|fewer|less)\b")
_THAN = re.compile(r"\s(?:[\w-]+\s){0,4}?than\b")
_ASKS_DIFFERENCE = re.compile(
    r"\b(?:more|fewer|less|than|differ\w*|exceed\w*|gap|margin|by how|by what|increas\w*|decreas\w*|chang\w*|extra|left|"
    r"need\w*|additional\w*|remain\w*|gr[eo]w\w*|lost|gain\w*|win|won|lead|ahead|behind|compar\w*)\b|[多少差]",
    re.IGNORECASE,
)
_CONTENT = re.compile(r"[a-z]{4,}|\d+")
_FUNCTION = frozenset(
    names(
        "which what where when does that this these those with from have will would most than following there here shown "
        "figure picture image above below option options answer correct choose"
    )
)
_MOST = 0.6


def is_difference(sentence: str, number: str, question: str) -> bool:
    """True for 5 of "Mia has 5 more apples than Tom" where the question does not compare."""
    if not question or not _MORE_THAN.match(number) or _ASKS_DIFFERENCE.search(question):
        return False
    at = sentence.find(number)
    return at >= 0 and _THAN.match(sentence, at + len(number)) is not None


def says_again(question: str, sentence: str) -> bool:
    """True for a sentence that has most of the question's words, so that it answers it: "The oldest layer is layer S"."""
    asked = set(_CONTENT.findall(question[-400:].lower())) - _FUNCTION
    said = set(_CONTENT.findall(sentence.lower()))
    return bool(asked) and len(asked & said) >= _MOST * len(asked)
