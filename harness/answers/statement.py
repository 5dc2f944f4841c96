"""Answers that are stated in words: "the answer is", "option B is correct", answer tags, a last line that is an option."""

from __future__ import annotations

import re
from typing import NamedTuple

from .limits import MAX_STATEMENT

_BOX = re.compile(r"\\(?:boxed|fbox)")
_TAGGED = re.compile(r"<(answer|conclusion)>([^<]{1,400})</\1>", re.IGNORECASE)
_GAP = r"[*_ \t]{0,6}"
_EXPLAINED = re.compile(r"\n\s{0,8}(?:because|since|explanation|reason).*", re.IGNORECASE | re.DOTALL)
_IS = r"(?:is|are|was|would be|should be|must be|will be)(?![a-z])"
_STATED = re.compile(
    rf"(?:answer{_GAP}(?:to (?:the|this|your) [^.\n:]{{1,60}}?)?{_GAP}(?::|：|=(?!\s?['\"\[(])|{_IS})"
    rf"|(?:correct|right|best|final) (?:answer|option|choice|letter)(?:(?! {_IS})[^.\n:]){{0,60}}?{_GAP}(?::|：| {_IS})"
    r"|答案\s?(?:是|为|:|：)|故选|应选|选择?\s?(?=[A-Z(（\\$])|####(?!#))",
    re.IGNORECASE,
)
_REVERSED = re.compile(
    r"(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer) \(?([A-Z])\)?|(?<![\w(])\(?([A-Z])\)?) is (?:therefore )?(?:the )?"
    r"(?:correct|right|best)? ?(?:answer|option|choice|correct)(?![a-z])"
)
_LAST_LINE = re.compile(r"\n[ \t]*\n[ \t*_]*(\(?[A-Z]\)?[*_]*\.?|(?:\([A-Z]\)|[A-Z]\))[ \t*_]+\S[^\n]{0,120})[ \t]*\Z")
_OPTION_LINE = re.compile(r"\n[ \t*_-]*\(?[A-Z][).][^\n]*\Z")
_NEXT_OPTION = re.compile(r"\s*\(?[B-Z][).]")
_PREAMBLE = re.compile(
    r"(?:[\s:：*_=]|\$\$(?=\s)|\\\[(?=\s)|(?:is|option|choice|the|letter|therefore|simply|thus)\s*[:：]\s|(?:option|choice|letter)\s+(?=[(\[]?[A-Z]\b)"
    r"|(?:option|choice)?\s*(?:letter)?\s+is\s)+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;]?\s+(?:because|since|as|so|which|where|due|given|for|but|by)\s|(?<=[^\s\d.])[.!?。！？](?=\s|$|[\"'”’])|(?<=\d)[.。](?=\s|$)"
    r"|</\w+>|\n|。|，因为|,\s*(?:because|since|as|so|which|therefore)\s",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"\*\*(?![\w(\\])|(?<![\w)}])\*\*|^[*_`\s]+|[*_`\s]+$")
_BLANK = " \t\r\n.,;:*_`$"
_UNOPENED = (("\\]", "\\["), ("\\)", "\\("), ("$$", "$$"), ("$", "$"))


class Statement(NamedTuple):
    """Where an answer is stated and what it is; the answer is None for a statement that was cut off."""

    at: int
    answer: str | None
    rule: str


def last_statement(text: str) -> Statement | None:
    """The last explicit statement of an answer in `text`, or None."""
    found = [statement for statement in (_tagged(text), _stated(text), _reversed(text), _last_line(text)) if statement]
    return max(found, key=lambda statement: statement.at) if found else None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007 (only the last one counts)
        pass
    return found


def _tagged(text: str) -> Statement | None:
    found = _last(_TAGGED, text) if "<" in text else None
    answer = plain(_EXPLAINED.sub("", found.group(2))) if found else ""
    return Statement(found.start(), answer, "answer-tag") if found and answer.strip(_BLANK) else None


def _stated(text: str) -> Statement | None:
    found = _last(_STATED, text)
    if found is None:
        return None
    begin = found.end()
    skipped = _PREAMBLE.match(text, begin, begin + MAX_STATEMENT)
    begin = skipped.end() if skipped else begin
    statement = text[begin : begin + MAX_STATEMENT]
    cut = _CLAUSE.search(statement)
    if cut is None and begin + MAX_STATEMENT < len(text):
        return None
    if cut and cut.group() == "\n" and _NEXT_OPTION.match(statement, cut.end()):
        return None
    answer = plain(statement[: cut.start()] if cut else statement)
    if not answer.strip(_BLANK) or _BOX.search(answer):
        return Statement(found.start(), None, "none") if answer.strip(_BLANK) else None
    return Statement(found.start(), answer, "answer-is")


def _reversed(text: str) -> Statement | None:
    found = _last(_REVERSED, text)
    return Statement(found.start(), found.group(1) or found.group(2), "answer-is") if found else None


def _last_line(text: str) -> Statement | None:
    """An option alone in the last paragraph, unless it ends a list of options."""
    tail = text[-MAX_STATEMENT:].rstrip()
    found = _LAST_LINE.search(tail)
    if found is None or _OPTION_LINE.search("\n" + tail[: found.start()].rstrip()):
        return None
    return Statement(len(text) - len(text[-MAX_STATEMENT:]) + found.start(), plain(found.group(1)), "last-line")


def plain(text: str) -> str:
    """A statement without emphasis and without math delimiters that were opened outside of it."""
    text = _EMPHASIS.sub("", text)
    for closing, opening in _UNOPENED:
        if text.endswith(closing) and text.count(opening) == (closing == opening):
            text = text[: -len(closing)].rstrip(" .")
    return text.strip()
