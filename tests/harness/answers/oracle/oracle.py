"""Whether two trees are equal, by sympy and mpmath, which never see a spelling.

Constants are compared as sympy's exact objects, and where those differ in form by 60 digits; rational functions in a field of
sympy; other functions by 60 digits at rational points of both signs, near and far. A function of real variables has no value
where a root or a logarithm leaves the real numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath
import sympy
from sympy.polys.fields import field

from .trees import Tree

mpmath.mp.dps = 60
CLOSE, APART = mpmath.mpf(10) ** -42, mpmath.mpf(10) ** -25
_LARGE, _SMALL = mpmath.mpf(10) ** 30, mpmath.mpf(10) ** -12
_FAR = 4
_POINTS = tuple(Fraction(*pair) for pair in ((3, 7), (-5, 11), (13, 5), (-9, 4), (101, 7), (-77, 5)))


class UndecidedError(Exception):
    """The pair has no value, or one that this oracle cannot compare: another one is drawn."""


def exact(tree: Tree) -> sympy.Expr:
    """The tree as an expression of sympy, without variables. UndecidedError for a pole anywhere in it."""
    found = _exact(tree)
    if found in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise UndecidedError("a pole")
    return found


def _exact(tree: Tree) -> sympy.Expr:
    kind = tree[0]
    if kind in ("n", "v", "c"):
        return _leaf(tree)
    if kind == "f":
        if tree[1] in ("arcsin", "arccos") and not abs(exact(tree[2])) <= 1:
            raise UndecidedError("the arc sine of more than 1")
        return getattr(sympy, _SYMPY.get(tree[1], tree[1]))(exact(tree[2]))
    if kind == "root":
        inside, index = exact(tree[1]), tree[2]
        return -sympy.root(-inside, index) if index % 2 and inside.is_negative else sympy.root(inside, index)
    operands = [exact(child) for child in tree[1:]]
    if kind in ("floor", "ceil") and not operands[0].is_real:
        raise UndecidedError("rounding of a complex number")
    if kind in ("!", "binom") and not all(operand.is_Integer and 0 <= operand <= 1000 for operand in operands):
        raise UndecidedError("a factorial of such a number")
    return _EXACT[kind](*operands)


def _leaf(tree: Tree) -> sympy.Expr:
    if tree[0] == "v":
        raise UndecidedError("a variable")
    if tree[0] == "n":
        return sympy.Rational(tree[1].numerator, tree[1].denominator)
    return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I}[tree[1]]


def _exact_power(base: sympy.Expr, power: sympy.Expr) -> sympy.Expr:
    if power.is_Rational and power.q % 2 and power.q > 1 and base.is_negative:
        return sympy.Integer(-1) ** power.p * (-base) ** power
    if base == 0 and not power.is_positive:
        raise UndecidedError("zero to such a power")
    return base**power


def _exact_quotient(top: sympy.Expr, bottom: sympy.Expr) -> sympy.Expr:
    if bottom == 0:
        raise UndecidedError("division by zero")
    return top / bottom


_SYMPY = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
_EXACT: Mapping[str, Any] = {
    "+": sympy.Add, "*": sympy.Mul, "/": _exact_quotient, "^": _exact_power, "neg": lambda a: -a, "abs": sympy.Abs,
    "floor": sympy.floor, "ceil": sympy.ceiling, "!": sympy.factorial, "binom": sympy.binomial,
    "log": lambda a, b: sympy.log(a) / sympy.log(b),
}  # fmt: skip


def value(tree: Tree) -> sympy.Expr:
    """`exact`, if that is a number of moderate size."""
    found = exact(tree)
    if found.is_Rational and max(abs(found.p), found.q) > 10**40:
        raise UndecidedError("too large or too small")
    return found


def same_constant(one: Tree, other: Tree) -> bool:
    """Equal numbers."""
    a, b = value(one), value(other)
    if a == b:
        return True
    if a.is_Rational and b.is_Rational:
        return False
    return near(*(mpmath.mpmathify(sympy.N(number, 60)) for number in (a, b)))


def near(a: Any, b: Any) -> bool:
    """Equal to 42 digits; UndecidedError where the digits do not tell."""
    size = max(abs(a), abs(b))
    if not mpmath.isfinite(size) or size > _LARGE or 0 < min(abs(a), abs(b)) < _SMALL:
        raise UndecidedError("too large or too small")
    distance = abs(a - b)
    if size == 0 or distance < CLOSE * max(size, 1):
        return True
    if distance < APART * max(size, 1):
        raise UndecidedError("too close")
    return False


def same_rational_function(one: Tree, other: Tree, names: tuple[str, ...]) -> bool:
    """Equal elements of the field of rational functions."""
    a, b = in_field(one, names), in_field(other, names)
    return bool(a.numer * b.denom == b.numer * a.denom)  # a negative power is not in sympy's canonical form


def in_field(tree: Tree, names: tuple[str, ...]) -> Any:
    """The tree as an element of QQ(names)."""
    _, *generators = field([f"v{index}" for index in range(len(names))], sympy.QQ)
    return _in_field(tree, dict(zip(names, generators, strict=True)))


def _in_field(tree: Tree, generators: Mapping[str, Any]) -> Any:
    kind = tree[0]
    if kind == "v":
        return generators[tree[1]]
    known = tree[1] if kind == "n" else _rational(tree)
    if known is not None:
        some = next(iter(generators.values()))
        return some.field(sympy.QQ(known.numerator, known.denominator))
    if kind not in ("+", "*", "/", "^", "neg"):
        raise UndecidedError("not a rational function")
    if kind == "^":
        base, power = _in_field(tree[1], generators), _rational(tree[2])
        if power is None or power.denominator != 1 or abs(power) > 12 or (not base and power <= 0):
            raise UndecidedError("such a power")
        return base ** int(power)
    total, *rest = (_in_field(child, generators) for child in tree[1:])
    if kind == "neg":
        return -total
    for operand in rest:
        if kind == "/" and not operand:
            raise UndecidedError("division by zero")
        total = total + operand if kind == "+" else total * operand if kind == "*" else total / operand
    return total


def same_function(one: Tree, other: Tree, names: tuple[str, ...]) -> bool:
    """Equal values at points of all signs, or no value there for both."""
    decided = differing = 0
    for point in itertools.product(_POINTS, repeat=len(names)):
        at = dict(
            zip(names, (mpmath.mpf(c.numerator) / c.denominator + k / 97 for k, c in enumerate(point)), strict=True)
        )
        try:
            a, b = _defined(one, at), _defined(other, at)
            differing += (a is None) != (b is None) or (a is not None and not near(a, b))
        except UndecidedError:
            if max(map(abs, point)) < _FAR:
                raise
            continue
        decided += a is not None or b is not None
    if decided < len(_POINTS) ** len(names) / 3 or 0 < differing < decided / 2:
        raise UndecidedError("defined, or different, at few points only")
    return not differing


def _defined(tree: Tree, at: Mapping[str, Any]) -> Any:
    try:
        return _real(tree, at)
    except ValueError:
        return None
    except (OverflowError, ZeroDivisionError) as error:
        raise UndecidedError("no value") from error


def _real(tree: Tree, at: Mapping[str, Any]) -> Any:
    """The value at a point. ValueError where there is no real one."""
    kind = tree[0]
    if kind == "n":
        return mpmath.mpf(tree[1].numerator) / tree[1].denominator
    if kind == "v":
        return at[tree[1]]
    if kind == "c":
        return +(mpmath.pi if tree[1] == "pi" else mpmath.e)
    if kind == "root":
        return _root(_real(tree[1], at), tree[2])
    if kind == "^":
        return _power(tree, at)
    if kind == "f":
        return _named(tree[1], _real(tree[2], at))
    return _REAL[kind](*(_real(child, at) for child in tree[1:]))


def _named(name: str, argument: Any) -> Any:
    if abs(argument) > 10**6:
        raise UndecidedError("a large argument")
    found = getattr(mpmath, _SYMPY.get(name, name))(argument)
    if isinstance(found, mpmath.mpc):
        raise ValueError("not real")
    return found


def _logarithm(inside: Any, base: Any) -> Any:
    if base <= 0:
        raise UndecidedError("a logarithm to such a base")
    if inside <= 0:
        raise ValueError("a logarithm")
    return mpmath.ln(inside) / mpmath.ln(base)


def _sum(*terms: Any) -> Any:
    """The sum; zero where terms cancel to rounding noise."""
    total = mpmath.fsum(terms)
    return mpmath.mpf(0) if abs(total) < max(abs(term) for term in terms) * mpmath.mpf(10) ** -52 else total


_REAL: Mapping[str, Any] = {
    "+": _sum, "*": lambda *factors: mpmath.fprod(factors), "/": lambda a, b: a / b, "neg": lambda a: -a, "abs": abs,
    "floor": mpmath.floor, "ceil": mpmath.ceil, "log": _logarithm,
}  # fmt: skip


def _root(inside: Any, index: int) -> Any:
    if inside < 0:
        if index % 2 == 0:
            raise ValueError("a root")
        return -mpmath.root(-inside, index)
    return mpmath.root(inside, index)


def _rational(tree: Tree) -> Fraction | None:
    """The value of a tree without variables, if it is rational."""
    try:
        found = exact(tree)
    except UndecidedError:
        return None
    return Fraction(int(found.p), int(found.q)) if found.is_Rational else None


def _power(tree: Tree, at: Mapping[str, Any]) -> Any:
    base, power = _real(tree[1], at), _real(tree[2], at)
    if abs(power) > 300:
        raise UndecidedError("a large power")
    if base == 0 and power <= 0:
        raise ZeroDivisionError
    if base >= 0:
        return base**power
    exponent = _rational(tree[2])
    if exponent is not None and exponent.denominator % 2:
        return (-1) ** (exponent.numerator % 2) * (-base) ** power
    if power == mpmath.nint(power):
        return base ** int(power)
    raise ValueError("a broken power")
