r"""The number that a LaTeX expression stands for, as MATH-V's script gets it from latex2sympy and Python's `eval`.

Nothing is executed: a recursive-descent parser reads numbers, + - * /, ^, \frac, \sqrt, \pi, a few functions, brackets and
implied products. Exact rationals stay exact as long as they can. Everything else, letters above all, is unreadable,
just as a free symbol makes the script's `eval` fail. Limits are counts, so a verdict never depends on a clock, and a tower
of powers is refused where the script would never return.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

Number: TypeAlias = Fraction | float

MAX_TEXT = 300
MAX_DEPTH = 24
MAX_BITS = 4096

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)|(?P<command>\\[a-zA-Z]+|\\.)|(?P<sign>[-+*/^_(){}\[\]|!:]))"
)
_OPENING = {"(": ")", "[": "]", "{": "}", "|": "|"}
_TIMES = frozenset(("*", "\\times", "\\cdot"))
_OVER = frozenset(("/", ":", "\\div"))
_FRACTIONS = frozenset(("\\frac", "\\dfrac", "\\tfrac"))
_SKIPPED = frozenset(("\\,", "\\;", "\\!", "\\:", "\\ ", "\\quad", "\\displaystyle"))
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "\\sin": math.sin,
    "\\cos": math.cos,
    "\\tan": math.tan,
    "\\arcsin": math.asin,
    "\\arccos": math.acos,
    "\\arctan": math.atan,
    "\\ln": math.log,
    "\\log": math.log10,
    "\\exp": math.exp,
}


class NotEvaluatedError(ValueError):
    """The text is no arithmetic, or more of it than the limits allow."""


@lru_cache(maxsize=8192)
def evaluated(text: str) -> int | float | None:
    """The value of `text`, an int where it is whole and exact; None where it is unreadable or not a real number."""
    try:
        value = _Reader(_pieces(text)).value()
    except (NotEvaluatedError, ArithmeticError, ValueError):
        return None
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    return value if math.isfinite(value) else None


def _pieces(text: str) -> list[str]:
    text = text.replace("$", " ")
    if len(text) > MAX_TEXT:
        raise NotEvaluatedError("too long")
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            tokens.append(text[at:].lstrip()[:1])
            break
        piece = match[0].strip()
        if piece not in _SKIPPED:
            tokens.append(piece)
        at = match.end()
    return tokens


def _is_number(piece: str) -> bool:
    return piece[:1].isdigit() or (piece[:1] == "." and len(piece) > 1)


def _bounded(value: Number) -> Number:
    if isinstance(value, Fraction) and max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise NotEvaluatedError("too many digits")
    return value


class _Reader:
    """One pass over the tokens; each method reads one level of precedence."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0

    def value(self) -> Number:
        """The expression that the tokens start with: a stop or a stray closing bracket ends it, as in latex2sympy."""
        value = self._sum()
        if self._peek() not in (None, ".", *_OPENING.values()):
            raise NotEvaluatedError(f"stops at {self._peek()!r}")
        return value

    def _peek(self) -> str | None:
        return self._pieces[self._at] if self._at < len(self._pieces) else None

    def _take(self) -> str:
        piece = self._peek()
        if piece is None:
            raise NotEvaluatedError("incomplete")
        self._at += 1
        return piece

    def _sum(self) -> Number:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotEvaluatedError("nested too deeply")
        total = self._product()
        while self._peek() in ("+", "-"):
            sign = self._take()
            term = self._product()
            total = _bounded(total + term if sign == "+" else total - term)
        self._depth -= 1
        return total

    def _product(self) -> Number:
        result = self._signed()
        while (piece := self._peek()) is not None:
            if piece in _TIMES:
                self._take()
                result = _bounded(result * self._signed())
            elif piece in _OVER:
                self._take()
                result = _bounded(result / self._signed())
            elif self._starts_factor(piece):
                result = _bounded(result * self._power())
            else:
                break
        return result

    @staticmethod
    def _starts_factor(piece: str) -> bool:
        is_function = piece in _FRACTIONS or piece in _FUNCTIONS or piece in ("\\sqrt", "\\pi")
        return is_function or piece in ("(", "[", "{") or _is_number(piece)

    def _signed(self) -> Number:
        negative = False
        while self._peek() in ("+", "-"):
            negative ^= self._take() == "-"
        value = self._power()
        return -value if negative else value

    def _power(self) -> Number:
        base = self._atom()
        while self._peek() == "!":
            self._take()
            base = _factorial(base)
        if self._peek() == "^":
            self._take()
            return _raised(base, self._argument())
        return base

    def _argument(self) -> Number:
        """What follows a caret or a command: a group, or one digit."""
        piece = self._peek()
        if piece is not None and piece.isdigit() and len(piece) > 1:
            self._pieces[self._at] = piece[1:]
            return Fraction(int(piece[0]))
        return self._signed() if piece == "-" else self._atom()

    def _atom(self) -> Number:
        piece = self._take()
        if _is_number(piece):
            plain = piece.replace(",", "")
            return float(plain) if "." in plain else Fraction(int(plain))
        if piece in _OPENING:
            value = self._sum()
            if self._take() != _OPENING[piece]:
                raise NotEvaluatedError("brackets do not match")
            return _magnitude(value) if piece == "|" else value
        if piece in _FRACTIONS:
            upper = self._argument()
            return _bounded(upper / self._argument())
        if piece == "\\sqrt":
            return self._root()
        if piece == "\\pi":
            return math.pi
        if piece in _FUNCTIONS:
            return _FUNCTIONS[piece](float(self._power()))
        raise NotEvaluatedError(f"no number: {piece!r}")

    def _root(self) -> Number:
        if self._peek() != "[":
            return _square_root(self._argument())
        self._take()
        index = self._sum()
        if self._take() != "]" or not index:
            raise NotEvaluatedError("a root without an index")
        return _raised(self._argument(), 1 / index)


def _magnitude(value: Number) -> Number:
    return -value if value < 0 else value


def _square_root(value: Number) -> Number:
    if value < 0:
        raise NotEvaluatedError("not a real number")
    if isinstance(value, Fraction):
        upper, lower = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if Fraction(upper * upper, lower * lower) == value:
            return Fraction(upper, lower)
    return math.sqrt(value)


def _raised(base: Number, exponent: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(exponent) * size > MAX_BITS:
            raise NotEvaluatedError("a large power")
        return Fraction(base**exponent.numerator)
    return math.pow(base, exponent)


def _factorial(value: Number) -> Number:
    if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= 300:
        raise NotEvaluatedError("a factorial")
    return Fraction(math.factorial(value.numerator))
