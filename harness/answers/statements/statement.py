"""The last statement of an answer in words: a tag, a field, "the answer is", a named option, a heading, a closing sentence.

Candidates are read from the last to the first; the first that asserts an answer counts. A candidate that denies, doubts,
asks, supposes or only remarks on the answer is passed over, and a statement that is taken back states nothing.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from ..types import MAX_STATEMENT
from .announced import Announcement, announcements
from .approved import Approval, approvals
from .doubt import DENIED_ELSEWHERE, THEN, denied, only_supposed, refuted_behind
from .remark import is_remark
from .sentence import DASHED

_TAGGED = re.compile(
    r"<(answer|conclusion|final|final[_-]?answer|ans|solution|result|output|response)>((?:[^<]|<(?!/)){1,400})</\1>",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"""["'](?:final[_ ]|short[_ ]|correct[_ ])?(?:answer|choice|option|letter)["']\s?:\s?"""
    r"""(?:"((?:[^"\\\n]|\\.){1,300})"|'([^'\n]{1,300})'|(-?[\d.]{1,40})(?=\s?[,}\n])|\[([^\[\]\n]{1,200})\])""",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\[\\\"/]")
_EXPLAINED = re.compile(r"\n\s{0,8}(?:because|since|explanation|reason).*", re.IGNORECASE | re.DOTALL)
_NOT_THAT = re.compile(
    r"[\s*]{0,12}(?:(?:only|just)\s)?(?:for\s(?!(?:this|the|these|that)\s(?:question|problem|figure|puzzle|"
    r"following|reason)|you)"
    r"|(?:if|when|unless|provided|assuming|in case|where)\b)"
)
_REMARK = re.compile(
    r"[\s*_]{0,12}(?:consistent|clear|correct\b(?![:：])|incorrect|calculated|computed|obtained|found\b|derived|"
    r"determined|verified|"
    r"confirmed|reasonable|the same as|not\b|in (?:line|agreement)|supported|unique|straightforward|already|shown|provided|"
    r"nicht\b|keine?\b|pas\b|below|above|explained|rounded|expressed|because|due to|likely to|hard|difficult|"
    r"unknown|unclear|uncertain|"
    r"what|how|easy|simple\b|obvious|wrong|valid|also (?:correct|consistent)|given (?:in|by the)|based|independent|"
    r"expected to|supposed to|to be|checked|then (?:checked|rounded)|in the form|usually|often|sometimes|always|never|"
    r"possible|equal\b)"
)
_ONE_OF_SEVERAL = re.compile(
    r"\b(?:(?<!only )possible|plausible|wrong|incorrect|trap|tempting|alternative|acceptable|distractor)\s\Z",
    re.IGNORECASE,
)
_EITHER = re.compile(r"[\s*_]{0,8}either\b", re.IGNORECASE)
_THIS = re.compile(
    r"(?:this|that|which|no|any|an|every|each|another|whose|possible|wrong|incorrect|other|your)\s{1,2}\Z",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\b(?:that(?:'s|’s| is| was)|this is|which is|it(?:'s| is))\s"
    r"(?:wrong|incorrect|not (?:right|correct)|a mistake|an error)\b"
    r"|\bcorrection\s?:|\b(?:my|the) (?:\w{1,12} )?(?:answer|result|value|box)(?: above)? (?:is|was) (?:wrong|incorrect)\b"
    r"|\bI (?:made|have made) an? (?:\w{1,12} )?(?:mistake|error)\b|\bscratch that\b"
    r"|\b(?:wait|hmm|oops),? (?:no\b|I (?:made|forgot|misread))|\bI(?:'ve| have)? mis-?[a-z]{3,12}\b",
    re.IGNORECASE,
)
_RETRACTING = (
    "wrong",
    "correction",
    "incorrect",
    "not right",
    "not correct",
    "mistake",
    "error",
    "scratch",
    "wait",
    "hmm",
    "oops",
    "i mis",
    "ve mis",
)
_BOX = re.compile(r"\\(?:boxed|fbox)")
_NEXT_OPTION = re.compile(r"\s*\(?[B-Z][).]")
_PREAMBLE = re.compile(
    r"(?:[\s:：*_=>`]|\$\$(?=\s)|\\\[(?=\s)|(?:is|option|choice|the|letter|therefore|simply|thus|hence|now)\s*[:：]\s"
    r"|(?:therefore|thus|hence|then|clearly|simply|indeed|exactly|consequently|accordingly|obviously|evidently|"
    r"naturally|of course|"
    r"definitely|certainly|undoubtedly|precisely|now|given by|as follows)[,:：]?\s"
    r"|(?:(?:la|le|el|die|der|das|a|o|il|lo)\s+|l['’])?(?:option|choice|letter|réponse|lettre|antwort|lösung|opci[oó]n|"
    r"respuesta|letra|inciso|opzione|risposta|lettera|op[cç][aã]o|resposta|alternativa)\s+(?=[(\[]?[A-Z]\b)"
    r"|(?:la|die)\s+(?=[(\[]?[A-Z]\b)|(?:option|choice)?\s*(?:letter)?\s+is\s)+",
    re.IGNORECASE,
)
_AFTER_VALUE = (
    r"(?-i:(?<=[\d)}\]$°%*A-Z]))\s+(?:rather than|and not|as|where|due|given|for|but|by|when|in which|with|based)\s"
)
_CLAUSE = re.compile(
    r"[,;]?(?:[^\S\n]+|\s*?\n\s*(?=(?-i:[a-z])))"  # a new line with a capital letter begins another sentence
    rf"(?:because|since|which|so that|if|unless|provided|assuming|only (?:if|when))\s|{_AFTER_VALUE}"
    r"|[,;]\s+(?:as|so|but|although|though|whereas|while|where|due|given|for|by|when|not|and (?:the|it|this|not|"
    r"we|so)|therefore|thus|hence|meaning|"
    r"i\.e\.|that is|namely)[,\s]"
    rf"|(?!(?<=\bno)\.\s?\d)(?<=[^\s\d.])[.!?。！？](?=\s|$|[\"'”’*])|(?<=\d)[.。?？](?=\s|$)|(?<!<)</?\w+>|\n|。"
    rf"|，(?:因为|所以|即|也)|(?<=\S)\s?(?:です|である|となる|입니다|이다)|{DASHED}"
    r"|(?<=[\d)}°%*])[:;]\s(?=(?-i:[a-z]{2,12}\s[a-z]{2,}\s))",
    re.IGNORECASE,
)
_CONDITIONED = re.compile(r"\b(?:if|unless|whether)\b", re.IGNORECASE)
_CONDITION = re.compile(r"[,;]?\s*(?:if|unless|provided|assuming|only)\s", re.IGNORECASE)
_SAME_AS = re.compile(
    r",?\s(?:(?:which|that) (?:is|equals|gives|means|corresponds to|has)|i\.e\.,?|that is,|namely,?)\s", re.IGNORECASE
)
MARK = re.compile(r"[\s(\[*_$]{0,12}(?:\\text(?:bf)?\{)?[(\[]?[A-Z][)\]]?[)\]*_$}]{0,12}\Z")
LABELLED = re.compile(r"[*_\s]{0,6}(?:\([A-Z]\)|[A-Z][).:])\s")
_LONGEST_LINE = 200  # characters of a line that is a letter with its text, whose sentences are kept together
_OPTION_END = re.compile(
    r"[,;]?\s(?:because|since)\s|(?-i:(?<=[^\s\d.A-Z]))[.!?。！？](?=\s|$|[\"'”’*])|(?<=\d)[.。?？](?=\s|$)|</?\w+>|\n|。",
    re.IGNORECASE,
)
_OPENER = re.compile(
    r"\s{0,12}(?:here|wait|hmm|actually|note|let|option|the answer|therefore|this|some|because|since|so|we|as|but|however|"
    r"why|explanation|reason|thus|hence|now|i |you|these|that|both|all of|none of the other|looking|in this|for |check)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[^\s\d.])[.!?。！？](?=\s|$)|(?<=\d)[?？](?=\s|$)|\n")
_EMPHASIS = re.compile(r"\*\*(?![\w(\\$-])|(?<![\w)}$])\*\*|^[*_`\s]+|[*_`\s]+$")
BLANK = " \t\r\n.,;:*_`$>#"
_NOT_ANOTHER = r"(?:not\s(?=\W{0,3}(?:\d|[A-Z]\b))|(?:rather than|instead of|since|because|as)\s)"
_NOTED = re.compile(
    r"\A(?P<value>[\s*_$]{0,6}(?:[-−]?\d[\d.,]*\$?(?:\s?[°%]|\s?[A-Za-z²³]{1,12})?[*_]{0,3}"
    rf"(?=\s\((?:{_NOT_ANOTHER}|\d+\s[a-z]))|\(?[A-Z]\)?[*_]{{0,3}}(?=\s\({_NOT_ANOTHER})))\s\("
    r"(?![^()]*\b(?:or|so|if|unless|otherwise|when|wrong|incorrect|mistake|maybe|perhaps|possibly|but|"
    r"though|assuming|could|might|may|in)\b)[^()]{3,120}\)?\s*\Z"
)
"""A number or a letter with a note behind it, also one that is cut: 18 cubes (not 15, since ...)."""
_INLINE = re.compile(r"\A(?:\\\(|\()([-−]?\d[\d.,]*)(?:\\\)|\))(?=\s[a-z])")
_UNOPENED = (("\\]", "\\["), ("\\)", "\\("), ("$$", "$$"), ("$", "$"))
_BEFORE = re.compile(r"[.!?][*_\"”’)]{0,3}\s|[。！？]|\n")
_LOOK_BACK = 240
_NEAR, _OVERLAP = 600, 40  # characters at the end, and of a statement that begins before them


class Statement(NamedTuple):
    """Where an answer is stated and what it is; the answer is None for a statement that was taken back."""

    at: int
    answer: str | None
    rule: str


def last_statement(text: str) -> Statement | None:
    """The last explicit statement of an answer in `text`, or None; its answer is None where it was taken back."""
    found = [one for one in (_tagged(text), _field(text), _said(text)) if one]
    last = max(found, key=lambda statement: statement.at, default=None)
    if last is not None and taken_back(text, last.at):
        return Statement(last.at, None, "none")
    return last


def later_statement(rest: str, content: str) -> Statement | None:
    """A statement behind the last box that counts before it: one that takes it back, or an option behind a formula."""
    if not rest.strip(BLANK + "\\])"):
        return None
    found = last_statement(rest)
    if found is None or found.answer is None:
        return None
    names_option = _names_option(found.answer) and not _names_option(content)
    return found if names_option or taken_back(rest[: found.at + 1], 0) else None


def _names_option(answer: str) -> bool:
    return MARK.match(answer) is not None or LABELLED.match(answer) is not None


def taken_back(text: str, at: int) -> bool:
    """True if what stands before is called wrong from `at` on."""
    lower = text[at:].lower()
    return any(word in lower for word in _RETRACTING) and _TAKEN_BACK.search(text, at) is not None


def _last(matches: Iterable[re.Match[str]], count: int = 1) -> list[re.Match[str]]:
    return [*deque(matches, maxlen=count)][::-1]


def _tagged(text: str) -> Statement | None:
    for found in _last(_TAGGED.finditer(text)) if "<" in text else ():
        answer = plain(_EXPLAINED.sub("", found.group(2)))
        return Statement(found.start(), answer, "answer-tag") if answer.strip(BLANK) else None
    return None


def _field(text: str) -> Statement | None:
    for found in _last(_FIELD.finditer(text)) if ":" in text and ('"' in text or "'" in text) else ():
        listed = found.group(4)
        answer = listed.replace('"', "").replace("'", "") if listed else next(filter(None, found.groups()))
        return Statement(found.start(), plain(_unescaped(answer)), "answer-field")
    return None


def _unescaped(text: str) -> str:
    """A string of a record without the escapes of JSON; a lone backslash is TeX's."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)) if found.group(1) else found.group()[1:], text)


def _said(text: str) -> Statement | None:
    """The last announcement or approval that asserts an answer; mostly it stands near the end."""
    near = max(0, len(text) - _NEAR)
    return _said_within(text, near, len(text)) or (_said_within(text, 0, near + _OVERLAP) if near else None)


def _said_within(text: str, start: int, end: int) -> Statement | None:
    approved = approvals(text, start, end)
    inside = [
        one for one in announcements(text, start, end) if not any(two.start <= one.start < two.end for two in approved)
    ]
    candidates: list[Announcement | Approval] = [*approved, *inside]
    for found in sorted(candidates, reverse=True, key=lambda candidate: candidate.start):
        statement = _option_is_right(text, found) if isinstance(found, Approval) else _answer_is(text, found)
        if statement is not None:
            return statement
    return None


def _before(text: str, at: int) -> str:
    """The beginning of the sentence that `at` is in."""
    start = max(0, at - _LOOK_BACK)
    for found in _last(_BEFORE.finditer(text, start, at)):
        start = found.end()
    return text[start:at]


def _option_is_right(text: str, found: Approval) -> Statement | None:
    """Option B is the correct answer; A and C are correct."""
    before = _before(text, found.start)
    if denied(before) or _NOT_THAT.match(text, found.end) or _asked(text, found.end):
        return None
    return Statement(found.start, found.letters, "answer-is")


def _asked(text: str, at: int) -> bool:
    end = _SENTENCE_END.search(text, at, at + MAX_STATEMENT)
    return end is not None and end.group() in "?？"


def _answer_is(text: str, found: Announcement) -> Statement | None:
    """What "the answer is" and its like give; None where they only remark on it, deny it or make it depend."""
    if _CONDITIONED.search(text, found.start, found.end):
        return None
    answer = _complement(text, found.end)
    if (
        answer is None
        or not answer.strip(BLANK)
        or _BOX.search(answer)
        or _REMARK.match(answer)
        or _EITHER.match(answer)
    ):
        return None
    before = _before(text, found.start)
    labelled = MARK.match(answer) or answer.strip(BLANK)[:1].isdigit()
    if _ONE_OF_SEVERAL.search(before) or (_THIS.search(before) and not labelled):
        return None
    denied_in_it = not answer.isascii() and DENIED_ELSEWHERE.search(answer)
    if denied_in_it or refuted_behind(text, text.find(answer, found.end) + len(answer)):
        return None
    said = text[found.start : found.end]
    answer = answer.partition("|")[0] if "|" in said else answer
    if not _is_line(before) and (denied(before + said) or only_supposed(_supposition(text, before, found.start), said)):
        return None
    answer = plain(answer)
    return Statement(found.start, answer, "answer-is") if answer else None


def _supposition(text: str, before: str, at: int) -> str:
    """The beginning of the sentence that `at` is in; with the sentence before it, where this one begins with "then"."""
    goes_on = THEN.match(before)
    return _before(text, at - len(before) - len(" .")) + before if goes_on else before


def _complement(text: str, begin: int) -> str | None:
    """The answer that begins at `begin`, up to the end of its clause; None for a question, a condition, a list of options."""
    skipped = _PREAMBLE.match(text, begin, begin + MAX_STATEMENT)
    begin = skipped.end() if skipped else begin
    said = text[begin : begin + MAX_STATEMENT]
    label = LABELLED.match(said)
    if label is not None and (_OPENER.match(said, label.end()) or is_remark(_sentence_at(said, label.end()))):
        said = label.group() + "\n"
    cut = (_OPTION_END if label else _CLAUSE).search(said)
    if cut is None:
        return _NOTED.sub(r"\g<value>", said) if begin + MAX_STATEMENT >= len(text) else None
    answer, mark = said[: cut.start()], cut.group()
    question = mark in "?？" and not LABELLED.match(answer)
    if question or _CONDITION.match(mark) or (mark == "\n" and _NEXT_OPTION.match(said, cut.end())):
        return None
    answer = _NOTED.sub(r"\g<value>", answer)
    if LABELLED.match(said) and mark == ".":
        return _whole_line(said, cut.start())
    if not MARK.match(answer):
        return answer
    own = _SAME_AS.match(said, cut.start())
    if own is not None:
        cut = _CLAUSE.search(said, own.end())
        return said[: cut.start()] if cut else said
    alone = mark != "." or _OPENER.match(said, cut.end()) or is_remark(_sentence_at(said, cut.end()))
    return answer if alone else _with_text(said, cut.end())


def _whole_line(said: str, end: int) -> str:
    """A letter with its text up to `end`, or with all sentences of its line where that is short."""
    line = said.partition("\n")[0]
    whole = line if end < len(line) <= _LONGEST_LINE else said[:end]
    return whole.rstrip(". ")


def _is_line(before: str) -> bool:
    return not before.strip(BLANK + "-–✅☑✔🔹➡️")


def _sentence_at(said: str, at: int) -> str:
    end = _SENTENCE_END.search(said, at)
    return said[at : end.start()] if end else said[at:]


def _with_text(said: str, at: int) -> str:
    """A letter with a full stop and what follows it on the line: B. 14."""
    whole = said[:at] + _sentence_at(said, at)
    return whole if whole[at:].strip(BLANK) else said[: at - 1]


def plain(text: str) -> str:
    """A statement without emphasis and without math delimiters that were opened outside of it."""
    text = text.strip()
    if "*" in text or "_" in text or "`" in text:
        text = _EMPHASIS.sub("", text)
    if text.startswith("<<") and text.endswith(">>"):
        text = text[2:-2]
    for closing, opening in _UNOPENED:
        if text.endswith(closing) and text.count(opening) == (closing == opening):
            text = text[: -len(closing)].rstrip(" .")
    if "\\)" in text and "\\(" not in text:
        text = text.replace("\\)", " ")
    text = text.strip()
    return _INLINE.sub(r"\1", text) if text[:1] in ("(", "\\") else text
