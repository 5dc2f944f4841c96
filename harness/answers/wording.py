"""Words around a number that change nothing: "the year 2019", "No. 3", "7 blue bars", "12 cm long", "a total of 3".

Words that turn a number into another (at least, hundred, squared, or, not) leave no number at all.
"""

from __future__ import annotations

from fractions import Fraction

from .lexer import Token, names, spell
from .units import Unit, read_unit

_MOST_BEFORE, _MOST_BEHIND = 6, 12  # words
_CHANGING = frozenset(
    names(
        "not no non none never nor neither without except least most more than less fewer over under above "
        "below between "
        "up within before after since minus negative plus almost nearly or either if unless when maybe perhaps "
        "possibly wrong incorrect "
        "false hundred thousand million billion trillion dozen hundreds thousands millions squared cubed "
        "factorial square root cube half third thirds quarter quarters fourth fourths fifth fifths sixth sixths "
        "eighth eighths "
        "tenth tenths hundredths halves log sin cos tan ln exp sqrt frac lambda import eval exec return print to "
        "until through by double twice triple power percent mod instead but is are was were isn aren be equals and am "
        "pm bc ad multiple multiples divisible divisor divides"
    )
)
_NO_CHANGE_BEHIND = frozenset(
    names(
        "more than less fewer to by above below over under before after since multiple multiples divisor square "
        "third quarter"
    )
)
_PRONOUNS = frozenset(names("we i you it they he she consider"))
"""Words behind a number with which a clause goes on that is about something else: in step 7 we add the values."""
_TOTALS = frozenset(names("一共 一共有 一共是 总共 总共有 总共是"))
_SAYS_NOTHING = frozenset(
    names(
        "left more less fewer times total here long tall high wide deep old away each exactly only altogether overall "
        "larger greater smaller bigger higher lower longer shorter taller older younger faster slower heavier "
        "lighter in "
        "st nd rd th x remaining combined approximately about per now then together further apart thick higher "
        "ago later "
        "earlier difference altogether respectively average rounded back too"
    )
)
_PREPOSITIONS = frozenset(names("of in on at for per than from with that which who left each among to by below above"))
_WITHIN = frozenset(names("total all sum the this that these each every a an one its their her his"))
"""Words before which "in" is no inch."""
_CHINESE_CHANGES = frozenset("不非无没或至大小超以负约每半零一二三四五六七八九十百千万亿分")
_CURRENCIES = frozenset(names("USD US EUR GBP RMB CNY JPY INR Rs AUD CAD NZD SGD HKD CHF KRW"))


_TIMES = ("upright", "x")
_O_CLOCK = ["o", "'", "clock"]
_CLOCK_LENGTH = 1 + len(_O_CLOCK)
_ENDINGS = frozenset(("st", "nd", "rd", "th"))


def without_ending(tokens: list[Token], variables: bool) -> list[Token]:
    """3rd as 3, 8 o'clock as 8, and 3.9 with a sign "times" behind it, or an upright x that is no variable, as 3.9."""
    if len(tokens) == _CLOCK_LENGTH and tokens[0][0] == "num" and [token[1] for token in tokens[1:]] == _O_CLOCK:
        return tokens[:1]
    if len(tokens) != 2 or tokens[0][0] != "num":
        return tokens
    ordinal = tokens[1][1] in _ENDINGS and not tokens[1][2]
    times = tokens[1][:2] == ("op", "*") or (tokens[1][:2] == _TIMES and not variables)
    return tokens[:1] if ordinal or times else tokens


def described(tokens: list[Token]) -> tuple[list[Token], Unit | None] | None:
    """The tokens of the value among words, and the unit that the words behind it name; None for other texts."""
    tokens = [*map(_per, tokens, [*tokens[1:], ("end", "", False)])]
    start = _words_before(tokens)
    if start is None:
        return None
    end = _words_behind(tokens, start)
    if end is None or (start, end) == (0, len(tokens)):
        return None
    unit = None
    if end < len(tokens):
        unit = _unit(tokens[end:])
    elif start and tokens[0][1] in _CURRENCIES:
        unit = read_unit(tokens[0][1])
    return tokens[start:end], unit


def _per(token: Token, after: Token) -> Token:
    """The stroke before a unit as a word: $8/hour."""
    unit = token[1] == "/" and len(after[1]) > 1 and after[0] in ("word", "upright") and read_unit(after[1])
    return ("word", "per", True) if unit else token


def describes(words: str) -> bool:
    """True if none of the words behind a number changes it."""
    return _CHANGING.isdisjoint(words.lower().split())


def _plain(token: Token) -> bool:
    word = token[1].lower()
    changes = word in _CHANGING or (word not in _TOTALS and not _CHINESE_CHANGES.isdisjoint(word))
    return token[0] in ("word", "upright") and not changes


def _words_before(tokens: list[Token]) -> int | None:
    """How many tokens are words before the number; None where they change it or there is no number."""
    at = 0
    while at < len(tokens) and at <= _MOST_BEFORE:
        kind, value, _ = tokens[at]
        after = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if kind == "op" and value in ("#", ":") and at < 2:
            at += 1
        elif (
            kind in ("word", "upright")
            and value.lower() in ("no", "nos", "rs")
            and after == "."
            and at + 2 < len(tokens)
        ):
            at += 2
        elif _plain(tokens[at]) and (len(value) > 1 or value in "aA" or not value.isascii()):
            at += 1
        else:
            break
    if at and (
        at == len(tokens) or not (tokens[at][0] == "num" or tokens[at][1] in ("-", "$", "frac", "sqrt", "£", "€", "¥"))
    ):
        return None
    return at


def _words_behind(tokens: list[Token], start: int) -> int | None:
    """Where the words behind the number begin; None where they change it."""
    end = len(tokens)
    while end > start and _behind(tokens[end - 1]):
        end -= 1
    while end < len(tokens) and (tokens[end][1] in ("-", "(", ",", ".", "'", "/", ")") or tokens[end][0] == "num"):
        if tokens[end][1] in (")", "/") or tokens[end][0] == "num":
            return None
        end += 1
    behind = tokens[end:]
    if (
        len(behind) > _MOST_BEHIND
        or end == start
        or (behind and not any(token[0] == "num" for token in tokens[start:end]))
    ):
        return None
    first = behind[0] if behind else None
    letter = first is not None and len(first[1]) == 1 and first[1].isascii() and first[:2] != _TIMES
    if first is not None and letter and read_unit(first[1]) is None:
        return None
    return end


def _behind(token: Token) -> bool:
    if token[0] == "op":
        return token[1] in ("-", "(", ")", ",", ".", "'")
    if token[0] not in ("word", "upright"):
        return False
    word = token[1].lower()
    if word in _PRONOUNS or not _CHINESE_CHANGES.isdisjoint(word):
        return False
    return word not in _CHANGING or word in _NO_CHANGE_BEHIND


def _unit(words: list[Token]) -> Unit | None:
    """The unit that the words begin with, or the things that are counted; None where they say nothing."""
    kept = [token for token in words if token[0] in ("word", "upright")]
    said = [token[1].lower() for token in kept]
    within = (at for at in range(len(said) - 1) if said[at] == "in" and said[at + 1] in _WITHIN)
    kept = kept[: next(within, len(kept))]
    for count in range(min(4, len(kept)), 0, -1):
        unit = read_unit(spell(kept[:count]))
        if unit is not None and all(len(token[1]) > 1 or not token[1].isascii() for token in kept[count:]):
            return None if unit.plain else unit
    noun: list[str] = []
    for _, value, _ in kept:
        if value.lower() in _PREPOSITIONS:
            break
        noun.append(value.lower())
    noun = [word for word in noun if word not in _SAYS_NOTHING]
    return Unit(((noun[-1].removesuffix("s"), 1),), Fraction(1)) if noun else None
