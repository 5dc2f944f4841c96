"""Where an answer is announced: "the answer is", "Final answer:", a heading, "the correct option is", "I choose", 答案是.

A rule is tried only where its word stands, because prose is long and these words are rare in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .sentence import LONE_CAPITAL

_NEAR = 600  # characters at the end in which rare words are looked for
_SPOTS = 400  # words that are looked at, from the last one on
_CANDIDATES = 24  # announcements that are looked at, from the last one on
_GAP = r"[*_ \t]{0,6}"
_IS = (
    r"(?:is|are|was|would be|should be|must be|will be|has to be|stays|remains|turns out to be|"
    r"(?:comes|works) out (?:as|at|to(?: be)?))"
    r"(?![a-z'’])"
)
_COLON = r"(?:[:：→⇒➜➔➡]\ufe0f?|=>|->)"
_BEFORE_LETTER = (
    r"(?=[\s*]{1,4}(?:therefore |thus |the )?(?:option |figure |choice |answer )?[(\[*]{0,3}(?-i:[A-Z])(?![\w'’]))"
)


class Announcement(NamedTuple):
    """Where it begins, and where it ends and the answer begins."""

    start: int
    end: int


_TO_WHAT = r"(?:to (?:(?:the|this|your) [^.\n:]{1,60}?|[*_]{0,2}[\"“][^\"“”\n]{1,200}[\"”]))?"


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ANSWER_IS = _rule(
    rf"answer(?:>?{_GAP}{_TO_WHAT}{_GAP}(?:{_COLON}|=(?!\s?['\"\[(])|{_IS})"
    rf"|s{_GAP}(?:{_COLON}|{_IS})|{_GAP}\|(?=[ *_$]{{0,6}}[^\s|*_:-][^|\n]{{0,60}}\|[ \t]*(?:\Z|\n(?!\s*\|[\s:|-]*\n))))"
)
"""Also the last row of a table: | **Answer** | **D** |."""
_SOME_LETTERS = r"\(?(?-i:[A-Z])\)?(?:(?:,\s?(?:and\s)?|\s(?:and|&)\s)\(?(?-i:[A-Z])\)?){0,8}"
_DASHED = _rule(rf"answer{_GAP}[-–—][*_]{{0,3}}[ \t]{{1,3}}(?=[$(\[*]{{0,4}}(?:\d|(?-i:[A-Z])(?![\w'’])))")
_ALONE = _rule(rf"(?:answer{_GAP}|final{_GAP}[:：]){_GAP}(?={_SOME_LETTERS}[*.]{{0,3}}[ \t]*(?:\n|\Z))")
_ABBREVIATED = _rule(rf"(?<![a-z])ans[*_ ]{{0,3}}(?:{_COLON}|\.|[-–—](?=\s))")
_FINAL_ANSWER = _rule(
    r"(?<![a-z])(?:(?:final|correct|right|best|numeric|numerical) "
    r"(?:answer|option|choice|letter|value|result|figure|statement|letters)"
    rf"|final (?:number|total|count|amount)"
    rf"|correct (?:number|total|count|amount|sum|length|area|perimeter|volume|price|time|ratio))"
    rf"(?:(?! {_IS})[^.\n:]){{0,60}}?{_GAP}(?:{_COLON}| {_IS})"
)
_CORRECT_NOUN = _rule(
    rf"(?<=the )(?:correct|best) [a-z]{{3,14}} (?:for |of |that |to )?[^.\n:]{{0,40}}?{_IS}{_BEFORE_LETTER}"
)
_HEADING = _rule(r"(?:answer|value|result|conclusion)s?[ \t]{0,3}[*_#:]{0,6}[ \t]{0,3}\n")
_FIELD = _rule(rf"(?:final (?:result|value|total|conclusion|count)|result|conclusion){_GAP}{_COLON}")
_CHOSEN = _rule(
    rf"(?:choose|select|pick|chose|go with|opt for|stick (?:with|to)|stay with|keep|confident "
    rf"(?:in|about|with|that it(?:['’]s| is))|sure (?:of|about|that it(?:['’]s| is))){_BEFORE_LETTER}"
)
_GUESS = _rule(
    rf"(?<=\bmy best )guess{_GAP}(?:{_COLON}|{_IS})"
    r"|(?:(?<=\bi would )|(?<=\bi'd )|(?<=\bi’d ))guess(?! (?:at|what|how|which|whether|if)\b)(?: that)?"
    r"(?: it['’]s| it is| the answer is)?"
)
"""What one commits to without being sure: "My best guess is C"."""
_COLON_OPTION = _rule(
    r"(?<=\bi)s[*_]{0,3}:[*_]{0,3}\s{0,3}\n[ \t]*\n?[ \t]*(?=[*_]{0,3}(?-i:\([A-Z]\)|[A-Z][.)])[*_]{0,3}\s\S)"
)
"""The most likely person is:\n\n(C) Mark."""
_CORRESPONDS = _rule(rf"correspond(?:s|ing) to(?: the)?{_BEFORE_LETTER}")
_HASHES = _rule(r"####(?!#)(?![ \t]{0,3}\S{0,3}(?:final |the )?answer)")
_WHO = _rule(
    r"(?:\b(?:i|we)(?:['’](?:ll|d|m|re)| would| will| can| am| are)?(?: (?:quite|very|fully|fairly|still))?"
    r"|\blet(?:['’]s| us)) \Z"
)
_ANOTHER = _rule(
    r"\b(?:(?:next|second|third|backup|alternative|alternate|previous|former|wrong|rejected|tempting|runner-up)[ -]"
    r"|(?:next|second)[ -]best[ -])[*_]{0,3}\Z"
)
"""What stands before the label of an answer that is not the one: "Next best option: C"."""
_LINE_BEGIN = _rule(r"[ \t#>*_\-–✅☑✔🔹➡️]{0,16}(?:the )?(?:final |correct |my )?")
_LONGEST_BEGIN, _LONGEST_WHO = 36, 20  # characters
_FOREIGN = _rule(
    rf"(?:antwort|l(?:ö|oe)sung|ergebnis|r[ée]ponse|r[ée]sultat|respuesta|resultado|resposta|risposta|risultato){_GAP}"
    rf"(?:finale?|corr?ec?t[ae]?|corretta|final)?(?:{_COLON}|\s[:：]|\s(?:ist|lautet|est|es|é|è)(?![a-z]))"
    r"(?:(?:\s(?:die|der|das|la|le|el|il|lo|a|o))?(?:\s(?:opci[oó]n|op[cç][aã]o|opzione|option|letra|lettre|lettera))?"
    r"(?=\s[*_$(]{0,3}(?-i:[A-Z])(?![\w'’])))?"
)
"""The answer in German, French, Spanish, Portuguese and Italian."""
_PICKED = _rule(rf"(?:choice|pick|selection|selected option){_GAP}{_COLON}")
_BRACKETED = _rule(r"answer[*_]{0,2}[\])】][*_]{0,2}[:：]?\s")
_CHINESE = re.compile(
    r"[Оо]твет\s?[:：—-]|選択肢は|答え(?:は|：|:)|正解(?:は|：|:)|정답(?:은|:|：)|답(?:은|:|：)|"
    r"答案(?:应该|应|就|选项)?\s?(?:是|为|选择?|:|：)|(?:正[确確]|对应|合适)的?(?:选项|答案|选择)(?:应该|应)?(?:是|为|:|：)?"
    r"|(?:\A|\n)[ \t#*_【]{0,8}(?:最终|最后|正确)?(?:答案|结果|结论)[*_】：:]{0,5}[ \t]{0,3}\n(?!\s*(?:不|无|没))"
    r"|(?:最终|最后|所以|因此)[，,]?(?:的?结果|结论)(?:是|为)\s?(?!不|无|没)"
    r"|[【\[［]答案[】\]］]\s?[:：]?|故选|应选(?!择)"
    r"|(?:选择?|選擇?|填[入写上]?|放[入上]?|补[上全]?|应该?[是为](?=图|选项|形状|[A-Z]图)|选项|選項)"
    r"(?:是|为|:|：|图[形案片像]?|选项|形状){0,2}\s?(?=[A-Z(（\\$*])|答[:：]"
)


def announcements(text: str, start: int, end: int) -> list[Announcement]:
    """Those from `start` to `end`, the last one first; of several that end at one place, the one that begins first."""
    found: dict[int, Announcement] = {}
    for at, word in _spots(text, start, end):
        for rule in _EVERY_RULE[word]:
            one = rule(text, at)
            if one is not None and (one.end not in found or one.start < found[one.end].start):
                found[one.end] = one
        if len(found) > _CANDIDATES:
            break
    if not text.isascii():
        found |= {one.end(): Announcement(*one.span()) for one in _CHINESE.finditer(text, start, end)}
    own = (one for one in found.values() if not _ANOTHER.search(text, max(0, one.start - _LONGEST_WHO), one.start))
    return sorted(own, reverse=True)[:_CANDIDATES]


def _lowered(text: str) -> str:
    """The text in lower case, each character in its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(one.lower()[0] for one in text)


def _words(text: str, start: int, end: int) -> Iterable[str]:
    """Those that are looked for: near the end all, but those of a choice only where a letter stands alone."""
    if end - start > _NEAR:
        return _RULES
    return _EVERY_RULE if LONE_CAPITAL.search(text, start, end) else _WITHOUT_CHOICES


def _spots(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Where the words stand, the last first."""
    lower = _lowered(text[start:end])
    found: list[tuple[int, str]] = []
    for word in _words(text, start, end):
        at = lower.find(word)
        while at >= 0:
            found.append((start + at, word))
            at = lower.find(word, at + 1)
    found.sort(reverse=True)
    return found[:_SPOTS]


def _anywhere(pattern: re.Pattern[str], before: int = 0) -> Callable[[str, int], Announcement | None]:
    def rule(text: str, at: int) -> Announcement | None:
        found = pattern.match(text, at)
        return Announcement(at - before, found.end()) if found else None

    return rule


def _begins_line(pattern: re.Pattern[str]) -> Callable[[str, int], Announcement | None]:
    def rule(text: str, at: int) -> Announcement | None:
        found = pattern.match(text, at)
        if found is None:
            return None
        begin = text.rfind("\n", max(0, at - _LONGEST_BEGIN), at) + 1
        whole = begin > 0 or at <= _LONGEST_BEGIN
        return Announcement(begin, found.end()) if whole and _LINE_BEGIN.fullmatch(text, begin, at) else None

    return rule


def _of_us(text: str, at: int) -> Announcement | None:
    """I choose B; we pick B."""
    found = _CHOSEN.match(text, at)
    who = _WHO.search(text, max(0, at - _LONGEST_WHO), at) if found else None
    return Announcement(who.start(), found.end()) if found and who else None


def _foreign(text: str, at: int) -> Announcement | None:
    """The word for answer at `at`, or two letters before it."""
    found = _FOREIGN.match(text, at) or _FOREIGN.match(text, at - len("re"))
    return Announcement(found.start(), found.end()) if found else None


_QUALITY = (_anywhere(_FINAL_ANSWER),)
_RULES: Mapping[str, tuple[Callable[[str, int], Announcement | None], ...]] = {
    "ans": (
        _anywhere(_ANSWER_IS),
        _anywhere(_BRACKETED),
        _begins_line(_HEADING),
        _begins_line(_ALONE),
        _begins_line(_DASHED),
        _anywhere(_ABBREVIATED),
    ),
    "final": (*_QUALITY, _begins_line(_FIELD), _begins_line(_ALONE)),
    "correct": (*_QUALITY, _anywhere(_CORRECT_NOUN, before=len("the "))),
    "best": (*_QUALITY, _anywhere(_CORRECT_NOUN, before=len("the "))),
    "right": _QUALITY,
    "value": (_begins_line(_HEADING),),
    "result": (_begins_line(_HEADING), _begins_line(_FIELD)),
    "conclusion": (_begins_line(_HEADING), _begins_line(_FIELD)),
    "correspond": (_anywhere(_CORRESPONDS),),
    "s:": (_anywhere(_COLON_OPTION),),
    "####": (_anywhere(_HASHES),),
}
_CHOICES = ("cho", "select", "pick", "go with", "opt for", "stick ", "stay with", "keep ", "confident ", "sure ")
_NEAR_RULES = {
    **dict.fromkeys(_CHOICES, (_of_us,)),
    "numeric": _QUALITY,
    "guess": (_anywhere(_GUESS),),
    "choice": (_begins_line(_PICKED),),
    "pick:": (_begins_line(_PICKED),),
    **dict.fromkeys(("antwort", "ergebnis", "lösung", "réponse", "respuesta", "sposta"), (_foreign,)),
}
"""Those that are looked for near the end alone."""
_EVERY_RULE = {**_RULES, **_NEAR_RULES}
_WITHOUT_CHOICES = tuple(word for word in _EVERY_RULE if word not in _CHOICES)
