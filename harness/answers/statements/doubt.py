"""Whether words deny, doubt or suppose what stands beside them, or report it as what others say."""

from __future__ import annotations

import re

from ..lexer import names

_LISTED = re.compile(r"(?:[(\[]?[A-Z][)\]]?(?:\s?,\s|\s(?:and|or)\s|,\s(?:and|or)\s)){1,12}\Z")
_DENIED = re.compile(
    r"(?:n't|n’t|\b(?i:not|cannot|never|neither|nor|none of|no (?:option|choice|answer|way)|unable|unclear|unsure|uncertain|"
    r"impossible|doubts?|doubtful|unlikely|whether|unless|might|(?-i:may)|could|perhaps|maybe|possibly|sorry|please|let me|"
    r"would (?:have been|only)|which (?:option|choice|of|one)|mistaken(?:ly)?|wrong(?:ly)?|incorrect(?:ly)?|hardly|"
    r"it is (?:tempting|possible)|suppose[sd]?|imagine|hypothe\w{1,8}|guess))(?![a-z])"
    r"|[不没未]|并非|无法|如果|假设|若|可能|也许|哪|是否"
)
_RELATIVE = re.compile(
    r"\b(?:the|an?|only|one)\s(?:[\w-]+\s){1,4}(?:that|which|who)\s"
    r"(?:can(?:not|['’]t)|(?:do|does|did|is|are|was|were|has|have|had|will|would|could)(?:\snot|n['’]t))\b",
    re.IGNORECASE,
)
IF = re.compile(
    r"\b(?i:if|suppose|unless|provided that|in case|only when|should (?:the|we|it))\b|\b(?i:were)\b(?= \w+ed\b)"
    r"|\A[\s(*_]*(?:Had|Were|Should)\s|如果|假设|若"
)
_DOUBTING = frozenset(
    names(
        "t not cannot never neither nor none no unable unclear unsure uncertain impossible doubt doubts doubtful unlikely "
        "whether unless might may could perhaps maybe possibly sorry please let would which mistaken mistakenly wrong "
        "wrongly incorrect incorrectly hardly tempting possible suppose supposed supposes imagine guess thought assumed "
        "guessed believed expected figured think say believe if provided case only should were had"
    )
)
"""The words of which those patterns need one; t is that of n't."""
_LETTERS = re.compile(r"[a-z]+")
_FOREIGN = re.compile(r"[’\u4e00-\u9fff]")
ONCE = re.compile(
    r"\b(?i:i|we|he|she|they|you|someone|people)\s(?i:(?:first|initially|originally|once|had|wrongly|mistakenly)\s){0,2}"
    r"(?i:thought|assumed|guessed|believed|expected|supposed|figured)\b"
    r"|\b(?i:students|people|others|many|some)\s(?i:might\s|may\s)?(?i:think|say|believe)\b"
)
_CONSIDERING = re.compile(
    r"[\s*_]{0,12}(?i:for example|e\.g\.|note that (?:if|when|in)|let me know|imagine|suppose|would)\b"
)
REFUTED = re.compile(r",?\s(?:which|that) (?:is|was) (?:not|in(?:accurate|correct)|wrong)\b|\brespectively\b")
_RESTART = re.compile(
    r"\b(?i:so|thus|hence|therefore|consequently|then we|we get|we have|gives|means(?: that)?|conclude that|it follows that|"
    r"but|however)\b(?! that)|[:;；]|所以|因此"
)


def denied(before: str) -> bool:
    """True if what stands before a statement in its sentence denies it, doubts it or makes it depend on a condition."""
    return bool(_CONSIDERING.match(before) or ONCE.search(before)) or rests_on_doubt(before, len(before))


def rests_on_doubt(sentence: str, end: int) -> bool:
    """True if the clause that ends at `end` is denied or doubted, or the whole of it rests on a condition."""
    if not may_doubt(sentence[:end]):
        return False
    start = max((found.end() for found in _RESTART.finditer(sentence, 0, end)), default=0)
    listed = _LISTED.search(sentence, start, end)
    clause = max(sentence.rfind(mark, start, listed.start() if listed else end) for mark in (", ", "; ", "，"))
    doubted = doubts(sentence[max(clause, start, 0) : end]) or ONCE.search(sentence, start, end)
    return bool(doubted or IF.search(sentence, start, end))


def may_doubt(text: str) -> bool:
    """False for a text without any word of those that deny, doubt or suppose; cheap, because most texts have none."""
    lower = text.lower()
    return not _DOUBTING.isdisjoint(_LETTERS.findall(lower)) or "hypothe" in lower or _FOREIGN.search(lower) is not None


def doubts(words: str) -> bool:
    """True for words that deny or doubt; "the piece that does not fit" names a piece and denies nothing."""
    return _DENIED.search(_RELATIVE.sub(" ", words)) is not None
