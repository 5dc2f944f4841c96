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
_LABELLED_LETTER = re.compile(
    r"(?:\A|\n)[ \t>*_#✅☑✔-]{0,8}(?P<label>[A-Za-z][A-Za-z' ]{2,40}?)[*_]{0,3}:[*_]{0,3}[ \t]{1,2}"
    r"[*_]{0,3}(?P<letter>\(?[A-Z]\)?(?P<more>(?:(?:,\s?(?:and\s)?|\s(?:and|&)\s)\(?[A-Z]\)?){0,8}))[*_]{0,3}[.!]?\s*\Z"
)
_NO_CHOICE = re.compile(
    r"\b(?:reject|eliminat|wrong|incorrect|false|exclud|not|ruled|discard|remov|deselect|step|other|distractor|near)",
    re.IGNORECASE,
)
"""A label of options that are not chosen, "Rejected: B"."""
_CHOSEN = re.compile(
    r"\b(?:selected|chosen|correct|true|right|valid|matching|picked|final|choose|select)\b", re.IGNORECASE
)
"""What the label of several letters must say."""
_ENDS_IN_LETTER = re.compile(r"(?<![A-Za-z])[A-Z]\Z")
_LABEL_SIGNS = (": ", "**", ", option", ", Option", ", choice", ", Choice")
_ANOTHER_MARK = re.compile(r"\([A-Z]\)|\b[A-Z][.)]\s")
_LONGEST_MARK, _LONGEST_END = 40, 90  # characters
_SHORTEST_LABEL = 12  # characters at the end in which a letter stands behind a colon
_OPTION_LINE = re.compile(r"\n[ \t*_-]*\(?[A-Z][).][^\n]*\Z")
_PROSE = re.compile(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}|[^\x00-\x7f]{4}")
_NO_OPTION = re.compile(
    r"\b(?:is|are|was) (?:wrong|incorrect)\b|\bnot (?:an option|one of|correct|right|accurate|listed)\b", re.IGNORECASE
)
_VALUE_LINE = re.compile(
    r"\n[ \t]*\n?(?:[ \t*_`>✅→⇒➜➡️∴]|=>|\\\[|\\\(|\$\$?){0,8}\s{0,2}"
    r"(?P<value>(?:[a-zA-Z]{1,2}\s?=\s?|=\s?)?[-−+±]?\s?\\?[$€£¥]?\s?"
    r"(?:(?:\d[\d.,]*\s?)?(?:π|\\pi(?![a-z])|√\d+)|\d{1,3}(?:[ \u2009\u202f]\d{3})+(?!\d)|"
    r"\d[\d,]*(?:\.\d+)?|\.\d+|\\d?frac\{\d+\}\{\d+\}|\d+\s?/\s?\d+)"
    r"(?:(?:\\\)|\$)?\s?[\u4e00-\u9fff]{1,5}|\s?(?:%|\\%|°|\^\\?circ|[a-zA-Z²³]{1,12}(?:\s[a-zA-Z]{1,12})?"
    r"|(?:\\[,;: ]\s?)?\\(?:text|mathrm)\{(?!\s?(?:if|when|or|is|not|for|and|by|but|at)\b)[^{}\\\n]{1,20}\}"
    r"(?:\^\{?[23]\}?)?))?)"
    r"[ \t*_`.]*\s{0,2}(?:\\\]|\\\)|\$\$?)?[ \t*_`.]*\Z"
)
_PHRASE_LINE = re.compile(r"\n[ \t]*\n[ \t>]*\*\*(?P<value>(?:[^*\n:]|(?<=\d):(?=\d)){1,60}?)\*\*[ \t.]*\Z")
_LABEL_LINE = re.compile(
    r"\n[ \t]*\n[ \t>*_]*(?P<label>[A-Za-z][^:\n.]{2,80}[A-Za-z)]):[*_]{0,3}(?:[ \t]{1,2}|\n)[*_]{0,3}"
    r"(?P<value>[-−$€£]{0,2}\d(?:[^\n:]|(?<=\d):(?=\d)){0,40}|[^\n:=]{1,30}=[^\n:=]{1,40})\Z"
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
_LETTERED = re.compile(
    r"(?:\A[ \t*_#>]{0,6}(?i:(?:(?:so|thus|hence|therefore),? )?(?:the )?(?:(?:final|correct|my) )?"
    r"(?:answer|option|choice)[:： *_]{1,4})?"
    r"|(?:(?i:answer|is)|答案(?:是|为)?)[*_]{0,2}[:：>]?\s{0,2}|(?<=[a-z]):\s"
    r"|(?:['’]s|\bmust be|\b(?:choose|pick|select))\s{1,2})[*_]{0,3}"
    r"(?P<option>(?:\([A-Z]\)|[A-Z][.:)]|[A-HJ-Z](?=[*_]{0,3}[:,]? ))[*_]{0,3}[:,]? [^\n]{1,300}?)"
    r"(?:[*_]{0,3} is (?:the )?(?:correct|right)(?: (?:answer|option|choice))?)?(?:</?\w{1,12}>|[\s*_.\"”。]){0,8}\Z"
)
_LETTER = re.compile(r"[A-Z][.:)*_, ]")
_NOT_CHOSEN = re.compile(
    r"\b(?:reject|eliminat|exclud|discard|remov|rule[sd]? out|wrong|incorrect|consider|cannot be|can['’]t be)",
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
    labelled = (
        _LABELLED_LETTER.search(tail, max(0, tail.rfind("\n"))) if tail[-_SHORTEST_LABEL:].find(":") >= 0 else None
    )
    if labelled is not None:
        return _labelled_letter(tail, labelled, offset)
    end = _LABELLED_END.search(tail, max(0, len(tail) - _LONGEST_END)) if _may_label(tail) else None
    return _labelled_end(tail, end, offset) if end is not None else _value_line(tail, offset)


def _labelled_letter(tail: str, found: re.Match[str], offset: int) -> Statement | None:
    """Selected: C; unless the label is of options that are not chosen, or another letter has a label of its own."""
    before = tail[: found.start()].rstrip()
    if found.group("more") and not _CHOSEN.search(found.group("label")):
        return None
    if _NO_CHOICE.search(found.group("label")) or _ENDS_IN_LETTER.search(found.group("label")):
        return None
    if _LABELLED_LETTER.search(before, max(0, before.rfind("\n"))):
        return None
    return Statement(offset + found.start(), found.group("letter"), "last-line")


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


def lettered_line(text: str) -> str:
    """A last line that is a letter and a text, whatever the text says, unless it ends a list of options; "" without one."""
    before, _, line = text.rstrip().rpartition("\n")
    line = line[-MAX_STATEMENT:]
    found = _LETTERED.search(line) if _LETTER.search(line) else None
    return (
        found.group("option")
        if found
        and not _NOT_CHOSEN.search(line, 0, found.start("option"))
        and not _OPTION_LINE.search("\n" + before.rstrip())
        else ""
    )
