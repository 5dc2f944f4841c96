r"""The number that a LaTeX expression stands for, as MATH-V's script gets it from latex2sympy2 1.9.1 and Python's `eval`.

Nothing is executed: a recursive-descent parser reads numbers, + - * /, ^, \frac, \sqrt, \binom, \pi, some functions, brackets
and implied products, with that grammar's habits. Braces are needed (\frac12 is unreadable), an implied product binds before a
division (6/2(3) is 1), 2^3^2 is 64, and what cannot continue an expression ends it (18\choose3 is 18, and "2 triangles" is 2,
for `tr` is a word of that grammar). Exact rationals stay exact to the end; as in Python, a quotient is a float even where it
is whole. Everything else, letters above all, is unreadable, just as a free symbol makes the script's `eval` fail; so is \ln,
which becomes a name that is not known there. A quotient means what is written, where sympy 1.14.0 prints
-\frac{2}{1.25} as -1*2/5/4. Relations of numbers, rounding brackets, gcd and lcm are not read, though the
script has them. Limits are counts, so a verdict never depends on a clock, and a tower of powers is refused where the script
would never return.
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
MAX_CHOSEN = 1000

_DIGITS = tuple("0123456789")
_WORDS = ("trace", "tr", "norm", "rank", "rref", "eye", "ones", "zeros", "cols", "rows", "diag", "hstack", "vstack")
_SIZED = re.compile(r"\\(?:left|right)(?=\s*(?:[()\[\]]|\\?[{}]))")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:\\%)?)|(?P<command>\\[a-zA-Z]+|\\.)"
    rf"|(?P<word>{'|'.join(_WORDS)})"
    r"|(?P<sign>[-+*/^_(){}\[\]!:.&'e]))",
    re.ASCII,
)
_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "\\lbrace": "\\rbrace"}
_TIMES = frozenset(("*", "\\times", "\\cdot"))
_OVER = frozenset(("/", ":", "\\div"))
_FRACTIONS = frozenset(("\\frac", "\\dfrac", "\\tfrac"))
_BINOMIALS = frozenset(("\\binom", "\\dbinom", "\\tbinom"))
_SKIPPED = frozenset(("\\,", "\\quad", "\\qquad", "\\displaystyle"))
_ENDS = frozenset(
    ("^", ".", "&", "'", "\\\\", "\\to", "\\rightarrow", "\\longrightarrow", "\\choose", *_CLOSING.values(), *_WORDS)
)
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "\\sin": math.sin,
    "\\cos": math.cos,
    "\\tan": math.tan,
    "\\arcsin": math.asin,
    "\\arccos": math.acos,
    "\\arctan": math.atan,
    "\\sinh": math.sinh,
    "\\cosh": math.cosh,
    "\\tanh": math.tanh,
    "\\log": math.log10,
    "\\exp": math.exp,
}
_INVERSES = {"\\sin": "\\arcsin", "\\cos": "\\arccos", "\\tan": "\\arctan"}


class NotEvaluatedError(ValueError):
    """The text is no arithmetic, or more of it than the limits allow."""


@lru_cache(maxsize=8192)
def evaluated(text: str) -> int | float | None:
    """The value of `text`, an int where Python computes one; None where it is unreadable or not a real number."""
    try:
        reader = _Reader(_pieces(text))
        value = reader.value()
        if isinstance(value, Fraction):
            return float(value) if reader.floats else value.numerator
    except (NotEvaluatedError, ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _pieces(text: str) -> list[str]:
    text = _SIZED.sub(" ", text.replace("$", " ").replace("~", " "))
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
    return piece[:1] in _DIGITS or (piece[:1] == "." and len(piece) > 1)


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
        self.floats = False  # True once something was read that Python computes as a float

    def value(self) -> Number:
        """The expression that the tokens start with."""
        value = self._sum()
        piece = self._peek()
        if piece is not None and piece not in _ENDS:
            raise NotEvaluatedError(f"stops at {piece!r}")
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

    def _product(self, functions: bool = True) -> Number:
        result = self._signed(functions)
        while (piece := self._peek()) in _TIMES or piece in _OVER:
            self._take()
            factor = self._signed(functions)
            self.floats |= piece in _OVER
            result = _bounded(result * factor if piece in _TIMES else result / factor)
        return result

    def _signed(self, functions: bool = True) -> Number:
        negative = False
        while self._peek() in ("+", "-"):
            negative ^= self._take() == "-"
        value = self._power()
        while self._starts_factor(functions):
            value = _bounded(value * self._power())
        return -value if negative else value

    def _starts_factor(self, functions: bool) -> bool:
        piece = self._peek()
        if piece is None:
            return False
        if piece in _FUNCTIONS or piece == "e":
            return functions
        named = piece in _FRACTIONS or piece in _BINOMIALS or piece in ("\\sqrt", "\\pi")
        return named or piece in _CLOSING or _is_number(piece)

    def _power(self) -> Number:
        value = self._natural_power() if self._peek() == "e" else self._atom()
        while (piece := self._peek()) in ("^", "_"):
            self._take()
            argument = self._argument()
            self.floats |= argument < 0
            value = _raised(value, argument) if piece == "^" else value
        while self._peek() == "!":
            self._take()
            value = _factorial(value)
        return value

    def _natural_power(self) -> Number:
        """The power of e after it: e alone is a name that is not known, and so is what e^1 comes out as."""
        self._take()
        if self._take() != "^":
            raise NotEvaluatedError("no number: 'e'")
        exponent = self._argument()
        if exponent == 1:
            raise NotEvaluatedError("no number: 'e'")
        return math.exp(exponent)

    def _argument(self) -> Number:
        """What follows a caret or an underscore: a number, \\pi, or a group in braces."""
        piece = self._peek()
        if piece is None or not (piece in ("{", "\\pi") or _is_number(piece)):
            raise NotEvaluatedError(f"no exponent: {piece!r}")
        return self._atom()

    def _braced(self) -> Number:
        """A group in braces."""
        if self._peek() != "{":
            raise NotEvaluatedError("no brace")
        return self._atom()

    def _atom(self) -> Number:
        piece = self._take()
        if _is_number(piece):
            percent = piece.endswith("\\%")
            value = Fraction(piece.removesuffix("\\%").replace(",", "")) / (100 if percent else 1)
            self.floats |= value.denominator > 1
            return value
        if piece in _CLOSING:
            return self._group(piece)
        if piece in _FRACTIONS or piece in _BINOMIALS:
            upper, lower = self._braced(), self._braced()
            self.floats |= piece in _FRACTIONS
            return _bounded(upper / lower) if piece in _FRACTIONS else _binomial(upper, lower)
        if piece == "\\sqrt":
            return self._root()
        if piece in _FUNCTIONS:
            return self._function(piece)
        if piece != "\\pi":
            raise NotEvaluatedError(f"no number: {piece!r}")
        return math.pi

    def _group(self, opening: str) -> Number:
        value = self._sum()
        if self._peek() == "\\choose":
            self._take()
            value = _binomial(value, self._sum())
        if self._take() != _CLOSING[opening]:
            raise NotEvaluatedError("brackets do not match")
        return value

    def _root(self) -> Number:
        self.floats = True
        if self._peek() != "[":
            return _square_root(self._braced())
        index = self._atom()
        if not index:
            raise NotEvaluatedError("a root without an index")
        return _raised(self._braced(), 1 / index)

    def _function(self, name: str) -> Number:
        """A function of what stands in brackets after it, else of the product up to a function that nothing joins to it."""
        base, power = None, None
        while (piece := self._peek()) in ("^", "_"):
            self._take()
            if piece == "_" and name == "\\log":
                base = self._argument()
            else:
                power = self._argument()
        if power == -1 and name in _INVERSES:
            name, power = _INVERSES[name], None
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotEvaluatedError("nested too deeply")
        argument = float(self._atom() if self._peek() == "(" else self._product(functions=False))
        self._depth -= 1
        value = math.log(argument, base) if base is not None else _FUNCTIONS[name](argument)
        return value if power is None else _raised(value, power)


def _binomial(upper: Number, lower: Number) -> Number:
    if (
        not isinstance(upper, Fraction)
        or not isinstance(lower, Fraction)
        or {upper.denominator, lower.denominator} != {1}
    ):
        raise NotEvaluatedError("a binomial coefficient")
    if not 0 <= lower <= upper <= MAX_CHOSEN:
        raise NotEvaluatedError("a binomial coefficient")
    return Fraction(math.comb(upper.numerator, lower.numerator))


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
