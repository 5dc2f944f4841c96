"""Sentences behind an answer that say it cannot be right: "Hmm, that can't be right", "so 60° cannot be correct"."""

from __future__ import annotations

import re

from ..lexer import names
from .doubt import IF, not_ones_own, words_in
from .preparation import is_question
from .sentence import NOUN

_NEGATIVE = frozenset(
    names(
        "t cannot not wrong incorrect impossible inconsistent contradicts contradict contradiction false invalid fails fail"
    )
)
"""Words of which a refutation has one; t is that of n't."""
_NOT = r"(?:n['’]t|\snot)"
_CANNOT = rf"(?:(?:cannot|can['’]t|can not|could{_NOT})\s(?:possibly\s)?be)"
_RIGHT = r"(?:right(?![- ](?:angle|hand|triangle|tri))|correct|true|valid|possible|accurate)(?![\w-])"
_WRONG = r"(?:wrong|incorrect|impossible|false|invalid|inconsistent)(?![\w-])"
_FITS = r"(?:make (?:any )?sense|fit|work|match|add up|agree|satisfy|hold)\b"
_IS_WRONG = (
    rf"\s(?:{_CANNOT}\s(?:the (?:right|correct) \w+|the answer|it\b|{_RIGHT})"
    rf"|(?:is|was|must be|has to be|seems|looks)\s(?:(?:clearly|therefore|thus|also|actually|simply)\s)?{_WRONG}"
    rf"|(?:is|was|seems)(?:{_NOT})\s(?:the (?:right|correct) \w+|the answer|{_RIGHT}))"
)
_INTERJECTION = (
    r"(?:(?:hmm+|hm|wait|hold on|but|however|actually|yet|no|oh|oops|still|on reflection|on second thoughts?|then "
    r"again|unfortunately)\b[\s,.:!…]{1,4}(?:and\s|but\s)?)"
)
_THAT = r"(?:that|this|it)(?:\s(?:answer|result|value|length|angle|option|choice|number))?"
_POINTS_BACK = re.compile(
    rf"[\s*_(.]{{0,8}}(?:{_INTERJECTION}{{0,3}}{_THAT}(?:{_IS_WRONG}|\s{_CANNOT}\sthe\s\w{{3,12}},?\s(?:though|because|since))"
    rf"|{_INTERJECTION}{{1,3}}{_THAT}\s(?:(?:does{_NOT}|fails to)\s{_FITS}|contradicts\b))",
    re.IGNORECASE,
)
"""The sentence behind an answer that speaks of it by a pronoun."""
_ANSWER_IS_WRONG = re.compile(rf"\b(?:this|my|that)\s(?:\w{{3,12}}\s)?(?:answer|result){_IS_WRONG}", re.IGNORECASE)
_DENIES = rf"(?:\b(?:is|was|are){_NOT}|\b{_CANNOT})"
_SUBJECT = rf"(?:\bit|\bthey|\bthe\s(?:{NOUN}s?|answer|[a-z]{{3,14}}(?:\s(?:of|for|between)\s[^,.;]{{1,40}}?)?))\s?"
_CORE = re.compile(
    r"[\s*_(\[$\\]{0,6}(?:(?:[Oo]ption|[Cc]hoice|[Ff]igure)\s\(?)?([A-Z](?![\w'’])|[-−]?\\?[$€£]?\d[\d,]*(?:\.\d+)?)"
)
_UNIT = r"[*_)\]$]{0,4}(?:\s?[°%]|\s(?:cm|mm|km|m|kg|g|degrees|units|dollars)[²³]?)?[*_)\]$]{0,4}"
_UNLESS = r"[\s*_°%)$a-z²³]{0,16},?\s(?:but|only|just|alone)\b"
_CLAUSE = re.compile(r"[.!?]\s|[;\n]|,\s")
_NEXT = re.compile(r"[.!?][*_)\"”\s]*(?=\s)|\n|\s[—–]\s|;")
_STOP = re.compile(r"[.!?\n]")


def refuted_later(rest: str, answer: str) -> int | None:
    """Where `rest`, which stands behind the answer, says that it cannot be right; None where it does not.

    The first sentence may say so of "that" or "it"; a later one names the answer itself.
    """
    if _NEGATIVE.isdisjoint(words_in(rest)):
        return None
    begin = _NEXT.search(rest)
    back = _POINTS_BACK.match(rest, begin.end()) if begin else None
    if back is not None and not _asks(rest, back.end()):
        return back.end()
    core = _CORE.match(answer)
    claims: list[re.Match[str]] = [*_ANSWER_IS_WRONG.finditer(rest)]
    claims += _naming(core.group(1)).finditer(rest) if core and core.group(1) in rest else ()
    for found in claims:
        before = rest[max((one.end() for one in _CLAUSE.finditer(rest, 0, found.start())), default=0) : found.start()]
        if not (IF.search(before) or not_ones_own(before + found.group()) or _asks(rest, found.end())):
            return found.end()
    return None


def _naming(core: str) -> re.Pattern[str]:
    """What calls the answer wrong by its letter or number: "25 cannot be correct", "so the length isn't 25"."""
    value = rf"(?<![\w.,(=+*/^−-])[*_$(\[]{{0,4}}{re.escape(core)}(?![\w'’]|[.,]\d)"
    return re.compile(
        rf"{value}{_UNIT}(?:(?i:{_IS_WRONG})|\s(?i:(?:does{_NOT}|fails to)\s{_FITS}))"
        rf"|(?i:{_SUBJECT}{_DENIES})\s(?i:option\s|choice\s|figure\s|equal to\s)?{value}(?!{_UNLESS})"
    )


def _asks(rest: str, at: int) -> bool:
    end = _STOP.search(rest, at)
    return end is not None and is_question(rest[: end.end()])
