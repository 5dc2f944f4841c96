"""One value: a number or an expression with its unit, currency sign, percent sign or degree sign."""

from __future__ import annotations

import re
from fractions import Fraction

from .expression import Node, parse
from .forms import Form, Items, Scalar
from .limits import UnreadableError
from .region import EVERYTHING, NOTHING
from .tokens import Token
from .units import Unit, comparable, read_unit
from .value import rational, value_of
from .words import MULTIPLIERS

_DEGREE = read_unit("°")
_COMPOUND = re.compile(r"(\d{1,9}) ?([^\W\d_]{1,12}),?(?: and)? ?(\d{1,9}(?:\.\d{1,9})?) ?([^\W\d_]{1,12})")
_CURRENCY = frozenset("$¢€£¥₹")


def read_compound(text: str) -> Scalar | None:
    """A quantity in two units of one kind, as in 1 hour 30 minutes, in the smaller unit; None for other texts."""
    found = _COMPOUND.fullmatch(text)
    if found is None:
        return None
    large, small = read_unit(found.group(2)), read_unit(found.group(4))
    if large is None or small is None or large.dimensions != small.dimensions or large.factor <= small.factor:
        return None
    return Scalar(rational(Fraction(found.group(1)) * large.factor / small.factor + Fraction(found.group(3))), small)


def read_scalar(tokens: list[Token], units: int) -> Form:
    """The value that the tokens state; a plus-minus sign makes two alternatives. Raises UnreadableError.

    `units` tells how freely letters at the end are read as a unit, see `expression`.
    """
    real_line = [value for _, value, _ in tokens]
    if real_line == ["mathbb", "{", "R", "}"]:
        return EVERYTHING
    if real_line == ["emptyset"]:
        return NOTHING
    prefix, tokens = _currency(_multiplied(tokens))
    node, unit = parse(tokens, units)
    if prefix is not None:
        if comparable(prefix, unit) != 1:
            raise UnreadableError("two different currencies")
        unit = prefix
    signs = _signed_variants(node) if any(token[1] in ("±", "∓") for token in tokens) else None
    if signs is not None:
        return Items(tuple(_quantity(variant, unit) for variant in signs), joiner="or")
    return _quantity(node, unit)


def _quantity(node: Node, unit: Unit | None) -> Scalar:
    if unit is None:
        stripped = _without_degrees(node)
        if stripped is not None:
            return Scalar(value_of(stripped), _DEGREE, node=stripped)
    percent = None
    inner = node[1] if node[0] == "neg" else node
    if inner[0] == "%":
        percent = value_of(inner[1]).real
        percent = -percent if percent is not None and node[0] == "neg" else percent
    return Scalar(value_of(node), unit, percent=percent, node=node)


def _multiplied(tokens: list[Token]) -> list[Token]:
    """A number followed by a multiplier word ("3 million", 12万) as a product."""
    for index in range(1, len(tokens)):
        kind, value, spaced = tokens[index]
        if kind not in ("word", "upright") or tokens[index - 1][0] != "num":
            continue
        word = value.lower() if value.isascii() else value[0]
        if word in MULTIPLIERS and not (value[1:] and read_unit(value)):
            rest: list[Token] = [] if value.isascii() or not value[1:] else [(kind, value[1:], spaced)]
            product: list[Token] = [("op", "*", False), ("num", str(MULTIPLIERS[word]), False)]
            return [*tokens[:index], *product, *rest, *tokens[index + 1 :]]
    return tokens


def _currency(tokens: list[Token]) -> tuple[Unit | None, list[Token]]:
    """A leading currency sign, as in $5 or -$5, and the tokens without it."""
    for at in (0, 1):
        if len(tokens) > at + 1 and tokens[at][1] in _CURRENCY and (not at or tokens[0][1] in ("-", "+", "US")):
            kept = tokens[:at] if at and tokens[0][1] != "US" else []
            return read_unit(tokens[at][1]), [*kept, *tokens[at + 1 :]]
    return None, tokens


def _signed_variants(node: Node) -> tuple[Node, Node] | None:
    """The two values of an expression with a plus-minus sign, or None."""
    if not _has_sign_choice(node):
        return None
    return _with_sign(node, upper=True), _with_sign(node, upper=False)


def _has_sign_choice(node: Node) -> bool:
    return node[0] in ("pm", "mp") or any(isinstance(child, tuple) and _has_sign_choice(child) for child in node[1:])


def _with_sign(node: Node, upper: bool) -> Node:
    kind, *rest = node
    children = [_with_sign(child, upper) if isinstance(child, tuple) else child for child in rest]
    if kind in ("pm", "mp"):
        right = children[1] if (kind == "pm") == upper else ("neg", children[1])
        return ("+", children[0], right)
    return (kind, *children)


def _without_degrees(node: Node) -> Node | None:
    """`node` without its degree signs where it is an angle in degrees as a whole, else None."""
    if node[0] == "deg":
        inner: Node = node[1]
        return inner
    if node[0] == "neg":
        stripped = _without_degrees(node[1])
        return None if stripped is None else ("neg", stripped)
    if node[0] in ("+", "*", "/"):
        left, right = _without_degrees(node[1]), _without_degrees(node[2])
        if node[0] == "+":
            return None if left is None or right is None else ("+", left, right)
        if (left is None) != (right is None):
            return (node[0], left or node[1], right or node[2])
    return None
