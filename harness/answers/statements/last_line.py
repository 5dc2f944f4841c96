"""A last line that is only an answer: an option, or a value; and an option behind the last sentence."""

from __future__ import annotations

import re

from ..types import MAX_STATEMENT
from .doubt import denied
from .statement import Statement, plain

_LAST_LINE = re.compile(
    r"\n[ \t]*\n[ \t*_]*(\(?[A-Z]\)?[*_]*\.?|(?:\([A-Z]\)|[A-Z]\)|[A-Z][.:](?=\s))[ \t*_]+\S[^\n]{0,300})[ \t]*\Z"
)
_MARKED_LINE = re.compile(
    r"\n(?:[ \t*_>👉✅➡️☑✔→⇒∴]|=>)*(\(?[A-Z]\)?(?:\s\([A-Za-z][^()\n]{0,40}\))?"
    r"|[Oo]ption\s\(?[A-Z]\)?(?:[).:]\s[^\n]{1,120})?)[ \t*_.]*[^\w\s]{0,3}\Z"
)
_BEHIND = re.compile(
    r"(?:(?<![A-Z])[.!?][\"”’)*]{0,3}\s{1,4}|\s{2,}|\s[—–-]\s|(?:→|=>|⇒)\s?)"
    r"[*_]{0,3}(\([A-Z]\)|(?<!\?\s)(?<!\?\s[*_]{2})\([A-Z]\)(?:\s[^\s.!?()*]{1,20}){0,3}|\((?:[Oo]ption|"
    r"[Aa]nswer)\s[A-Z]\)|(?:[Oo]ption\s)?\(?[A-Z]\)?)[*_]{0,3}\.?\s{0,8}\Z"
)
_LABELLED_END = re.compile(
    r"(?:[a-z]:\s{1,2}|[.!?)*]\s{1,3}(?=\*\*))[*_]{0,3}"
    r"((?:[Oo]ption\s)?(?:\([A-Z]\)|[A-Z][.):])\s[^\n*?]{1,60})[*_]{0,3}\.?\s*\Z"
    r"|[a-z*],\s((?:[Oo]ption|[Cc]hoice)\s[*_]{0,3}\(?[A-Z]\)?)[*_]{0,3}\.?\s*\Z"
    r"|\n((?:\([A-Z]\)|[A-Z][.)])\s[^\n]{1,60})\s*\Z"
)
"""An option behind a colon, in bold behind a sentence, in apposition, or in a line of its own."""
_LABEL_SIGNS = (": ", "**", ", option", ", Option", ", choice", ", Choice")
_ANOTHER_MARK = re.compile(r"\([A-Z]\)|\b[A-Z][.)]\s")
_LONGEST_MARK, _LONGEST_END = 40, 90  # characters
_OPTION_LINE = re.compile(r"\n[ \t*_-]*\(?[A-Z][).][^\n]*\Z")
_PROSE = re.compile(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}|[^\x00-\x7f]{4}")
_NO_OPTION = re.compile(
    r"\b(?:is|are|was) (?:wrong|incorrect)\b|\bnot (?:an option|one of|correct|right|accurate|listed)\b", re.IGNORECASE
)
_VALUE_LINE = re.compile(
    r"\n[ \t]*\n?(?:[ \t*_`>✅→⇒➜➡️∴]|=>|\\\[|\\\(|\$\$?){0,8}\s{0,2}"
    r"(?P<value>(?:[a-zA-Z]{1,2}\s?=\s?)?[-−+±]?\s?\\?[$€£¥]?\s?"
    r"(?:\d[\d,]*(?:\.\d+)?|\.\d+|\\d?frac\{\d+\}\{\d+\}|\d+\s?/\s?\d+)"
    r"(?:\s?(?:%|\\%|°|\^\\?circ|[a-zA-Z²³]{1,12}(?:\s[a-zA-Z]{1,12})?"
    r"|(?:\\[,;: ]\s?)?\\(?:text|mathrm)\{(?!\s?(?:if|when|or|is|not|for|and|by|but|at)\b)[^{}\\\n]{1,20}\}"
    r"(?:\^\{?[23]\}?)?))?)"
    r"[ \t*_`.]*\s{0,2}(?:\\\]|\\\)|\$\$?)?[ \t*_`.]*\Z"
)
_PHRASE_LINE = re.compile(r"\n[ \t]*\n[ \t>]*\*\*(?P<value>(?:[^*\n:]|(?<=\d):(?=\d)){1,60}?)\*\*[ \t.]*\Z")
_LABEL_LINE = re.compile(
    r"\n[ \t]*\n[ \t>*_]*(?P<label>[A-Za-z][^:\n.]{2,80}[A-Za-z)]):[*_]{0,3}(?:[ \t]{1,2}|\n)"
    r"(?P<value>[-−$€£]{0,2}\d[^\n:]{0,40}|[^\n:=]{1,30}=[^\n:=]{1,40})\Z"
)
_NO_LABEL = re.compile(
    r"\b(?:is|are|was|were|there|so|thus|therefore|step|note|given|check(?:ing)?|verify|proof|we|let|example|"
    r"where|case|hint|option|"
    r"solution|question|title|figure|line|row)\b",
    re.IGNORECASE,
)
HEADING = re.compile(
    r"\b(?:answer|conclusion|step|solution|note|explanation|reasoning|verification|analysis|calculation)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\n[ \t*_-]*(?:\d+[.)]\s|[-*•]\s|\d+\s*\n)[^\n]*\Z")


def last_line(text: str) -> Statement | None:
    """An option or a value alone in the last paragraph or line, unless it ends a list."""
    tail = text[-MAX_STATEMENT:].rstrip()
    offset = len(text) - len(text[-MAX_STATEMENT:])
    found = _LAST_LINE.search(tail) or _MARKED_LINE.search(tail)
    if found is None and (tail.rstrip("*_.) ")[-1:].isupper() or "(" in tail[-_LONGEST_MARK:]):
        found = _BEHIND.search(tail, max(0, len(tail) - _LONGEST_MARK))
    if found is not None:
        listed = _OPTION_LINE.search("\n" + tail[: found.start()].rstrip())
        behind_number = found.re is _BEHIND and not _PROSE.search(tail, tail.rfind("\n") + 1, found.start())
        if listed or behind_number or _NO_OPTION.search(found.group()):
            return None
        return Statement(offset + found.start(), plain(found.group(1)), "last-line")
    end = _LABELLED_END.search(tail, max(0, len(tail) - _LONGEST_END)) if _may_label(tail) else None
    return _labelled_end(tail, end, offset) if end is not None else _value_line(tail, offset)


def _may_label(tail: str) -> bool:
    """False where no option with its text can stand at the end; cheap, because most texts have none there."""
    end, line = tail[-_LONGEST_END:], tail.rfind("\n") + 1
    return (
        tail[line : line + 1] == "("
        or tail[line + 1 : line + 2] in (".", ")")
        or any(one in end for one in _LABEL_SIGNS)
    )


def _value_line(tail: str, offset: int) -> Statement | None:
    """A value, a few words in bold, or a label with its value, in the last paragraph."""
    phrase = _PHRASE_LINE.search(tail)
    if phrase is not None and not HEADING.search(phrase.group("value")):
        return Statement(offset + phrase.start(), plain(phrase.group("value")), "last-line")
    labelled = _LABEL_LINE.search(tail)
    if labelled is not None and not _NO_LABEL.search(labelled.group("label")):
        return Statement(offset + labelled.start(), plain(labelled.group("value")), "last-line")
    line = tail.rfind("\n")
    if line > 0 and tail[line:].strip(" \t*_`.").strip() in ("\\]", "$$", "\\)"):
        line = tail.rfind("\n", 0, tail.rfind("\n", 0, line))
    found = _VALUE_LINE.match(tail, line) if line >= 0 else None
    if found is None or _NUMBERED.search("\n" + tail[: found.start()].rstrip()):
        return None
    return Statement(offset + found.start(), plain(found.group("value")), "last-line")


def _labelled_end(tail: str, found: re.Match[str], offset: int) -> Statement | None:
    """An option with its text at the end, unless other options stand beside it."""
    before = tail[: found.start() + 1].rstrip()
    own = next(filter(None, found.groups()))
    listed = (
        _OPTION_LINE.search("\n" + before)
        or _ANOTHER_MARK.search(before[-_LONGEST_END:])
        or _ANOTHER_MARK.search(own, 1)
        or denied(before[max(before.rfind(". "), before.rfind("\n")) + 1 :])
    )
    return None if listed or _NO_OPTION.search(own) else Statement(offset + found.start(), plain(own), "last-line")
