"""What an answer can be, once read: a number or expression, a list, a set, a range, an equation, a matrix, words.

Equations and linear conditions: one key for all rearrangements up to a non-zero constant factor.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from decimal import Decimal, DecimalException, localcontext
from fractions import Fraction
from typing import TypeAlias

from .expression import Node
from .numbers import CONTEXT, Number, add, divide, multiply, negate, parts
from .regions import Region
from .types import MAX_VARIABLES, TooMuchWorkError, UnreadableError
from .units import Unit
from .values import (
    OTHER_POINTS,
    Value,
    approximate,
    exact,
    in_pieces,
    key_of,
    large_point,
    negative_point,
    small_point,
    value_of,
    variables,
)

_Point = Callable[[str], Decimal]
_ONE = Decimal(1)


def difference_key(left: Node, right: Node) -> tuple[Hashable, int] | None:
    """`left` - `right` up to a non-zero constant factor: a key, and the sign of the factor that was taken out.

    None where the difference does not depend on a variable, or is zero. Denominators that hold a variable are multiplied
    out, so that y = 2/x is xy = 2. Raises UnreadableError.
    """
    node: Node = ("+", left, ("neg", right))
    names = sorted(variables(node))
    if not names or len(names) > MAX_VARIABLES:
        return None
    with localcontext(CONTEXT):
        points: list[_Point] = [small_point, large_point, *(negative_point(name) for name in names)]
        try:
            values = [_ratio(node, point)[0] for point in points]
        except (DecimalException, OverflowError) as error:
            raise TooMuchWorkError("out of range") from error
        scale = values[0]
        if not scale or all(key_of(value) == key_of(scale) for value in values):
            return None
        re, im = parts(scale)
        ratios = [key_of(divide(value, scale)) for value in values[1:]]
        others = tuple(_other_ratio(node, point, scale) for point in OTHER_POINTS)
    sides = tuple((name, ratio) for name, ratio in zip(names, ratios[1:], strict=True) if ratio != Fraction(1))
    return ("zero of", ratios[0], sides, *others), 1 if (re or im) > 0 else -1


def _other_ratio(node: Node, point: _Point, scale: Number) -> Hashable:
    try:
        return key_of(divide(_ratio(node, point)[0], scale))
    except (UnreadableError, DecimalException, OverflowError):
        return "undefined"


def _ratio(node: Node, point: _Point) -> tuple[Number, Number]:
    """Numerator and denominator of `node` at `point`; only denominators with a variable are kept apart."""
    kind = node[0]
    if kind == "neg":
        top, bottom = _ratio(node[1], point)
        return negate(top), bottom
    if kind == "^" and variables(node[1]) and (power := exact(node[2])) is not None and power < 0:
        return _ratio(("/", ("n", Fraction(1)), ("^", node[1], ("n", -power))), point)
    if kind not in ("+", "*", "/"):
        return approximate(node, point), _ONE
    (a, b), (c, d) = _ratio(node[1], point), _ratio(node[2], point)
    if kind == "*":
        return multiply(a, c), multiply(b, d)
    if kind == "/":
        return (multiply(a, d), multiply(b, c)) if variables(node[2]) else (divide(multiply(a, d), c), b)
    return (add(a, c), b) if b == d else (add(multiply(a, d), multiply(c, b)), multiply(b, d))


def substitute(node: Node, name: str, value: Fraction) -> Node:
    """`node` with the variable `name` replaced by a number."""
    if node[0] == "v":
        return ("n", value) if node[1] == name else node
    return tuple(substitute(child, name, value) if isinstance(child, tuple) else child for child in node)


def solves(name: str, value: Fraction, left: Node, right: Node) -> bool:
    """Whether an equation of that variable alone holds for its value."""
    if variables(left) | variables(right) != {name}:
        return False
    return value_of(substitute(left, name, value)).key == value_of(substitute(right, name, value)).key


def linear_root(node: Node, name: str) -> tuple[Value, int] | None:
    """Where `node` is slope * name + offset: its root and the sign of the slope; None where it is not linear."""
    if in_pieces(node):
        return None
    f0, f1, f2, f5 = (substitute(node, name, Fraction(x)) for x in (0, 1, 2, 5))
    slope: Node = ("+", f1, ("neg", f0))
    straight: list[Node] = [
        ("+", ("+", f2, ("neg", f1)), ("neg", slope)),
        ("+", ("+", f5, ("neg", f2)), ("neg", ("*", ("n", Fraction(3)), slope))),
    ]
    if any(value_of(check).key != Fraction(0) for check in straight):
        return None
    steepness = value_of(slope).real
    if not steepness:
        return None
    return value_of(("/", ("neg", f0), slope)), 1 if steepness > 0 else -1


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `label` is the name it was given to (x in x = 3); `percent` is the number before a percent sign.

    `node` is the tree of the value, `sides` are the trees of both sides where it was stated as an equation; `scale` is
    the factor of a scale word that is a part of the value (10**6 for 7 million).
    """

    value: Value
    unit: Unit | None = None
    label: str | None = None
    percent: Fraction | None = None
    sides: tuple[Node, Node] | None = None
    node: Node | None = None
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Items:
    """Several answers in order. `brackets` is "", "()", "[]" or "{}"; `joiner` is "," or "or".

    `texts` are the keys of the entries as words, where they were written in letters.
    """

    forms: tuple[Form, ...]
    brackets: str = ""
    joiner: str = ","
    label: str | None = None
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Equation:
    """Two sides that are not a name and its value."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Ordering:
    """An inequality that is not a range of one variable: its canonical key."""

    key: Hashable


@dataclass(frozen=True, slots=True)
class Colon:
    """Numbers separated by colons: a time or a ratio."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of entries; `fence` tells a determinant from a matrix."""

    rows: tuple[tuple[Form, ...], ...]
    fence: str = "()"


@dataclass(frozen=True, slots=True)
class Words:
    """A text by its key, see `words.text_key`."""

    key: str


Form: TypeAlias = Scalar | Items | Equation | Ordering | Region | Colon | Matrix | Words


def labelled(form: Form, label: str) -> Form:
    """`form` as the value of a name."""
    if isinstance(form, Region):
        return form.named(label)
    if isinstance(form, Scalar | Items):
        return replace(form, label=label)
    return form


def equation_key(form: Form) -> Hashable | None:
    """The key of an equation up to rearrangement and a constant factor; None where `form` is not one."""
    if isinstance(form, Equation):
        sides = (form.left, form.right)
    elif isinstance(form, Scalar) and form.sides is not None:
        sides = form.sides
    else:
        return None
    try:
        found = difference_key(*sides)
    except UnreadableError:
        return ("sides", frozenset(sides))
    return None if found is None else found[0]
