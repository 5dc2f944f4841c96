"""Where a response ends: a last line that is only an answer, or a closing sentence that gives one; and its first line."""

from __future__ import annotations

import re

from ..types import MAX_STATEMENT
from .sentence import value_of
from .statement import BLANK, Statement, plain

_LAST_LINE = re.compile(
    r"\n[ \t]*\n[ \t*_]*(\(?[A-Z]\)?[*_]*\.?|(?:\([A-Z]\)|[A-Z]\)|[A-Z][.:](?=\s))[ \t*_]+\S[^\n]{0,300})[ \t]*\Z"
)
_OPTION_LINE = re.compile(r"\n[ \t*_-]*\(?[A-Z][).][^\n]*\Z")
_VALUE_LINE = re.compile(
    r"\n[ \t]*\n?(?:[ \t*_`>]|\\\[|\\\(|\$\$?|✅){0,8}\s{0,2}"
    r"(?P<value>(?:[a-zA-Z]{1,2}\s?=\s?)?[-−+±]?\s?\\?[$€£¥]?\s?"
    r"(?:\d[\d,]*(?:\.\d+)?|\.\d+|\\d?frac\{\d+\}\{\d+\}|\d+\s?/\s?\d+)"
    r"(?:\s?(?:%|\\%|°|\^\\?circ|[a-zA-Z²³]{1,12}(?:\s[a-zA-Z]{1,12})?))?)[ \t*_`.]*\s{0,2}(?:\\\]|\\\)|\$\$?)?[ \t*_`.]*\Z"
)
_NUMBERED = re.compile(r"\n[ \t*_-]*(?:\d+[.)]\s|[-*•]\s|\d+\s*\n)[^\n]*\Z")


def last_line(text: str) -> Statement | None:
    """An option or a value alone in the last paragraph or line, unless it ends a list."""
    tail = text[-MAX_STATEMENT:].rstrip()
    offset = len(text) - len(text[-MAX_STATEMENT:])
    found = _LAST_LINE.search(tail)
    if found is not None:
        if _OPTION_LINE.search("\n" + tail[: found.start()].rstrip()):
            return None
        return Statement(offset + found.start(), plain(found.group(1)), "last-line")
    line = tail.rfind("\n")
    if line > 0 and tail[line:].strip(" \t*_`.").strip() in ("\\]", "$$", "\\)"):
        line = tail.rfind("\n", 0, tail.rfind("\n", 0, line))
    found = _VALUE_LINE.match(tail, line) if line >= 0 else None
    if found is None or _NUMBERED.search("\n" + tail[: found.start()].rstrip()):
        return None
    return Statement(offset + found.start(), plain(found.group("value")), "last-line")


_PLEASANTRY = re.compile(
    r"[\s*_>#-]{0,16}(?:i hope|hope (?:this|that)|let me know|do you (?:have|want|need)|is there anything|feel free|"
    r"if you (?:have|need|want|would)|please (?:let|feel|note|ask)|thank|good luck|would you like|don't hesitate|"
    r"note[: ]|because\b|since\b|this is because|explanation|this (?:answer|matches|is consistent|result))",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?。！？\n](?:(?<=[.!?])[*_\"”’)]{0,3}[ \t]+(?=[A-Z(\"“*$\\\[#>-])|(?<=[。！？])|(?<=\n)\n*)")
CUT_OFF = re.compile(
    r"(?:[=(\[{<,]|\s[+*/:-]|\b(?:and|or|so|then|is|are|the|of|because|that|with|we|equals|by|from))\Z"
)
_MAX_TAIL = 600
_LOOKED_AT = 4
_FIRMLY = re.compile(
    r"[\s*_#>-]{0,16}(?:so|thus|hence|therefore|finally|in conclusion|in total|overall|consequently|所以|因此)\b",
    re.IGNORECASE,
)


def _sentences(text: str) -> list[str]:
    """The sentences of a text; a full stop behind a single letter or a stop ends none."""
    pieces: list[str] = []
    start = 0
    for found in _END.finditer(text):
        at = found.start()
        if found.group()[0] == "." and at and (text[at - 1] in ". " or text[at - 1].isupper()):
            continue
        pieces.append(text[start : found.end()])
        start = found.end()
    return [*pieces, text[start:]]


def _closing(text: str) -> Statement | None:
    """What the closing sentence gives: a value or an option; courtesies and reasons after it are passed over."""
    start = max(0, len(text) - _MAX_TAIL)
    sentences = [one for one in _sentences(text[start:]) if one.strip(BLANK + "-\\][)(")]
    while sentences and _PLEASANTRY.match(sentences[-1]):
        sentences.pop()
    if not sentences or CUT_OFF.search(sentences[-1].rstrip()):
        return None
    for last, sentence in enumerate(sentences[: -_LOOKED_AT - 1 : -1]):
        found = value_of(sentence) if not last or _FIRMLY.match(sentence) else None
        if found is not None:
            return Statement(text.rfind(sentence), plain(found), "sentence")
    found = value_of(sentences[-1], words=True) if len(sentences) == 1 or _FIRMLY.match(sentences[-1]) else None
    return Statement(text.rfind(sentences[-1]), plain(found), "sentence") if found else None


_FIRST_LINE = re.compile(
    r"\s{0,12}[*_]{0,6}((?:\([A-Z]\)|[A-Z][).:])[*_\s]{1,12}\S[^\n]{0,120}|\(?[A-Z]\)?[*_.]{0,6})[ \t]{0,6}\n"
)
_FIRST_WORDS = 10
_ANOTHER_LABEL = re.compile(r"\n[ \t*_-]*(?:\([A-Z]\)|[A-Z][).:])\s")


def _first_line(text: str) -> Statement | None:
    """An option alone in the first line, with nothing but an explanation behind it."""
    found = _FIRST_LINE.match(text)
    if found is None or len(found.group(1).split()) > _FIRST_WORDS or _ANOTHER_LABEL.search(text, found.end() - 1):
        return None
    return Statement(found.start(), plain(found.group(1)), "first-line")


def closing_statement(text: str) -> Statement | None:
    """An option that stands alone in the first line, else what the closing sentence gives; None where neither does."""
    return _first_line(text) or _closing(text)
