"""Second thoughts: "The answer is 4. Wait, let me recount. ... 3." """

from __future__ import annotations

import re

from .closing import closing_statement
from .doubt import denied
from .ending import ending_of, sentences_of
from .last_line import last_line
from .refutation import refuted_later
from .sentence import FIRM, NUMBER
from .statement import LABELLED, Statement, last_statement

_SECOND_THOUGHT = re.compile(
    r"(?:^|[.!?)]\s{1,3}|\n[ \t]{0,8}|\s[—–-]\s)[*_]{0,3}(?:wait|hold on|hmm|actually|oh|oops|no,? wait|"
    r"scratch that|just kidding|on second thought|"
    r"let me (?:recount|redo|reconsider|re-?check|re-?calculate|re-?examine|correct))\b"
    r"|[。！？，,.!?\n]\s{0,3}(?:等等|等一?下|慢着|哦?不[,，。]?(?:对|是)?[,，。]|(?:我)?(?:[算数看弄想]错|"
    r"[漏少多][算数看加了掉]|忘了)|"
    r"(?:让我)?(?:重新|再)(?:[算数看检核]|计算|思考)|更正|修正|纠正|实际上)",
    re.IGNORECASE,
)
_AGAIN = ("wait", "scratch that", "kidding", "hold on", "hmm", "actually", "oh", "oops", "second thought", "let me")
"""Words of which those marks have one."""
_CORRECTION = re.compile(
    r"(?:[.!?)*$]\s{1,3}|\n[ \t>]{0,8}|\A[\])$*.\s]{0,8}\s)[*_(\[]{0,4}(?:edit(?:ed)?|updated?|correct(?:ion|ed)|erratum)"
    r"(?:\s\d)?[*_]{0,3}:[*_]{0,3}(?=\s)",
    re.IGNORECASE,
)
"""The marks of a correction: *Edit: ...*, **Update:**."""
_FORMER = re.compile(
    r"\b(?:previous(?:ly)?|earlier|original(?:ly)?|former(?:ly)?|at first|old|first (?:version|answer|count))\b[^,;.\n]*\Z",
    re.IGNORECASE,
)
_OVERLOOKED = re.compile(
    r"\bI(?:'ve|’ve| have| had)?\s(?:forgot(?:ten)?|missed|overlooked|left out|mis[a-z]{3,12}|double[- ]counted|"
    r"made an? (?:\w{1,12} )?(?:mistake|error))\b",
    re.IGNORECASE,
)
_SLIP = re.compile(
    r"\bI(?:'ve|’ve| have| had)?\s"
    r"(?:swapped|mixed up|confused|reversed|transposed|overlooked|forgot(?:ten)?|double[- ]counted|"
    r"mis(?:read|counted|took|calculated|labell?ed)|(?:read(?: off)?|used|took|counted|measured|added)\sthe\swrong)\b",
)
"""A mistake of one's own, behind which another answer may be given: "I swapped the colours"."""
_LOOK_BACK = 160  # characters in which an answer is called the former one
_CONCRETE = re.compile(rf"[^\w]*(?:[A-Z\d]|{NUMBER})")
_SHOULD = re.compile(
    r"\bshould (?:be|have been|read)\s{1,2}[*_\"“]{0,3}(?P<value>[^,;.\n*]{1,40}?)[*_.\s\"”)]{0,6}\Z", re.IGNORECASE
)
_WITHDRAWN = re.compile(
    r"\b(?:disregard|ignore|scratch|retract|forget)\b[^.\n]{0,30}\b(?:above|that|this|it|answer)\b"
    r"|\bI (?:should|need to|have to|must) (?:recount|redo|re-?check|reconsider|count again|check again)\b"
    r"|\b(?:can't|can’t|cannot|not possible to|impossible to) (?:be )?(?:determine|tell|say|know|decide|conclude)",
    re.IGNORECASE,
)
_CONFIRMS = re.compile(
    r"\b(?:yes|correct|confirm\w*|indeed|stands|holds|same|right|consistent|verified|fine|ok)\b|[✓✅✔]\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_UPHELD = re.compile(
    r"(?<!not )\b(?:yes|indeed|confirmed|(?:is|was) (?:right|correct|fine) after all|stands)\b", re.IGNORECASE
)
_CONFIRMATION = re.compile(
    r"(?:consistent|correct|verified|confirmed|fine|ok|reasonable)\b|[^\n]*[✓✅✔]\W*$", re.IGNORECASE | re.MULTILINE
)
_ONLY_VALUE = re.compile(
    r"(?:\A[:：\s]{0,3}|[.!?]\s{1,3}|\n|[，。：])[*_]{0,3}(?:答案|应该?|总共|一共|共|得|是|"
    r"为){0,3}([-−]?\d[\d,]*(?:\.\d+)?|\(?[A-Z]\)?)[*_]{0,3}[\u4e00-\u9fff]{0,2}[.!。]?\s*\Z"
)


def second_thought(text: str, at: int) -> Statement | None:
    """What a response says after it thinks again of what it stated at `at`: another answer, or one that is None, withdrawn.

    None where it does not think again, or confirms what it said.
    """
    rest = text[at:].lower()
    again = not rest.isascii() or any(word in rest for word in _AGAIN)
    found = _SECOND_THOUGHT.search(text, at) if again else None
    if found is None:
        corrected = correction(text, at)
        found = _SLIP.search(text, at) if corrected is None and " i" in rest else None
        if found is None:
            return corrected
    rest = text[found.end() :]
    later = _given(rest)
    if later is not None and not _CONFIRMATION.match(later.answer or ""):
        return Statement(found.end() + later.at, later.answer, later.rule)
    sentences = ending_of(rest).sentences
    other = sentences and FIRM.match(sentences[-1]) and not _CONFIRMS.search(rest)
    return Statement(found.end(), None, "none") if other or _WITHDRAWN.search(rest) else None


def standing(text: str, stated: Statement) -> Statement:
    """What was stated; or what comes after a later sentence that says it cannot be right, with None for nothing."""
    answer = stated.answer or ""
    letter = LABELLED.match(answer)
    said = (letter.group() if letter else answer).rstrip(". :")
    at = text.find(said, stated.at) if said else -1
    while at > 0 and text[at - 1].isalnum():  # the A of Answer
        at = text.find(said, at + 1)
    return (refuted(text, at + len(said), said) if at >= 0 else None) or stated


def refuted(text: str, end: int, said: str) -> Statement | None:
    """What stands after a later sentence that says that the answer `said`, which ends at `end`, cannot be right."""
    at = refuted_later(text[end:], said)
    if at is None or _UPHELD.search(text, end + at):
        return None
    behind = text[end + at :]
    later = last_statement(behind) or _given(behind)
    return later if later is not None and later.answer else Statement(end + at, None, "none")


def correction(text: str, at: int) -> Statement | None:
    """What a response gives instead of the answer at `at` behind "Edit:" or its like; see `second_thought`."""
    found = _CORRECTION.search(text, at) if ":" in text[at:] else None
    if found is None:
        return None
    rest = text[found.end() :]
    later = _given(rest)
    if later is not None and later.answer and _instead(rest, later.answer):
        return Statement(found.end() + later.at, later.answer, later.rule)
    should = _SHOULD.search(rest)
    if should is not None and not denied(sentences_of(rest[: should.start()])[-1]):
        return Statement(found.end() + should.start(), should.group("value"), "sentence")
    withdrawn = _WITHDRAWN.search(rest) or _OVERLOOKED.search(rest)
    return Statement(found.end(), None, "none") if withdrawn else None


def _instead(rest: str, answer: str) -> bool:
    """True for a value or a name that is not called the former one."""
    return _CONCRETE.match(answer) is not None and not _FORMER.search(rest[: max(0, rest.rfind(answer))][-_LOOK_BACK:])


def _given(rest: str) -> Statement | None:
    """The answer that the text behind a second thought gives."""
    value = _ONLY_VALUE.search(rest)
    alone = Statement(value.start(), value.group(1), "sentence") if value else None
    return last_line(rest) or closing_statement(ending_of(rest)) or alone
