"""Inequalities: ranges of one variable as regions of the line, all others by a canonical key."""

from __future__ import annotations

from .expression import Node
from .forms import Ordering, difference_key, linear_root
from .regions import EVERYTHING, Region, difference, intersection, interval, point_set, union
from .types import UnreadableError
from .values import INFINITY, MINUS_INFINITY, Value, value_of, variables

_MIRROR = {"<": ">", ">": "<", "≤": "≥", "≥": "≤", "≠": "≠"}


def read_inequality(nodes: list[Node], signs: list[str]) -> Region | Ordering:
    """The form of a chain nodes[0] signs[0] nodes[1] ... Raises UnreadableError."""
    if not set(signs) <= set(_MIRROR) or len(nodes) != len(signs) + 1:
        raise UnreadableError("mixed relations")
    names = frozenset[str]().union(*(variables(node) for node in nodes))
    if len(names) == 1 and "(" not in next(iter(names)) and not _calls(nodes):
        region = _range(nodes, signs, next(iter(names)))
        if region is not None:
            return region
    return _ordering(nodes, signs)


def _calls(nodes: list[Node]) -> bool:
    return any(node[0] == "call" or _calls([c for c in node[1:] if isinstance(c, tuple)]) for node in nodes)


def _range(nodes: list[Node], signs: list[str], name: str) -> Region | None:
    """The numbers that satisfy every link of the chain, or None where a link is not linear."""
    total = EVERYTHING
    for left, sign, right in zip(nodes, signs, nodes[1:], strict=False):
        part = _link(left, sign, right, name)
        if part is None:
            return None
        total = intersection(total, part)
    return total.named(name)


def _link(left: Node, sign: str, right: Node, name: str) -> Region | None:
    for side, mirrored in ((left, sign), (right, _MIRROR[sign])):
        if side in (("c", "inf"), ("neg", ("c", "inf"))):
            below = (side[0] == "neg") == (mirrored in "<≤")
            return EVERYTHING if below and mirrored != "≠" else None
    if right[:2] == ("f", "abs") and left[:2] != ("f", "abs"):
        left, sign, right = right, _MIRROR[sign], left
    if left[:2] == ("f", "abs") and not variables(right):
        return _absolute(left[2], sign, right, name)
    found = linear_root(("+", left, ("neg", right)), name)
    if found is None:
        return None
    root, slope = found
    return _side(root, sign if slope > 0 else _MIRROR[sign])


def _absolute(inner: Node, sign: str, bound: Node, name: str) -> Region | None:
    """|inner| sign bound, as inner between -bound and bound or outside of it."""
    mirrored = _MIRROR[sign]
    if (value_of(bound).real or 0) <= 0:
        return None
    above = _link(inner, sign, bound, name)
    below = _link(inner, mirrored, ("neg", bound), name)
    if above is None or below is None:
        return None
    return intersection(above, below) if sign in "<≤≠" else union(above, below)


def _side(root: Value, sign: str) -> Region:
    if sign == "≠":
        return difference(EVERYTHING, point_set([root]))
    if sign in "<≤":
        return interval(MINUS_INFINITY, False, root, sign == "≤")
    return interval(root, sign == "≥", INFINITY, False)


def _ordering(nodes: list[Node], signs: list[str]) -> Ordering:
    if len(nodes) == 2:
        found = difference_key(nodes[0], nodes[1])
        if found is not None:
            key, factor = found
            return Ordering((key, signs[0] if factor > 0 else _MIRROR[signs[0]]))
    if signs[0] in ">≥":
        nodes, signs = nodes[::-1], [_MIRROR[sign] for sign in signs[::-1]]
    return Ordering((tuple(value_of(node).key for node in nodes), tuple(signs)))
