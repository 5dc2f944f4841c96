"""The vocabulary of answer matching: verdicts and the types a gold answer can have.

Limits on the work that one answer may cause.

They are counts, never clocks: a clock gives another verdict on a busy machine. What goes over a limit is not evaluated;
it is then compared by its structure or its text alone.

Bounded memos of pure functions, all of which can be emptied at once (to measure what a first call costs).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, ParamSpec, TypeVar, cast

GRADER_VERSION = "2.5"

GOLD_TYPES = (
    "number",
    "expression",
    "choice",
    "multichoice",
    "text",
    "list",
    "set",
    "tuple",
    "interval",
    "inequality",
    "equation",
    "assignment",
    "matrix",
    "ratio",
    "time",
    "date",
    "year",
    "relaxed",
    "float",
)

_PARAMETER = re.compile(
    r"(?:relaxed:([0-9]{1,3}(?:\.[0-9]{1,12})?)|float:abs=([0-9]{1,3}(?:\.[0-9]{1,12})?)|float:round=([0-9]{1,2}))\Z"
)


class Extraction(NamedTuple):
    """The stated final answer of a response: `answer` is None when there is none or it is a hedge.

    `sentences` are those in which the response may state it to a reader who knows the options or the gold: its closing one,
    and its first where that begins with yes or no. A vote, which knows neither, goes by `answer` alone. `line` is what the
    last line has of a letter and a text behind it: an option may say "It cannot be determined". `body` is the text whose
    first sentence may state it, where all behind that only explains it. `rest` is what follows the answer in its line: an
    option's text may go on there.
    """

    answer: str | None
    rule: str
    reason: str
    sentences: tuple[str, ...] = ()
    line: str = ""
    body: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict: what was extracted, which rule decided, and why, under one version of the grader.

    `correct` is None where a protocol leaves the answer to a language model; the matcher of this package always decides. It
    is true, as in `if grade(...)`, where the answer is right.
    """

    correct: bool | None
    extracted: str | None
    rule: str
    reason: str
    version: str = GRADER_VERSION

    def __bool__(self) -> bool:
        return self.correct is True


@dataclass(frozen=True, slots=True)
class GoldType:
    """A parsed gold type: `name` as in GOLD_TYPES, with the tolerance that its parameter states."""

    name: str
    relative: Fraction | None = None
    absolute: Fraction | None = None
    places: int | None = None


@lru_cache(maxsize=256)
def parse_gold_type(gold_type: str) -> GoldType:
    """Read a gold type such as `number`, `relaxed:0.05`, `float:abs=0.001` or `float:round=2`.

    Raises ValueError with one line that lists what is allowed.
    """
    if gold_type in GOLD_TYPES and gold_type not in ("relaxed", "float"):
        return GoldType(gold_type)
    found = _PARAMETER.match(gold_type)
    if found is None:
        allowed = ", ".join(name for name in GOLD_TYPES if name not in ("relaxed", "float"))
        raise ValueError(
            f"unknown gold type {gold_type!r}: use one of {allowed}, relaxed:0.05, float:abs=0.001, float:round=2"
        )
    relative, absolute, places = found.groups()
    if relative is not None:
        return GoldType("relaxed", relative=Fraction(relative))
    if absolute is not None:
        return GoldType("float", absolute=Fraction(absolute))
    return GoldType("float", places=int(places))


def check_gold_type(gold_type: str) -> None:
    """Raise ValueError, naming the allowed types, when `gold_type` is not one of them."""
    parse_gold_type(gold_type)


MAX_ANSWER = 20_000  # characters of an extracted answer; longer ones are read as text by their digest
MAX_BARE = 200  # characters of a response that is itself the answer
MAX_STATEMENT = 400  # characters after "the answer is"
MAX_PROSE = 12_000  # characters at the end of a response in which statements in words are looked for
MAX_BOXES = 64  # boxes joined by "or" that are combined into one answer
MAX_TOKENS = 1_200
MAX_DEPTH = 32
MAX_DIGITS = 10_000  # of one number literal
MAX_BITS = 1 << 16  # of one exact numerator or denominator
MAX_FACTORIAL = 5_000
MAX_EXPONENT = 1_000_000  # of a numeric (inexact) power
MAX_ITEMS = 200  # of a list or a set, entries of a matrix, options of a question
MAX_VARIABLES = 12
MEMO_SIZE = 8_192
MEMO_LENGTH = 400  # of longer texts only the last few are memoised, so that the memo's memory is bounded
LONG_MEMO_SIZE = 8

PRECISION = 70  # decimal digits of inexact evaluation
KEY_DIGITS = 45  # decimal digits of a fingerprint


class UnreadableError(ValueError):
    """A text is not of the form that was tried; the caller tries the next form."""


class TooMuchWorkError(UnreadableError):
    """Evaluation would go over a limit; the structure itself becomes the key."""


_P = ParamSpec("_P")
_T = TypeVar("_T")
_EMPTY: list[Callable[[], None]] = []


def memo(function: Callable[_P, _T], size: int = MEMO_SIZE) -> Callable[_P, _T]:
    """`function` with its last `size` results remembered. Callers bound the length of the arguments."""
    remembered = lru_cache(maxsize=size)(function)
    _EMPTY.append(remembered.cache_clear)
    return cast("Callable[_P, _T]", remembered)


def forget() -> None:
    """Empty every memo."""
    for empty in _EMPTY:
        empty()
