"""What an answer can be, once read: a number or expression, a list, a set, a range, an equation, a matrix, words."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from .equation import difference_key
from .expression import Node
from .limits import UnreadableError
from .region import Region
from .units import Unit
from .value import Value


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `label` is the name it was given to (x in x = 3); `percent` is the number before a percent sign.

    `node` is the tree of the value, `sides` are the trees of both sides where it was stated as an equation.
    """

    value: Value
    unit: Unit | None = None
    label: str | None = None
    percent: Fraction | None = None
    sides: tuple[Node, Node] | None = None
    node: Node | None = None


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
