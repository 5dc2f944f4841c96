"""The parts of a sentence that may state a gold of a kind: "The least was recorded in **March**."

A text is stated where it is the main clause's subject or its end, or stands out in bold or quotation marks; a number where it
is the clause's only one, and the sentence concludes. These read the closing sentence where the rules that do not know the
gold found nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .lexer import names
from .said_option import LONG_WORD, SEVERAL, VERDICTS, verdict, words
from .statements.clause import FORMULA, behind_colon, is_denied, is_sentence, main_clauses
from .statements.doubt import not_ones_own
from .statements.sentence import CLAUSE_END, NOUN, NUMBER, REJECTED
from .wording import describes

_NUMBER = re.compile(NUMBER)
_WITHIN = re.compile(r"(?:分之|[A-Za-z\d]|\d[.,]|\d\s?[/:]\s?|\d(?:\s\w+)?\sof\s(?:the|these|those|all)\s)\Z")
"""What stands before a number that is only a part of one: Figure14, 3/8, 1:4, 3 of the 8."""
_MAY_STAND_BEFORE = frozenset(names("by with to from up through is are was were be"))
_FEW_WORDS = 2
_MOST_WORDS = 9  # of a moment: a quarter to five in the afternoon
_WORDS_OF_A_LINE = 4  # that is only an answer
_TEXED = re.compile(r"[\\^]|\w\s?/\s?[a-z]")
_LINE_DRESSING = " \t\n*_`>$."
_NO = re.compile(r"\bNo\.\s?\Z")
_OVER_AT = re.compile(r"\b(?:over|up|under)\s(?:at|by|to|from|in|on|with)\b")
_SIGN_BEFORE = re.compile(r"(?:[<>≤≥≠×*/÷^±+]|\\(?:neq?|[lg]eq?|[lg]t|pm|times|cdot))\s*\Z")
_WORDS_BEFORE = 3  # that may change a number
_SUPPOSES = re.compile(
    r"\A(?:[\s*_]{0,8}(?:if|suppose|assuming|had|were|unless|(?:for|in the) (?:example|instance))\b|如果|假设)"
    r"|(?:,\s|;\s|\(|\b(?:but|and|so|then)\s)(?:if|suppose|assuming)\b"
    r"|\b(?:in|by|on|with|from) (?:the|a|this) (?:wrong|incorrect|false|mistaken)\b",
    re.IGNORECASE,
)
_MENTIONED = re.compile(
    r"\b(?:the|this|that)\s(?:given\s)?(?:(?:angle|side|edge|segment|radius|diameter|chord|arc|height|width|"
    r"length|distance)s?\sof\s"
    r"|(?=\d))[^,;]{0,3}\d+(?:[- ]degree (?:angle|turn)|[^,;]{0,40}?\s(?:is|are|was|will|to find|at the)\b)",
    re.IGNORECASE,
)
"""A number that is spoken of as known: the angle of 60 degrees at the top is ..."""
_EQUALS = re.compile(r"[=≈]|\\approx")
_YEARS = re.compile(
    r"\b(?:in|of|by|since|for|from|between|during|year|to|and|until)\s(?:the\s)?(?:year\s)?(?:1[5-9]|20)\d\d\b(?!\s?[%°])"
)
_NUMBERED = re.compile(
    rf"\b(?:{NOUN}|step|stage|phase|day|week|month|level|question|quarter|grade|class|shop|store|car|team|player|"
    rf"train|bus|floor|page|"
    r"round|trial|method|equation|tank|city|person|student|Q)\s?\d{1,3}\b(?!\s?[%°]|[.,:/]\d)",
    re.IGNORECASE,
)
"""A thing by its number: at point 2, on day 3."""
_YEAR = re.compile(r"(?<![\d.,$])(?:1[5-9]|20)\d\d(?![\d,.]*\d)")
_TIME = re.compile(r"(?<![\d:.])\d{1,2}:\d\d(?:\s?[ap]\.?m\b\.?)?(?![\d:])", re.IGNORECASE)
_DAY = re.compile(r"[*_.\s]{0,4}(?:(?:in the (?:morning|afternoon|evening)|at night)[*_.\s]{0,4})?")
_CLASSIFIED = re.compile(
    r"(?<![第一二三四五六七八九十百千万两])([一二三四五六七八九十百千两]{1,6})"
    r"(?=[个条只种块张名人次根颗辆本支位座道件头棵朵对组元岁倍])"
)
_WRITTEN = re.compile(r"(?<=[a-z]\s)[-−–]?(?:[\w.()^√π²³]{1,12}\s?[-+−–*·×/]\s?){1,8}[\w.()^√π²³]{1,12}\Z")
"""A formula that a clause ends in, without dollar signs: has width 2a - b."""
_EQUATION = re.compile(r"(?:\A|\s)(?:[^\s=]{1,20}(?:\s[-−+*/·]\s[^\s=]{1,20}){0,4}\s?=\s?[^=]{1,60})\Z")
"""What a clause ends in: It has equation y = 2x + 1."""
_NOT_ANOTHER = re.compile(r"(?<=\w),\s(?:and\s)?not\s(?!only|just|merely)[^,;.]{1,40},(?=\s[a-z])")
"""What is denied beside what is stated: Lena, not Omar, finished first."""
_ASIDE = re.compile(r",\s(?=[a-z]{2})")
_NAME_IS = re.compile(r"(?<![A-Za-z'’])([a-zA-Z])\s(?:is|equals)\s(?=[-−+]?[\d\\$])")
_NAMED = re.compile(r"(?<![A-Za-z\\])([a-zA-Z])\s?=")
_VALUED = re.compile(r"(?<![A-Za-z\\])([a-zA-Z])\s?=\s?([-−+]?[\d./]{1,12})(?=[\s,.]|\Z)")
_SEVERAL_NAMES = 2
_JOINED = re.compile(r",?\s(?:and\s)?")
_RESPECTIVELY = re.compile(
    r"\b(?P<names>[a-zA-Z](?:,\s[a-zA-Z])*,?\sand\s[a-zA-Z])\s(?:are|equal|is)\s(?P<values>[^\s,]+(?:,\s[^\s,]+)*,?\sand\s[^\s,]+),?"
    r"\srespectively\Z"
)
_COORDINATES = re.compile(
    r"\bx-coordinate\s(?:is\s|of\s)?(?P<x>[-−]?[\d./]{1,12}),?\sand\s(?:an?\s|its\s|the\s)?y-coordinate\s(?:is\s|of\s)?"
    r"(?P<y>[-−]?[\d./]{1,12})\Z"
)
_FOR_EVERY = re.compile(
    r"\bfor (?:every|each) (?P<one>\d[\d.]*)\s[^\d,;]{1,40}?[, ]\s?[^\d,;]{0,40}?(?P<other>\d[\d.]*)\b"
)
_MEASURED = re.compile(
    r"\b(?:is|are|was|were|measures?|stands)\s(?:about\s)?(?P<value>\d\S{0,12}(?:\s\S{1,8}){0,3})\s(?:tall|long|wide|high|deep|old|thick)\Z"
)
_SHOWN = re.compile(r"\*\*([^*\n]{1,80})\*\*|[\"“]([^\"”\n]{1,80})[\"”]|(?<!\w)'([^'\n]{2,80})'(?!\w)")
_QUOTED = re.compile(r"[\"“][^\"”\n]{1,80}[\"”]")
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_BEFORE_END = frozenset(
    names(
        "is are was were it's that's be by in to on at use uses choose prefer prefers like likes as named "
        "called ranked reads shows equals becomes means chose : ="
    )
)
_SKIPPED = frozenset(names("the a an about exactly only approximately now therefore thus both also"))
_AFTER_START = frozenset(
    names(
        "is are was were has have had shows showed does did would will can reaches reached belongs wins won "
        "leads led ranks "
        "- ; : ranked weighs fits matches completes comes came gets got receives received represents"
    )
)
_PAST = re.compile(r"[a-z]{2,12}ed|saw|held|grew|fell|rose|spent|sold")
_OR = re.compile(r"\b(?:or|either)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]{1,60}[)\]}]\Z")
_NAME = re.compile(r"\A[a-zA-Z](?:_\{?\w\}?)?\s?=\s?")
_PAIRS = re.compile(r"\([^()]{1,30},[^()]{1,30}\)")
_MEMBER = re.compile(
    r"(?:\bis|\bat(?:\s[a-z]\s=)?|\bare|=|\bin(?:\sthe\sratio)?|∈|:)(?:,?\s(?:in\s(?:\w+\s)?order|"
    r"from\s\w+\sto\s\w+),?)?\s+(?=\S)"
)
_RELATION = re.compile(
    r"[^\s≤≥<>≠]{1,40}\s?(?:[≤≥<>≠]|\\(?:le|ge|leq|geq|lt|gt)\b)\s?\S{1,60}(?:\s?(?:[≤≥<>])\s?\S{1,40})?\Z"
)


def _inside(pattern: re.Pattern[str], clause: str) -> list[str]:
    """What stands inside of each match: its only group that took part."""
    return [next(filter(None, one.groups())) for one in pattern.finditer(clause)]


def formula_said(sentence: str) -> list[str]:
    """The formula of a sentence that is one, or that a conclusion ends in: "Hence $x > -2$."; none of those with more."""
    for clause in main_clauses(sentence):
        found = _inside(FORMULA, clause)
        if len(found) == 1 and len(words(FORMULA.sub(" ", clause))) <= _FEW_WORDS:
            return [found[0].strip(" .,")]
    return []


def numbers_said(sentence: str) -> list[str]:
    """The numbers that a sentence may state: the time at the end of its clause, or the clause's only number."""
    return [one for clause in _asserted(sentence) for one in (*_clock(clause), *_numbers(clause, ""))]


def _clock(clause: str) -> list[str]:
    """The only time of day of a clause that ends in it: "it shows a quarter to three, 2:45"."""
    found = list(_TIME.finditer(clause)) if ":" in clause else []
    if len(found) != 1 or _DAY.fullmatch(clause, found[0].end()) is None or not _unchanged(clause[: found[0].start()]):
        return []
    return [found[0].group()]


def _asserted(sentence: str) -> list[str]:
    """The clauses in which something is stated: not in a supposition, not denied, and nothing that is spoken of as known."""
    clauses = main_clauses(sentence) if not (_SUPPOSES.search(sentence) or not_ones_own(sentence)) else []
    return [clause for clause in clauses if not is_denied(_QUOTED.sub("", clause)) and not _MENTIONED.search(clause)]


_TOO_MANY = re.compile(r"\bwould (?:have been|be) (?:too|far too|more than|less than|fewer than)\b", re.IGNORECASE)


def states(sentence: str, gold: str, same: Callable[[str], bool], kind: str, alone: bool) -> str | None:
    """The part of the sentence that states the gold, of those that may state an answer of that kind; None if none does.

    `same` tells whether a text is the gold, `alone` that the sentence is the whole response.
    """
    sentence = _NOT_ANOTHER.sub("", sentence)
    whole = sentence.strip(_LINE_DRESSING)
    valued = (kind not in _NUMERIC or _TEXED.search(whole)) and not whole.endswith(("?", "？"))
    short = len(whole.split()) <= max(_WORDS_OF_A_LINE, len(gold.split()))
    if not alone and valued and short and same(whole):
        return whole
    if " ".join(words(gold)) in VERDICTS:
        return gold if verdict(sentence, (gold,)) else None
    if (
        _TOO_MANY.search(sentence)
        or (kind in _NUMERIC and REJECTED.search(sentence))
        or not is_sentence(sentence)
        or (kind in _NUMERIC and _another_in_bold(sentence, same))
    ):
        return None
    for clause in _asserted(sentence):
        behind = behind_colon(sentence)
        if behind and same(behind):
            return behind
        for part in dict.fromkeys(_PARTS.get(kind, _formulas)(clause, gold)):
            if part and len(part) < len(sentence) and same(part):
                return part
    return None


def _another_in_bold(sentence: str, same: Callable[[str], bool]) -> bool:
    """True if the only number in bold is another one."""
    bold = [one for one in _BOLD.findall(sentence) if any(map(str.isdigit, one))]
    return len(bold) == 1 and not same(bold[0]) and not numbers_equal(bold[0], same)


def numbers_equal(text: str, same: Callable[[str], bool]) -> bool:
    """True if what stands behind the last equals sign of a text is the gold."""
    return same(text.rpartition("=")[2])


def _texts(clause: str, gold: str) -> Iterator[str]:
    """The clause, what stands out in it, and the gold where it is the subject or the end of it."""
    yield clause
    shown = _inside(_SHOWN, clause)
    bold = _BOLD.findall(clause)
    if shown:
        yield from bold if len(bold) == 1 else shown[: len(shown) == 1]
        return
    measured = _MEASURED.search(clause)
    if measured:
        yield measured.group("value")
    said, wanted = words(clause), words(gold)
    said = said[:-1] if said[-1:] in (["one"], ["ones"]) and said != wanted else said
    if not wanted or len(said) <= len(wanted) or SEVERAL.search(clause):
        return
    at = before = len(said) - len(wanted)
    while before > 1 and said[before - 1] in _SKIPPED:
        before -= 1
    ends = said[at:] == wanted and said[before - 1] in _BEFORE_END
    start = 1 if said[0] in ("the", "a", "an") and wanted[0] not in ("the", "a", "an") else 0
    after = start + len(wanted)
    begins = (
        said[start:after] == wanted
        and after < len(said)
        and (said[after] in _AFTER_START or _PAST.fullmatch(said[after]))
    )
    if ends or begins:
        yield gold


def _numbers(clause: str, gold: str) -> Iterator[str]:
    """The clause's only number, with what is counted; years beside it do not count, unless the gold is one."""
    plain = _NUMBERED.sub(_blank, _YEARS.sub(_blank, clause))
    plain = plain if _NUMBER.search(plain) else clause
    starts = [one.end() - len(one.group().lstrip()) for one in _NUMBER.finditer(plain)]
    starts = [at for at in starts if not (_WITHIN.search(plain, 0, at) or (plain[at] == "+" and plain[:at].strip()))]
    if _YEAR.fullmatch(gold) and not any(_unchanged(plain[:at]) for at in starts):
        yield from _years(clause, gold)
    *before, last = _EQUALS.split(clause)
    if before and (len(before) > 1 or LONG_WORD.search(clause)):
        yield from (before[-1], last) if "≈" in clause else (last,)
    if len(starts) == 1 and _unchanged(plain[: starts[0]]):
        value = plain[starts[0] :]
        cut = CLAUSE_END.search(value, 2)
        yield (value[: cut.start()] if cut else value).strip()
    counted = {one.group(1) for one in _CLASSIFIED.finditer(clause)}
    if len(counted) == 1 and not starts:
        yield counted.pop()
    for one in _SHOWN.finditer(clause):
        if one.group(1) and _unchanged(clause[: one.start()]):
            yield one.group(1)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _unchanged(before: str) -> bool:
    """True if no word before a number makes another of it: more than, half of, minus."""
    if _SIGN_BEFORE.search(before):
        return False
    said = words(_OVER_AT.sub(" at", _NO.sub("", before)))[-_WORDS_BEFORE:]
    return describes(" ".join(word for word in said if word not in _MAY_STAND_BEFORE))


def _years(clause: str, gold: str) -> Iterator[str]:
    found = {one.group() for one in _YEAR.finditer(clause)}
    if len(found) == 1:
        yield found.pop()


def _formulas(clause: str, gold: str) -> Iterator[str]:
    """The last formula, the list behind the verb, the relation at the end; of alternatives all of them."""
    several = _OR.search(FORMULA.sub(" ", clause)) is not None
    shown = _inside(_SHOWN, clause)
    if len(shown) == 1:
        yield shown[0]
    formulas = _inside(FORMULA, clause) if not several else []
    if formulas:
        yield formulas[-1].strip(" .,")
        if " in " in formulas[-1] or "\\in" in formulas[-1]:
            yield formulas[-1].rpartition("\\in")[2].strip(" .,")
    yield from _members(clause)
    if not several:
        yield from _relations(clause)
        yield from _side_by_side(_PAIRS.findall(clause), formulas)
        ended = _WRITTEN.search(clause)
        if ended and not LONG_WORD.search(ended.group()) and any(map(str.isdigit, ended.group())):
            yield ended.group()
    yield clause
    if "→" in clause:
        yield clause.rpartition(":")[2].replace("→", ",")


def _members(clause: str) -> Iterator[str]:
    """What stands behind a verb or a sign that gives it."""
    if "respectively" in clause:
        return
    starts = [one.end() for one in _MEMBER.finditer(clause)]
    if " are " in clause:
        yield clause.rpartition(" are ")[2]
    if starts:
        last = clause[starts[-1] :]
        yield last.removeprefix("either ")
        if len(set(_NAMED.findall(clause))) < _SEVERAL_NAMES:
            yield clause[starts[0] :].removeprefix("at ")
        yield _ASIDE.split(last, maxsplit=1)[0]
    if ", then" in clause:
        yield clause[starts[-1] if starts else 0 :].replace(", then", ",")


def respectively(clause: str) -> str:
    """The values that a clause ends in, with their names: b and a are 4 and 9, respectively, as b = 4, a = 9; else ""."""
    found = _RESPECTIVELY.search(clause.rstrip(". "))
    names, values = (_JOINED.split(found.group(part)) for part in ("names", "values")) if found else ((), ())
    return ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=False))


def _relations(clause: str) -> Iterator[str]:
    """What a clause ends in: a relation, a pair in brackets, an equation; and values that are given to names in words."""
    for pattern in (_RELATION, _BRACKETED, _EQUATION):
        found = pattern.search(clause)
        if found:
            yield found.group().strip()
    if len(_NAME_IS.findall(clause)) > 1:
        yield _NAME_IS.sub(r"\1 = ", clause)
    yield respectively(clause)
    named = dict(_VALUED.findall(clause))
    if list(map(str.lower, sorted(named))) in (["x", "y"], ["x", "y", "z"]):
        yield f"({', '.join(named[name] for name in sorted(named))})"
    point = _COORDINATES.search(clause)
    if point:
        yield f"({point.group('x')}, {point.group('y')})"


def _side_by_side(*found: list[str]) -> Iterator[str]:
    """Several pairs or formulas as one list: (2, 5) and (0, 1)."""
    for several in found:
        if len(several) > 1:
            yield ", ".join(_NAME.sub("", one.strip(" .,")) for one in several)


def _ratios(clause: str, gold: str) -> Iterator[str]:
    """As `_formulas`, and: for every 5 kg of sand we need 2 kg of cement."""
    every = _FOR_EVERY.search(clause)
    if every:
        yield f"{every.group('one')}:{every.group('other')}"
    yield from _formulas(clause, gold)


def _moments(clause: str, gold: str) -> Iterator[str]:
    """A time or a date at the end of the clause, or in bold."""
    yield from _inside(_SHOWN, clause)
    pieces = clause.split()
    for count in range(1, min(_MOST_WORDS, len(pieces))):
        yield " ".join(pieces[-count:])


_PARTS: dict[str, Callable[[str, str], Iterator[str]]] = {
    "text": _texts,
    "number": _numbers,
    "expression": _formulas,
    "relaxed": lambda clause, gold: iter((*_numbers(clause, gold), *_texts(clause, gold))),
    "float": _numbers,
    "year": _years,
    "ratio": _ratios,
    "time": _moments,
    "date": _moments,
}
_NUMERIC = frozenset(("number", "expression", "relaxed", "float"))
