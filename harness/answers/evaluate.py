"""From an expression tree to its value: exact rationals first, decimals of 70 digits where that fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from fractions import Fraction

from . import numeric
from .expression import Node
from .limits import MAX_BITS, MAX_FACTORIAL, TooMuchWorkError, UnreadableError
from .numeric import Number


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
    "!": lambda a: Fraction(math.factorial(_whole(a, MAX_FACTORIAL))),
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
    return numeric.divide(numeric.ln(a), numeric.ln(base))


def _reciprocal(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    return lambda a: numeric.divide(Decimal(1), function(a))


def _rounded(a: Number, rounding: str) -> Number:
    if not isinstance(a, Decimal) or abs(a) > 10**50:
        raise UnreadableError("rounding of such a number")
    return a.to_integral_value(rounding=rounding)


def _numeric_factorial(a: Number) -> Number:
    n = numeric.whole(a)
    if n is None or not 0 <= n <= MAX_FACTORIAL:
        raise UnreadableError("a factorial")
    return Decimal(math.factorial(n)) + 0


_NUMERIC: dict[str, Callable[..., Number]] = {
    "+": numeric.add,
    "*": numeric.multiply,
    "/": numeric.divide,
    "neg": numeric.negate,
    "%": lambda a: numeric.divide(a, Decimal(100)),
    "deg": lambda a: numeric.divide(numeric.multiply(a, numeric.PI), Decimal(180)),
    "^": numeric.power,
    "sqrt": numeric.square_root,
    "root": numeric.root,
    "abs": numeric.modulus,
    "sin": numeric.sine,
    "cos": numeric.cosine,
    "tan": numeric.tangent,
    "cot": _reciprocal(numeric.tangent),
    "sec": _reciprocal(numeric.cosine),
    "csc": _reciprocal(numeric.sine),
    "arcsin": numeric.arcsine,
    "arccos": numeric.arccosine,
    "arctan": lambda a: numeric.arctangent(numeric.parts(a)[0]),
    "sinh": lambda a: numeric.hyperbolic(a, -1),
    "cosh": lambda a: numeric.hyperbolic(a, 1),
    "tanh": lambda a: numeric.divide(numeric.hyperbolic(a, -1), numeric.hyperbolic(a, 1)),
    "ln": numeric.ln,
    "log": _log,
    "exp": numeric.exp,
    "!": _numeric_factorial,
    "floor": lambda a: _rounded(a, "ROUND_FLOOR"),
    "ceil": lambda a: _rounded(a, "ROUND_CEILING"),
}
_CONSTANTS: dict[str, Number] = {
    "pi": numeric.PI,
    "e": numeric.E,
    "i": numeric.Complex(Decimal(0), Decimal(1)),
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
    name = node[1] if kind == "f" else kind
    operation = _NUMERIC.get(name)
    if operation is None:
        raise UnreadableError(f"{name} has no numeric value")
    operands = [_approximate(child, point, real_only) for child in (node[2:] if kind == "f" else node[1:])]
    if real_only and leaves_reals(name, operands) and variables(node):
        raise UnreadableError("not defined for real numbers")
    return operation(*operands)


def _name(argument: Number) -> str:
    re, im = numeric.parts(argument)
    return f"{re:.40e},{im:.40e}"


def leaves_reals(name: str, operands: list[Number]) -> bool:
    """True where a real argument is outside the real domain of a root, a logarithm or a broken power."""
    first = operands[0]
    if not isinstance(first, Decimal) or first >= 0:
        return False
    if name == "^":
        return numeric.whole(operands[1]) is None
    if name == "root":
        index = numeric.whole(operands[1])
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
