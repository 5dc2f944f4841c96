"""What a sentence says to a reader who knows the options or the gold: "So you are less likely to pick blue."

The rules that read an answer without that knowledge come first; these read the closing sentence where they found nothing.
An option is stated where it is the only one that the main clause names; a text where it is the clause's subject or its end,
or stands out in bold or quotation marks; a number where it is the clause's only one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from .lexer import names
from .statements.clause import is_denied, main_clauses
from .statements.sentence import CLAUSE_END, FIRM, NUMBER
from .text import fold
from .wording import describes

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TEX = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\b|[${}*_`\"“”]|\\[()\[\],;! ]")
_WORD = re.compile(r"[^\W_]+(?:['’][a-z]+)?|[^\w\s]")
_CONTRACTIONS = (("can't", "cannot"), ("can’t", "cannot"), ("can not", "cannot"))
_VERDICTS = frozenset(("yes", "no", "true", "false"))
_VERDICT = re.compile(
    r"[\s*_`>]{0,8}(yes|no|true|false)\b[*_`]{0,3}(?=[\s,.;:!—–-]|\Z)(?!,?\s(?:and|or|if|is)\b)", re.IGNORECASE
)
_STATEMENT_VERDICT = re.compile(
    r"[\s*_]{0,8}(?:(?:so|thus|hence|therefore|overall|in conclusion),?\s)?(?:the|this|that)\s(?:given\s)?"
    r"(?:statement|claim|assertion)\b[^\n]{0,300}?\b(?:is|are)\s[*_\"]{0,3}(yes|no|true|false)\b"
    r"|[^\n]{0,300}[,;]\s(?:and|so|thus|hence|therefore),?\s[*_]{0,3}(yes|no)[*_]{0,3}[,.]"
    r"|(?:[^\n]{0,200}\s)?(?:this|it|which) is\s[*_]{0,3}(true|false)[*_.]{0,4}\Z",
    re.IGNORECASE,
)
_NO_DENIAL = re.compile(r"\"[^\"]*\"|\bno\b", re.IGNORECASE)
_NUMBER = re.compile(NUMBER)
_MAY_STAND_BEFORE = frozenset(names("by with to from up through is are was were"))
_FEW_WORDS = 2
_WORDS_OF_A_LINE = 4  # that is only an answer
_TEXED = re.compile(r"[\\^]|\w\s?/\s?[a-z]")
_LINE_DRESSING = " \t\n*_`>$."
_WORDS_BEFORE = 3  # that may change a number
_SUPPOSES = re.compile(r"[\s*_]{0,8}(?:if|suppose|assuming|had|were|unless)\b|如果|假设", re.IGNORECASE)
_EQUALS = re.compile(r"[=≈]|\\approx")
_SO = re.compile(r"[,;]\s(?:so|thus|hence|therefore)\b|所以|因此")
_YEARS = re.compile(
    r"\b(?:in|of|by|since|for|from|between|during|year|to|and|until)\s(?:the\s)?(?:year\s)?(?:1[5-9]|20)\d\d\b(?!\s?[%°])"
)
_YEAR = re.compile(r"(?<![\d.,$])(?:1[5-9]|20)\d\d(?![\d,.]*\d)")
_LONE_LETTER = re.compile(r"(?<![\w'’\\$])[(\[*\"“']{0,4}([A-Z])[)\]*\"”']{0,4}(?![\w'’])")
_TOGETHER = re.compile(r"\b(?:[Oo]ptions|[Cc]hoices|[Aa]nswers)\s[A-Z](?:,\s[A-Z])*,?\sand\s[A-Z]\Z")
_LEADING = re.compile(r"[\s*_]{0,8}\(?([A-Z])(?:\)|[.:]|\s-)\s")
_THAN = re.compile(r"(?<=\w)\s(?:than|compared (?:to|with))\s")
_SEVERAL_WORDS = re.compile(r"\S\s+\S+\s+\S|[\u4e00-\u9fff]{3}")
_LONG_WORD = re.compile(r"[a-z]{3}")
_LEAST_LETTERED = 3  # options that are only their letters
_NONE = "none"
_FOREIGN = re.compile(r"[^\x00-\x7f]{1,40}")
_CLASSIFIED = re.compile(
    r"(?<![第一二三四五六七八九十百千万两])([一二三四五六七八九十百千两]{1,6})"
    r"(?=[个条只种块张名人次根颗辆本支位座道件头棵朵对组元岁倍])"
)
_ARTICLE = re.compile(r"A\s[a-z]")
_MARK = re.compile(r"(?<![\w\\])[(\[]([A-Z])[)\]]|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s\(?([A-Z])\)?(?![\w'’])")
_SEVERAL = re.compile(r"\b(?:or|except|excluding|other than|respectively|both|either|neither)\b", re.IGNORECASE)
_SHOWN = re.compile(r"\*\*([^*\n]{1,80})\*\*|[\"“]([^\"”\n]{1,80})[\"”]|(?<!\w)'([^'\n]{2,80})'(?!\w)")
_BEFORE_END = frozenset(
    names("is are was were be by in to on at as named called ranked reads shows equals becomes means chose : =")
)
_SKIPPED = frozenset(names("the a an about exactly only approximately now therefore thus both also"))
_AFTER_START = frozenset(
    names(
        "is are was were has have had shows showed does did would will can reaches reached belongs wins won leads led ranks "
        "ranked weighs fits matches completes comes came gets got receives received represents"
    )
)
FORMULA = re.compile(r"\$\$(.{1,300}?)\$\$|\\\[(.{1,300}?)\\\]|\$([^$]{1,300})\$|\\\((.{1,300}?)\\\)", re.DOTALL)
_SEQUENCE = re.compile(rf"{NUMBER}[^\n]*|[(\[{{\\][^\n]*")
_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]{1,60}[)\]}]\Z")
_MEMBER = re.compile(r"(?:\bis|\bare|=|\bin(?:\sthe\sratio)?|∈|:)\s+(?=\S)")
_RELATION = re.compile(
    r"[^\s≤≥<>≠]{1,40}\s?(?:[≤≥<>≠]|\\(?:le|ge|leq|geq|lt|gt)\b)\s?\S{1,60}(?:\s?(?:[≤≥<>])\s?\S{1,40})?\Z"
)


def is_sentence(text: str) -> bool:
    """True for a text of several words, and for a formula alone."""
    return bool(_SEVERAL_WORDS.search(text) or FORMULA.fullmatch(text.strip()))


def words(text: str) -> list[str]:
    """A text as lower-case words, numbers and signs, without dressing."""
    plain = _TEX.sub(" ", fold(text)).lower()
    for written, meant in _CONTRACTIONS:
        plain = plain.replace(written, meant)
    return _WORD.findall(plain)


def option_said(sentence: str, options: Sequence[str]) -> str:
    """The only option that the sentence asserts, as its letter or its mark with what follows; "" where there is none."""
    for clause in main_clauses(sentence):
        together = _TOGETHER.search(clause)
        if together is not None and not is_denied(clause[: together.start()]):
            return together.group()
        found = _by_mark(clause, len(options)) or _by_words(clause, options) or _by_letter(clause, options)
        if found is not None:
            leading = _LEADING.match(sentence)
            other = leading is not None and len(found) == 1 and leading.group(1) != found
            return "" if found == _NONE or other else found
    return ""


def verdict(text: str, options: Sequence[str]) -> str:
    """The letter of the option yes, no, true or false that a text begins with or calls a statement; else ""."""
    keys = [" ".join(words(option)) for option in options]
    if _VERDICTS.isdisjoint(keys) or (
        is_denied(_NO_DENIAL.sub("", text.partition(".")[0])) and not _VERDICT.match(text)
    ):
        return ""
    found = _VERDICT.match(text) or _STATEMENT_VERDICT.match(text)
    said = next(filter(None, found.groups())).lower() if found else ""
    return _LETTERS[keys.index(said)] if said in keys else ""


def _by_mark(clause: str, count: int) -> str | None:
    """Located in the (B) Lower half: the only letter in brackets, or behind "option"."""
    marks = [found for found in _MARK.finditer(clause) if (found.group(1) or found.group(2)) in _LETTERS[:count]]
    if not marks:
        return None
    if len({found.group(1) or found.group(2) for found in marks}) > 1 or is_denied(clause[: marks[0].start()]):
        return _NONE
    return clause[marks[-1].start() :]


def _by_words(clause: str, options: Sequence[str]) -> str | None:
    """The only option whose words the clause holds; more than one is no statement, nor is a denied one."""
    clause = _THAN.split(clause, maxsplit=1)[0]
    said, texts = words(clause), dict(zip(_LETTERS, options, strict=False))
    spans = [(*place, letter) for letter, option in texts.items() for place in _places(words(option), said)]
    spans += [
        (0, 0, letter) for letter, option in texts.items() if _FOREIGN.fullmatch(option.strip()) and option in clause
    ]
    spans = [one for one in spans if not any(_within(one, other, texts) for other in spans)]
    letters = {letter for _, _, letter in spans}
    if not letters:
        return None
    start, end, _ = max(spans)
    around = [*said[:start], ";", *said[end:]]
    if len(letters) > 1 or is_denied(" ".join(around)):
        return _NONE
    numbers = any(word[0].isdigit() for word in said[start:end])
    return _NONE if numbers and any(word[0].isdigit() for word in around) else letters.pop()


def _within(one: tuple[int, int, str], other: tuple[int, int, str], texts: Mapping[str, str]) -> bool:
    """True if one option is named only as a part of another."""
    if one[2] == other[2]:
        return False
    if one[:2] == other[:2] == (0, 0):
        return texts[one[2]] in texts[other[2]]
    return other[0] <= one[0] and one[1] <= other[1] and one[:2] != other[:2]


def _places(option: list[str], said: list[str]) -> Iterator[tuple[int, int]]:
    """Where an option's words stand; those that are only a letter, a number or a verdict stand nowhere by themselves."""
    option = [word for word in option if word not in (".", ",", "-")] or option
    named = any(len(word) > 1 and not word.isdigit() for word in option)
    if not named or (len(option) == 1 and option[0] in _VERDICTS):
        return
    size = len(option)
    for start in range(len(said)):
        end, at = start, 0
        while end < len(said) and at < size:
            if _alike(option[at], said[end]):
                at += 1
            elif said[end] not in (",", "-") or not at:
                break
            end += 1
        if at == size:
            yield start, end


def _alike(one: str, other: str) -> bool:
    """True for the same word, in the singular or the plural."""
    return one == other or (
        len(one) > 3 and len(other) > 3 and (other in (one + "s", one + "es") or one in (other + "s", other + "es"))
    )


def _by_letter(clause: str, options: Sequence[str]) -> str | None:
    """So container A fills up first: the only letter that is named, where the options are pictures or letters."""
    own = [letter for option, letter in zip(options, _LETTERS, strict=False) if option.strip() in ("", letter)]
    found = [one for one in _LONE_LETTER.finditer(clause) if one.start(1) or not _ARTICLE.match(clause)]
    letters = {one.group(1) for one in found}
    if len(own) < _LEAST_LETTERED or not letters or not _LONG_WORD.search(clause):
        return None
    denied = is_denied(clause[: found[-1].start()]) or is_denied(clause[found[-1].end() :]) or _SEVERAL.search(clause)
    return letters.pop() if len(letters) == 1 and letters <= set(own) and not denied else _NONE


def formula_said(sentence: str) -> list[str]:
    """The formula of a sentence that is one, or that a conclusion ends in: "Hence $x > -2$."; none of those with more."""
    for clause in main_clauses(sentence):
        found = [next(filter(None, one.groups())) for one in FORMULA.finditer(clause)]
        if len(found) == 1 and len(words(FORMULA.sub(" ", clause))) <= _FEW_WORDS:
            return [found[0].strip(" .,")]
    return []


def numbers_said(sentence: str, alone: bool) -> list[str]:
    """The numbers that a sentence may state: the only one of its clause; see `states` for `alone`."""
    return [one for clause in _numeric_clauses(sentence, alone) for one in _numbers(clause, "")]


def _numeric_clauses(sentence: str, alone: bool) -> list[str]:
    """The clauses in which a number is stated: not in a supposition, nor in a sentence that concludes nothing."""
    concludes = alone or FIRM.match(sentence) or _SO.search(sentence) or FORMULA.fullmatch(sentence.strip())
    clauses = main_clauses(sentence) if concludes and not _SUPPOSES.match(sentence) else []
    return [clause for clause in clauses if not is_denied(clause)]


def states(sentence: str, gold: str, same: Callable[[str], bool], kind: str, alone: bool) -> str | None:
    """The part of the sentence that states the gold, of those that may state an answer of that kind; None if none does.

    `same` tells whether a text is the gold, `alone` that the sentence is the whole response: in a longer one a number counts
    only in a sentence that concludes ("so", "therefore").
    """
    whole = sentence.strip(_LINE_DRESSING)
    valued = (kind not in _NUMERIC or _TEXED.search(whole)) and not whole.endswith(("?", "？"))
    short = len(whole.split()) <= max(_WORDS_OF_A_LINE, len(gold.split()))
    if not alone and valued and short and same(whole):
        return whole
    if " ".join(words(gold)) in _VERDICTS:
        return gold if verdict(sentence, (gold,)) else None
    if not is_sentence(sentence):
        return None
    for clause in _numeric_clauses(sentence, alone or kind not in _NUMERIC):
        for part in dict.fromkeys(_PARTS.get(kind, _formulas)(clause, gold)):
            if part and len(part) < len(sentence) and same(part):
                return part
    return None


def _texts(clause: str, gold: str) -> Iterator[str]:
    """The clause, what stands out in it, and the gold where it is the subject or the end of it."""
    yield clause
    shown = [next(filter(None, one.groups())) for one in _SHOWN.finditer(clause)]
    if shown:
        yield from shown[: len(shown) == 1]
        return
    said, wanted = words(clause), words(gold)
    if not wanted or len(said) <= len(wanted) or _SEVERAL.search(clause):
        return
    at = before = len(said) - len(wanted)
    while before > 1 and said[before - 1] in _SKIPPED:
        before -= 1
    ends = said[at:] == wanted and said[before - 1] in _BEFORE_END
    start = 1 if said[0] in ("the", "a", "an") and wanted[0] not in ("the", "a", "an") else 0
    after = start + len(wanted)
    begins = said[start:after] == wanted and after < len(said) and said[after] in _AFTER_START
    if ends or begins:
        yield gold


def _numbers(clause: str, gold: str) -> Iterator[str]:
    """The clause's only number, with what is counted; years beside it do not count, unless the gold is one."""
    if _YEAR.fullmatch(gold):
        yield from _years(clause, gold)
    plain = _YEARS.sub(lambda found: " " * len(found.group()), clause)
    starts = [one.end() - len(one.group().lstrip()) for one in _NUMBER.finditer(plain)]
    starts = [at for at in starts if not at or not (plain[at - 1].isascii() and plain[at - 1].isalnum())]
    *before, last = _EQUALS.split(clause)
    if before and (len(before) > 1 or _LONG_WORD.search(clause)):
        yield from (before[-1], last) if "≈" in clause else (last,)
    if len(starts) == 1 and _unchanged(plain[: starts[0]]):
        value = plain[starts[0] :]
        cut = CLAUSE_END.search(value, 2)
        yield (value[: cut.start()] if cut else value).strip()
    counted = {one.group(1) for one in _CLASSIFIED.finditer(clause)}
    if len(counted) == 1 and not starts:
        yield counted.pop()
    for one in _SHOWN.finditer(clause):
        if one.group(1):
            yield one.group(1)


def _unchanged(before: str) -> bool:
    """True if no word before a number makes another of it: more than, half of, minus."""
    return describes(" ".join(word for word in words(before)[-_WORDS_BEFORE:] if word not in _MAY_STAND_BEFORE))


def _years(clause: str, gold: str) -> Iterator[str]:
    found = {one.group() for one in _YEAR.finditer(clause)}
    if len(found) == 1:
        yield found.pop()


def _formulas(clause: str, gold: str) -> Iterator[str]:
    """The last formula, the list behind the verb, the relation at the end."""
    formulas = [next(filter(None, one.groups())) for one in FORMULA.finditer(clause)]
    if formulas:
        yield formulas[-1].strip(" .,")
        if " in " in formulas[-1] or "\\in" in formulas[-1]:
            yield formulas[-1].rpartition("\\in")[2].strip(" .,")
    starts = [one.end() for one in _MEMBER.finditer(clause)]
    if starts:
        yield clause[starts[-1] :]
        yield clause[starts[0] :]
    relation = _RELATION.search(clause)
    if relation:
        yield relation.group()
    bracketed = _BRACKETED.search(clause)
    if bracketed:
        yield bracketed.group()
    yield clause
    if ", then" in clause:
        yield clause[starts[-1] if starts else 0 :].replace(", then", ",")
    if "→" in clause:
        yield clause.rpartition(":")[2].replace("→", ",")


def _moments(clause: str, gold: str) -> Iterator[str]:
    """A time or a date at the end of the clause, or in bold."""
    for one in _SHOWN.finditer(clause):
        yield next(filter(None, one.groups()))
    pieces = clause.split()
    for count in range(1, min(6, len(pieces))):
        yield " ".join(pieces[-count:])


_PARTS: dict[str, Callable[[str, str], Iterator[str]]] = {
    "text": _texts,
    "number": _numbers,
    "expression": _formulas,
    "relaxed": lambda clause, gold: iter((*_numbers(clause, gold), *_texts(clause, gold))),
    "float": _numbers,
    "year": _years,
    "time": _moments,
    "date": _moments,
}
_NUMERIC = frozenset(("number", "expression", "relaxed", "float"))
