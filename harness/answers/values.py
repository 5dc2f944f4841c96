"""The value of an expression as a canonical, hashable key: equal keys are equal values.

Rational numbers are exact. Other constants are fingerprints of 45 digits, and expressions in variables are fingerprints at
fixed points: all variables in (0, 1), all in (1, 3), and one at a time negative, so that |x| and x differ. What may not be
evaluated (a tower of powers) is its own tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from .evaluate import approximate, exact, variables
from .expression import Node
from .limits import KEY_DIGITS, MAX_VARIABLES, TooMuchWorkError, UnreadableError
from .memo import memo
from .numeric import CONTEXT, Number, parts

_UNITY = 10**55  # scale at which a decimal is searched for a small denominator
_MAX_DENOMINATOR = 10**9


@dataclass(frozen=True, slots=True)
class Value:
    """`key` decides equality; `real` is the value as an exact or 70-digit rational, None unless real and finite."""

    key: Hashable
    real: Fraction | None = None

    @property
    def rational(self) -> bool:
        """True for an exactly known rational number."""
        return isinstance(self.key, Fraction)


def rational(value: Fraction) -> Value:
    """The value of an exact rational number."""
    return Value(value, value)


INFINITY = Value(("infinity", 1))
MINUS_INFINITY = Value(("infinity", -1))


def value_of(node: Node) -> Value:
    """The canonical value of an expression tree. Raises UnreadableError where it has none (division by zero)."""
    infinite = _infinity(node)
    if infinite is not None:
        return infinite
    if node[0] == "base":
        return Value(node)
    try:
        ratio = exact(node)
        if ratio is not None:
            return rational(ratio)
        names = variables(node)
        if len(names) > MAX_VARIABLES:
            raise TooMuchWorkError("too many variables")
        with localcontext(CONTEXT):
            return _constant(approximate(node, _no_variable)) if not names else _fingerprint(node, sorted(names))
    except TooMuchWorkError:
        return Value(("tree", node))


def _infinity(node: Node) -> Value | None:
    if node == ("c", "inf"):
        return INFINITY
    if node == ("neg", ("c", "inf")):
        return MINUS_INFINITY
    return None


def _no_variable(name: str) -> Decimal:
    raise UnreadableError(name)


def _identify(x: Decimal) -> Fraction | None:
    """The rational number of small denominator that `x` is within rounding of, or None (continued fraction)."""
    if not x:
        return Fraction(0)
    if abs(x) * _MAX_DENOMINATOR < 1:
        return None
    if abs(x) > 10**12:
        return Fraction(int(x.to_integral_value())) if x == x.to_integral_value() and abs(x) < 10**40 else None
    scaled = int(x * _UNITY)
    top, bottom = scaled, _UNITY
    (p, q), (r, s) = (1, 0), (0, 1)
    while bottom:
        whole, rest = divmod(top, bottom)
        p, q, r, s = whole * p + r, whole * q + s, p, q
        if q > _MAX_DENOMINATOR:
            return None
        if abs(scaled * q - p * _UNITY) <= q * 10**5:
            return Fraction(p, q)
        top, bottom = bottom, rest
    return None


def _part(x: Decimal) -> Fraction | str:
    known = _identify(x)
    if known is not None:
        return known
    return f"{x:.{KEY_DIGITS - 1}e}"


def key_of(value: Number) -> Hashable:
    """The key of a number: an exact rational where one is recognised, else 45 digits."""
    re, im = parts(value)
    return _part(re) if not im else (_part(re), _part(im))


def _constant(value: Number) -> Value:
    key = key_of(value)
    if isinstance(key, Fraction):
        return rational(key)
    return Value(
        ("number", key),
        Fraction(value) if isinstance(value, Decimal) and abs(value.adjusted()) < 5000 else None,
    )


@memo
def _coordinate(name: str, low: int, high: int) -> Decimal:
    """A fixed point in (low, high) for a variable: the same in every process."""
    seed = int.from_bytes(hashlib.sha256(f"{name}\x00{low}".encode("utf-8", "replace")).digest()[:8], "big")
    return low + (high - low) * (Decimal(seed) + 1) / (2**64 + 2)


def small_point(name: str) -> Decimal:
    """All variables in (0, 1)."""
    return _coordinate(name, 0, 1)


def large_point(name: str) -> Decimal:
    """All variables in (1, 3)."""
    return _coordinate(name, 1, 3)


def negative_point(negative: str) -> Callable[[str], Decimal]:
    """One variable in (-2, -1), all others in (0, 1)."""
    return lambda name: _coordinate(name, -2, -1) if name == negative else _coordinate(name, 0, 1)


def _fingerprint(node: Node, names: list[str]) -> Value:
    small, large = approximate(node, small_point), approximate(node, large_point)
    keys = [key_of(small), key_of(large)]
    below: list[Hashable] = []
    for name in names:
        key = _negative_key(node, name)
        if key != keys[0]:
            below.append((name, key))
    if not below and keys[0] == keys[1]:
        return _constant(small)
    return Value(("function", *keys, tuple(below)))


def _negative_key(node: Node, name: str) -> Hashable:
    try:
        return key_of(approximate(node, negative_point(name), real_only=True))
    except TooMuchWorkError:
        raise
    except UnreadableError:
        return "undefined"
