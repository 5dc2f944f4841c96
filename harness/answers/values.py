"""The value of an expression as a canonical, hashable key: equal keys are equal values.

Rational numbers are exact. Other constants are fingerprints of 45 digits, and expressions in variables are fingerprints at
fixed points: all variables in (0, 1), all in (1, 3), one at a time or all negative, so that |x| and x differ, and all above
10 or below -10, so that |x - 5| and 5 - x differ. A function that is real at any of them is compared where it is real. What
may not be evaluated (a tower of powers) is its own tree.

From an expression tree to its value: exact rationals first, decimals of 70 digits where that fails.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException, localcontext
from fractions import Fraction

from . import numbers
from .expression import Node
from .numbers import CONTEXT, Number, parts
from .types import KEY_DIGITS, MAX_BITS, MAX_FACTORIAL, MAX_VARIABLES, TooMuchWorkError, UnreadableError, memo


class _IrrationalError(UnreadableError):
    """The exact evaluator met a value that is not (or not surely) rational."""


def _checked(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise TooMuchWorkError("a number with too many digits")
    return value


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        return _exact_power(_exact_root(base, exponent.denominator), Fraction(exponent.numerator))
    n = exponent.numerator
    if base in (0, 1, -1):
        if base == 0 and n <= 0:
            raise UnreadableError("zero to such a power")
        return base if base >= 0 or n % 2 else -base
    bits = max(base.numerator.bit_length(), base.denominator.bit_length()) - 1
    if bits * abs(n) > MAX_BITS or abs(n) > MAX_BITS:
        raise TooMuchWorkError("a large power")
    return base**n


def _integer_root(value: int, index: int) -> int:
    """The exact `index`-th root of a whole number >= 0. Raises _IrrationalError."""
    if index == 2:
        root = math.isqrt(value)
    elif index > 64 or value.bit_length() > 4096:
        raise _IrrationalError("a high root")
    else:
        root = 1 << -(-value.bit_length() // index)
        while True:
            closer = ((index - 1) * root + value // root ** (index - 1)) // index if root else 0
            if closer >= root:
                break
            root = closer
    if root**index != value:
        raise _IrrationalError("not a perfect power")
    return root


def _exact_root(value: Fraction, index: int) -> Fraction:
    if index <= 0 or (value < 0 and index % 2 == 0):
        raise _IrrationalError("not a real root")
    sign = -1 if value < 0 else 1
    value = abs(value)
    return Fraction(sign * _integer_root(value.numerator, index), _integer_root(value.denominator, index))


def _whole(value: Fraction, limit: int) -> int:
    if value.denominator != 1 or value < 0:
        raise UnreadableError("a whole number is needed")
    if value > limit:
        raise TooMuchWorkError("a large factorial")
    return value.numerator


def _factorial(value: Fraction) -> Fraction:
    return Fraction(math.factorial(_whole(value, MAX_FACTORIAL)))


def _binomial(upper: Fraction, lower: Fraction) -> Fraction:
    return Fraction(math.comb(_whole(upper, MAX_FACTORIAL), _whole(lower, MAX_FACTORIAL)))


def _quotient(a: Fraction, b: Fraction) -> Fraction:
    if not b:
        raise UnreadableError("division by zero")
    return a / b


def _logarithm(value: Fraction, base: Fraction = Fraction(10)) -> Fraction:
    """Exact logarithm where it is a whole number up to 64."""
    if value > 0 and base > 1:
        reached = Fraction(1)
        for n in range(65):
            if reached == value or reached * value == 1:
                return Fraction(n if reached == value else -n)
            reached *= base
            if reached.numerator.bit_length() > 4096:
                break
    raise _IrrationalError("a logarithm")


_EXACT: dict[str, Callable[..., Fraction]] = {
    "+": lambda a, b: a + b,
    "*": lambda a, b: a * b,
    "/": _quotient,
    "neg": lambda a: -a,
    "%": lambda a: a / 100,
    "^": _exact_power,
    "sqrt": lambda a: _exact_root(a, 2),
    "root": lambda a, n: _exact_root(a, _whole(n, 10_000)),
    "abs": abs,
    "!": _factorial,
    "binom": _binomial,
    "floor": lambda a: Fraction(math.floor(a)),
    "ceil": lambda a: Fraction(math.ceil(a)),
    "log": _logarithm,
}


def exact(node: Node, values: Mapping[str, Fraction] | None = None) -> Fraction | None:
    """The rational value of `node`, or None if it is not surely rational.

    `values` substitutes variables. Raises TooMuchWorkError or UnreadableError.
    """
    try:
        return _exact(node, values or {})
    except _IrrationalError:
        return None


def _exact(node: Node, values: Mapping[str, Fraction]) -> Fraction:
    kind = node[0]
    if kind == "n":
        value: Fraction = node[1]
        return value
    if kind == "v" and node[1] in values:
        return values[node[1]]
    operation = _EXACT.get(node[1] if kind == "f" else kind)
    if operation is None:
        raise _IrrationalError(kind)
    operands = [_exact(child, values) for child in (node[2:] if kind == "f" else node[1:])]
    return _checked(operation(*operands))


def _log(a: Number, base: Number = Decimal(10)) -> Number:
    return numbers.divide(numbers.ln(a), numbers.ln(base))


def _reciprocal(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    return lambda a: numbers.divide(Decimal(1), function(a))


def _rounded(a: Number, rounding: str) -> Number:
    if not isinstance(a, Decimal) or abs(a) > 10**50:
        raise UnreadableError("rounding of such a number")
    whole = numbers.as_integer(a)
    return a.to_integral_value(rounding=rounding) if whole is None else Decimal(whole)


def _numeric(operation: Callable[..., Fraction], *operands: Number) -> Number:
    """An operation on whole numbers, to 70 digits."""
    wholes = [whole for a in operands if (whole := numbers.as_integer(a)) is not None]
    if len(wholes) < len(operands):
        raise UnreadableError("a whole number is needed")
    return Decimal(operation(*map(Fraction, wholes)).numerator) + 0


_NUMERIC: dict[str, Callable[..., Number]] = {
    "+": numbers.add,
    "*": numbers.multiply,
    "/": numbers.divide,
    "neg": numbers.negate,
    "%": lambda a: numbers.divide(a, Decimal(100)),
    "deg": lambda a: numbers.divide(numbers.multiply(a, numbers.PI), Decimal(180)),
    "^": numbers.power,
    "sqrt": numbers.square_root,
    "root": numbers.root,
    "abs": numbers.modulus,
    "sin": numbers.sine,
    "cos": numbers.cosine,
    "tan": numbers.tangent,
    "cot": lambda a: numbers.divide(numbers.cosine(a), numbers.sine(a)),
    "sec": _reciprocal(numbers.cosine),
    "csc": _reciprocal(numbers.sine),
    "arcsin": numbers.arcsine,
    "arccos": numbers.arccosine,
    "arctan": lambda a: numbers.arctangent(numbers.parts(a)[0]),
    "sinh": lambda a: numbers.hyperbolic(a, -1),
    "cosh": lambda a: numbers.hyperbolic(a, 1),
    "tanh": lambda a: numbers.divide(numbers.hyperbolic(a, -1), numbers.hyperbolic(a, 1)),
    "ln": numbers.ln,
    "log": _log,
    "exp": numbers.exp,
    "!": lambda a: _numeric(_factorial, a),
    "binom": lambda a, b: _numeric(_binomial, a, b),
    "floor": lambda a: _rounded(a, "ROUND_FLOOR"),
    "ceil": lambda a: _rounded(a, "ROUND_CEILING"),
}
_CONSTANTS: dict[str, Number] = {
    "pi": numbers.PI,
    "e": numbers.E,
    "i": numbers.Complex(Decimal(0), Decimal(1)),
}
_REAL_DOMAIN = frozenset(("sqrt", "root", "ln", "log"))


def approximate(node: Node, point: Callable[[str], Decimal], real_only: bool = False) -> Number:
    """The value of `node` to 70 digits, with variables at `point(name)`.

    With `real_only`, a root or logarithm of a negative number that depends on a variable raises UnreadableError: the
    expression is not defined there for real numbers. Opens no decimal context of its own.
    """
    try:
        return _approximate(node, point, real_only)
    except (DecimalException, OverflowError) as error:
        raise TooMuchWorkError("out of range") from error


def _approximate(node: Node, point: Callable[[str], Decimal], real_only: bool) -> Number:
    kind = node[0]
    if kind == "n":
        value: Fraction = node[1]
        return Decimal(value.numerator) / value.denominator
    if kind == "v":
        return point(node[1])
    if kind == "c" and node[1] in _CONSTANTS:
        return _CONSTANTS[node[1]]
    if kind == "call":
        arguments = [_approximate(child, point, real_only) for child in node[2:]]
        return point(f"{node[1]}({','.join(_name(argument) for argument in arguments)})")
    if kind == "^" and (exponent := exact(node[2])) is not None:
        return _rational_power(_approximate(node[1], point, real_only), exponent, real_only and bool(variables(node)))
    name = node[1] if kind == "f" else kind
    operation = _NUMERIC.get(name)
    if operation is None:
        raise UnreadableError(f"{name} has no numeric value")
    operands = [_approximate(child, point, real_only) for child in (node[2:] if kind == "f" else node[1:])]
    if real_only and leaves_reals(name, operands) and variables(node):
        raise UnreadableError("not defined for real numbers")
    return operation(*operands)


def _rational_power(base: Number, exponent: Fraction, real_only: bool) -> Number:
    """`base` to a known power: an odd root of a negative number is real."""
    if exponent.denominator == 1 or not isinstance(base, Decimal) or base >= 0:
        return numbers.power(base, Decimal(exponent.numerator) / exponent.denominator)
    if exponent.denominator % 2:
        size = numbers.power(-base, Decimal(exponent.numerator) / exponent.denominator)
        return numbers.negate(size) if exponent.numerator % 2 else size
    if real_only:
        raise UnreadableError("not defined for real numbers")
    return numbers.power(base, Decimal(exponent.numerator) / exponent.denominator)


def _name(argument: Number) -> str:
    re, im = numbers.parts(argument)
    return f"{re:.40e},{im:.40e}"


def leaves_reals(name: str, operands: list[Number]) -> bool:
    """True where a real argument is outside the real domain of a root, a logarithm or a broken power."""
    first = operands[0]
    if not isinstance(first, Decimal) or first >= 0:
        return False
    if name == "^":
        return numbers.as_integer(operands[1]) is None
    if name == "root":
        index = numbers.as_integer(operands[1])
        return index is None or index % 2 == 0
    return name in _REAL_DOMAIN


def variables(node: Node) -> frozenset[str]:
    """The names of the variables and of the called functions in `node`."""
    if node[0] == "v":
        return frozenset((node[1],))
    found: set[str] = {node[1]} if node[0] == "call" else set()
    for child in node[1:]:
        if isinstance(child, tuple):
            found |= variables(child)
    return frozenset(found)


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


_PIECES = frozenset(("abs", "floor", "ceil", "sqrt", "root"))


def in_pieces(node: Node) -> bool:
    """True for an absolute value, a root or a rounding of a variable: what is straight near zero may bend elsewhere."""
    if node[0] == "f" and node[1] in _PIECES and variables(node):
        return True
    if node[0] == "^" and variables(node[1]):
        power = exact(node[2])
        if power is None or power.denominator > 1:
            return True
    return any(in_pieces(child) for child in node[1:] if isinstance(child, tuple))


def far_point(name: str) -> Decimal:
    """All variables in (11, 14)."""
    return _coordinate(name, 11, 14)


def far_negative_point(name: str) -> Decimal:
    """All variables in (-14, -11)."""
    return _coordinate(name, -14, -11)


def small_negative_point(name: str) -> Decimal:
    """All variables in (-1, 0)."""
    return _coordinate(name, -1, 0)


OTHER_POINTS = (small_negative_point, far_point, far_negative_point)


def _fingerprint(node: Node, names: list[str]) -> Value:
    keys = [_real_key(node, small_point), _real_key(node, large_point)]
    keys += [_other_key(node, point) for point in OTHER_POINTS]
    one_negative = [(name, _real_key(node, negative_point(name))) for name in names]
    if {"undefined"} == {*keys, *(key for _, key in one_negative)}:
        keys[:2] = (key_of(approximate(node, point)) for point in (small_point, large_point))
    below = tuple((name, key) for name, key in one_negative if key != keys[0])
    if not below and len(set(keys)) == 1:
        return _constant(approximate(node, small_point))
    return Value(("function", *keys, below))


def _real_key(node: Node, point: Callable[[str], Decimal]) -> Hashable:
    try:
        return key_of(approximate(node, point, real_only=True))
    except TooMuchWorkError:
        raise
    except UnreadableError:
        return "undefined"


def _other_key(node: Node, point: Callable[[str], Decimal]) -> Hashable:
    try:
        return _real_key(node, point)
    except TooMuchWorkError:
        return "large"
