"""Options that are called right: "Option B is the correct answer", "A and C are correct", 选项B正确."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .doubt import denied
from .sentence import LONE_CAPITAL, NOUN

_CANDIDATES = 24  # those that are looked at, from the last one on
_SPOTS = 400
_LETTER_ENDS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ)*")
_LOOK_BACK = 120  # characters in which the letters stand
_VERBS = {
    " is": (" is ", " ist "), " are ": (" are ",), " be ": (" be ",), " es": (" es ", " est "),
    " è ": (" è ",), " é ": (" é ",), " está ": (" está ",),
}  # fmt: skip
"""What stands behind what may be a letter, by what these begin with."""
_ASCII_VERBS = {stem: verbs for stem, verbs in _VERBS.items() if stem.isascii()}
_BEFORE_BE = (" must", " should", " would", " seems to", " appears to", " has to")
_LETTER = r"\*{0,3}\(?[A-Z]\)?\*{0,3}"
_LETTERS = re.compile(
    rf"(?<![\w(\\])(?:(?i:options?|choices?|answers?|{NOUN}s?|only)\s)?"
    rf"(?P<letters>(?<![\w(]){_LETTER}(?:(?:\s?,\s?(?:and )?|\s(?:and|&)\s){_LETTER}){{0,8}})"
    r"(?:\s\([^()]{1,40}\))?(?<!,)\Z"
    rf"|(?i:option|choice|answer),\s(?P<apart>{_LETTER}),\Z"
)
_RIGHT = re.compile(
    r"\s(?:is|are|must be|should be|(?:seems|appears|has) to be|(?P<would>would be))\s"
    r"(?:(?:therefore|thus|clearly|indeed|hence|also|then|both|the|my|our|only|a|single)\s){0,3}"
    r"(?:(?:correct|right|best|final|closest|matching)\s?)?"
    r"(?:answers?|options?|choices?|one(?!\s(?:possib|of\b|candidate))|ones|correct|match|matching|"
    r"it(?=[.!]?(?:\s|$))|what (?:we|was|is) [a-z]+"
    r"|right(?!\s(?!because|since|as\b|for\b|and\b|here|in this|given|based)[a-z]))(?![a-z])"
    r"(?!\s(?:that|which|who)\s(?:\w+\s){0,2}?(?:\w*n['’]t|not|cannot|never|fails?|contradicts?|violates?)\b)"
)
_RIGHT_ELSEWHERE = re.compile(
    r"\s(?:ist|est|es|è|é|está)\s(?:(?:also|somit|daher|damit|donc|quindi|dunque|portanto|entonces|la|le|die|der|il|lo|a|o)"
    r"\s){0,3}(?:richtige?|korrekte?|correcte?|correct[ao]|corrett?[ao]|bonne)(?:\s(?:antwort|lösung|option|"
    r"réponse|respuesta|"
    r"risposta|resposta|opción|opção|opzione))?(?!\w)",
    re.IGNORECASE,
)
_ANGLE = re.compile(r"(?:\b[Aa]ngles?\s(?:at\s|of\s)?|∠\s?|\b[Cc]orner\s(?:at\s)?)\$?\\?(?:angle\s)?[A-Z]{1,3}\$?\Z")
"""What is right as an angle is: the angle at C is right."""
_LONGEST_ANGLE = 24  # characters
_GERMAN = re.compile(
    r"\bist\s(?:(?:also|somit|daher|damit|die|richtige|antwort|option|"
    r"lösung)\s){0,4}(?P<letters>(?-i:\*{0,3}\(?[A-Z]\)?\*{0,3}))"
    r"(?:\s(?:richtig|korrekt)|(?<=\bAntwort\s[A-Z])|(?<=\bLösung\s[A-Z]))(?!\w)",
    re.IGNORECASE,
)
"""Also ist C richtig; daher ist die Antwort C."""
_ONLY = re.compile(
    rf"\b[Oo]nly\s(?:(?i:option|choice|answer|{NOUN})\s)?(?P<letters>{_LETTER})\s"
    r"(?:remains|is left|is possible|is valid|fits|works|satisfies|matches|agrees|is consistent|holds|has|shows|"
    r"meets|qualifies|"
    r"can be|gives)\b"
)
_ALL_BUT = re.compile(
    r"\b(?i:everything|every\s(?:option|choice|one)|all(?:\s(?:the\s)?(?:options|choices|others|answers))?)\s"
    r"(?:except|but|other than)\s"
    rf"(?:(?i:option|choice|{NOUN})\s)?(?P<letters>{_LETTER})\s(?:fails?|violates?|contradicts?|(?:is|are)\s(?:wrong|incorrect|false|"
    r"excluded|eliminated|ruled out|impossible|too\s\w+)|(?:does|do)\snot\b)"
)
"""Everything except B fails that test."""
_MADE = re.compile(
    r"(?<![Ww]hat )\bmakes\s(?:(?i:option|choice)\s)?(?P<letters>\*{0,3}\(?[A-Z]\)?\*{0,3})\sthe\s(?:(?:correct|right|"
    r"best|only)\s)?"
    r"(?:answer|option|choice|one)\b"
)
_WITH_TEXT = re.compile(
    r"(?:(?<=[Oo]ption )|(?<=[Cc]hoice )|(?<=[Aa]nswer )|(?:(?<=\A)|(?<=[,.] ))(?=\())"
    r"(?P<letters>(?P<mark>[*_]{0,3}\(?[A-Z]\)?[.:]?[*_]{0,3}[.:]?)"
    r"\s(?!(?i:is|are|was|has|and|or|but|which|that|cannot|can|does|would|could|must|should|seems|appears|fits|matches)\b)"
    r"(?:(?!\b(?:option|choice|since|because|but|while|whereas|answer)\b)[^!?\n;]){1,200}?)[*_]{0,3}"
    r"\s(?:is|are|must be)\s(?:(?:therefore|thus|clearly|indeed|also|the|our|only)\s){0,3}(?:correct|right|best|true)\b"
    r"(?:\s(?:answer|option|choice|one))?(?![a-z]|\s(?:only\s)?(?:if|when|unless)\b)",
)
"""Option (C) 18 is correct: an option with its text."""
_TICKED = re.compile(
    r"^\W{0,8}(?:(?i:option|choice|"
    + NOUN
    + r")\s)?\(?([A-Z])[).:\s][^\n]{0,160}?(?:(?:(?P<tick>[✓✅✔])|[✗❌✘×])\W{0,4}$"
    r"|(?:[:—–-]|->|→)\s[*_(]{0,4}(?:(?P<word>[Rr]ight|[Cc]orrect|[Tt]rue|[Yy]es)|[Ww]rong|[Ii]ncorrect|[Ff]alse|[Nn]o)\b(?!\s(?:angle|triangle|side)))",
    re.MULTILINE,
)
_NOTED = re.compile(r"\(answer:?\s(?P<letters>[A-Z])\)")
_CROSSED = ("✗", "❌", "✘", "×", "rong", "ncorrect", "alse", " no", " No")
"""What stands in a list of options in which one is ticked."""
_CHINESE = re.compile(
    r"(?:只有|仅|是)\s?(?:选项|图形?)?\s?([A-Z])\s?(?:选?项|图)?(?:符合|正确|满足|成立|可以|(?=[。.]?\s*\Z))"
    r"|选项\s?([A-Z])\s?(?:是|为)?(?:正确|对)的?|([A-Z])\s?选?项\s?(?:是|为)?(?:正确|对)的?"
)


_ALONE = re.compile(r"(?:\A|[.!?]\s|\n)(?:[\s*_(]|(?i:so|thus|hence|therefore|the),?\s){0,6}\Z")
"""What may stand before an option that "would be right": nothing, since a condition or another case may."""


_CALLED = re.compile(
    r"\s(?:is|are)\s(?:(?:therefore|thus|indeed|clearly)\s)?(?:the|our|my)\s(?:(?:correct|right|final)\s){0,2}"
    r"answer(?:\s(?:to|for)\s(?:the|this|our)\s(?:question|problem))?(?=[.!*_\s]*(?:\n|\Z)|[.!]\s)"
    r"|\s?(?:就是|是|为)(?:最终|正确|我们的?){0,2}的?答案(?=[。.!！\s*]*(?:\n|\Z)|[。，])"
)
_LONGEST_BEFORE = 60  # characters from "is" to "answer"
_RIGHT_WORDS = ("correct", "right", "best", "true")
"""One of those that stand behind an option with its text."""
_LONGEST_CALLED = 160  # characters of what is called the answer
_CALLED_AFTER = re.compile(
    r"[.!?。！？]\s{1,3}(?=\S)|[\n。！？]|(?<=[\u4e00-\u9fff])[，,]|,\s(?:so|thus|hence|therefore|then),?\s"
)
_CALLED_LEAD = re.compile(
    r"[\s*_#>]*(?:-\s+)?(?:(?i:so|thus|hence|therefore|then|and|finally|overall|in conclusion|(?:yes|no|well|okay)(?=,))"
    r"[,\s]+|(?:因此|所以|故|那么|综上)[，,]?\s?){0,2}"
)
_CALLED_ANYTHING = re.compile(
    r"(?:\b(?i:this|that|it|which|what|who|here|there|is|are|was|were|and|or|if|nothing|none|option|choice|answer|one|each)\b"
    r"|[这那它哪谁或和不没非]|选项)"
)
"""What stands for something else, or says more than a value."""


class Approval(NamedTuple):
    """Where it begins and ends, and the letters that it names."""

    start: int
    end: int
    letters: str


def approvals(text: str, start: int, end: int) -> list[Approval]:
    """Those from `start` to `end`, the last one first."""
    looked_at = text[start:end]
    found = _lettered(text, start, end, looked_at) if LONE_CAPITAL.search(looked_at) else []
    if not text.isascii():
        found += [
            Approval(*one.span(), next(filter(None, one.groups()))) for one in _CHINESE.finditer(text, start, end)
        ]
    answer = 0 if "答案" in looked_at else looked_at.find(" answer")
    if answer >= 0:
        called = _CALLED.finditer(text, start + max(0, answer - _LONGEST_BEFORE), end)
        found = _widest([*(_called(text, start, one) for one in called), *found])
    return sorted(found, reverse=True)[:_CANDIDATES]


def _lettered(text: str, start: int, end: int, looked_at: str) -> list[Approval]:
    """Those of options by their letters, of which one must stand alone."""
    found = [one for at in _spots(text, start, end) if (one := _approval(text, at))]
    if "ist " in looked_at:
        found += _named(_GERMAN.finditer(text, start, end))
    if "nly " in looked_at:
        found += _named(_ONLY.finditer(text, start, end))
    if "(" in looked_at and "(answer" in looked_at:
        found += _named(_NOTED.finditer(text, start, end))
    if "xcept " in looked_at or "all but " in looked_at or "other than " in looked_at:
        found += _named(_ALL_BUT.finditer(text, start, end))
    if "makes " in looked_at:
        found += _named(_MADE.finditer(text, start, end))
    if looked_at.count("\n") > 1 and _may_tick(looked_at):
        found += _ticked(text)
    if ("(" in looked_at or "ption " in looked_at or "hoice " in looked_at) and any(
        word in looked_at for word in _RIGHT_WORDS
    ):
        found = _without_texts(text, start, end, found)
    return found


def _spots(text: str, start: int, end: int) -> list[int]:
    """Where what may be a letter ends in front of a verb, the last ones."""
    found: list[int] = []
    for stem, verbs in (_ASCII_VERBS if text.isascii() else _VERBS).items():
        at = text.find(stem, start, end)
        while at >= 0:
            modal = "" if stem != " be " else next((one for one in _BEFORE_BE if text.endswith(one, start, at)), None)
            verb = at - len(modal or "")
            before = text[verb - 2] if verb > 1 and text[verb - 1] == "," else text[verb - 1 : verb]
            if before in _LETTER_ENDS and modal is not None and text.startswith(verbs, at, end):
                found.append(verb)
            at = text.find(stem, at + 1, end)
    return sorted(found)[-_SPOTS:]


def _widest(found: Iterable[Approval | None]) -> list[Approval]:
    """Approvals, without those that stand within another."""
    every = [one for one in found if one is not None]
    return [
        one
        for one in every
        if not any(of.start <= one.start < of.end and of[:2] != one[:2] and one.end <= of.end for of in every)
    ]


def _called(text: str, start: int, found: re.Match[str]) -> Approval | None:
    """3x + 2 is the correct answer: what is called the answer behind it, from the beginning of its sentence on."""
    begin = max(start, found.start() - _LONGEST_CALLED)
    for before in _CALLED_AFTER.finditer(text, begin, found.start()):
        begin = before.end()
    lead = _CALLED_LEAD.match(text, begin, found.start())
    begin = lead.end() if lead else begin
    said = text[begin : found.start()].replace("**", "").strip()
    if not said or len(said) >= _LONGEST_CALLED or _LETTERS.fullmatch(said) or _CALLED_ANYTHING.search(said):
        return None
    if " " in said and denied(said):
        return None
    return Approval(begin, found.end(), said)


def _without_texts(text: str, start: int, end: int, found: list[Approval]) -> list[Approval]:
    """The approvals, those of an option with its text in the place of those of letters in its text."""
    whole = [Approval(one.start(), one.end(), one.group("letters")) for one in _WITH_TEXT.finditer(text, start, end)]
    return _widest([*whole, *found])


def _named(matches: Iterator[re.Match[str]]) -> list[Approval]:
    return [Approval(*one.span(), one.group("letters").replace("*", "")) for one in matches]


def _may_tick(text: str) -> bool:
    """False for a text without a verdict behind an option; cheap, because most texts have none."""
    marked = ":" in text or "-" in text or not text.isascii()
    return marked and any(word in text for word in _CROSSED)


def _ticked(text: str) -> list[Approval]:
    """C. 135° ✓: the only option of a list that is ticked, where others are crossed out."""
    lines = list(_TICKED.finditer(text))
    ticked = [one for one in lines if one.group("tick") or one.group("word")]
    return [Approval(*ticked[0].span(), ticked[0].group(1))] if len(ticked) == 1 < len(lines) else []


def _approval(text: str, at: int) -> Approval | None:
    right = _RIGHT.match(text, at) or _RIGHT_ELSEWHERE.match(text, at)
    named = _LETTERS.search(text, max(0, at - _LOOK_BACK), at) if right else None
    if (
        right is None
        or named is None
        or (right.group().endswith(" right") and _ANGLE.search(text, max(0, at - _LONGEST_ANGLE), at))
        or (
            right.groupdict().get("would")
            and not _ALONE.search(text, max(0, named.start() - _LOOK_BACK), named.start())
        )
    ):
        return None
    return Approval(named.start(), right.end(), (named.group("letters") or named.group("apart")).replace("*", ""))
