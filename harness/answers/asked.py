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
_CONTENT = re.compile(r"[a-z]{3,}|\d+")
_FUNCTION = frozenset(
    names(
        "which what where when who whose how does did that this these those with from have has had will would there here "
        "shown figure picture image diagram above below option options answer correct choose the are was were for and its "
        "based most following given provided been can could should into than"
    )
)
_MOST = 0.6
_LONGEST = 400  # characters of a question
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_WEAK = re.compile(
    r"\b(?:almost|nearly|seems?|looks?|appears?|opposite|far from|lacks?|lost|used to|was|were|says?|said|thinks?|asks?|"
    r"supposed\w*|nothing|everything|except|but|second|third|fourth|not|no|never|one of|some|last year)\b",
    re.IGNORECASE,
)
"""What an opening does without that answers the question, unless the question says it."""
_NEGATED = re.compile(r"\b(?:not|no|never|without|neither|nor|cannot|un[a-z]{4,})\b|n['’]t\b|[不没未无]", re.IGNORECASE)
_NEGATED_COUNT = re.compile(r"\b(?:do|does|did|are|is|were|was|have|has|had)(?:\snot|n['’]t|\sno)\b", re.IGNORECASE)


def is_difference(sentence: str, number: str, question: str) -> bool:
    """True for 5 of "Mia has 5 more apples than Tom" where the question does not compare."""
    if not question or not _MORE_THAN.match(number) or _ASKS_DIFFERENCE.search(question):
        return False
    at = sentence.find(number)
    return at >= 0 and _THAN.match(sentence, at + len(number)) is not None


def counts_others(sentence: str, number: str, question: str) -> bool:
    """True for 4 of "4 students do not like tea" where the question asks how many do."""
    at = sentence.find(number) if question and not _NEGATED.search(question) else -1
    return at >= 0 and _NEGATED_COUNT.search(sentence, at) is not None


def answers(question: str, sentence: str, option: str) -> bool:
    """True for a sentence that says the question again and little else but the option: "The oldest layer is layer S"."""
    own, asked = _keys(option), _keys(_SENTENCE_END.split(question.strip()[-_LONGEST:])[-1])
    said = _keys(sentence) - own
    if not asked or any(word.lower() not in question.lower() for word in _WEAK.findall(sentence)):
        return False
    return len(asked & said) >= _MOST * max(len(asked - own), len(said))


def _keys(text: str) -> set[str]:
    """The words that say what it is about, in the singular."""
    return {word.removesuffix("s") for word in _CONTENT.findall(text.lower()) if word not in _FUNCTION}
