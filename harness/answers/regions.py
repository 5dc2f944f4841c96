"""Subsets of the real line that are finite unions of intervals and points, in one canonical form."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .types import UnreadableError
from .values import INFINITY, MINUS_INFINITY, Value


@dataclass(frozen=True, slots=True)
class Region:
    """Break points in increasing order and membership of the pieces around them.

    `inside` has 2 * len(points) + 1 entries: the open piece before the first point, the point, the piece after it, ...
    `variable` is the name it was stated for, or None.
    """

    points: tuple[Value, ...]
    inside: tuple[bool, ...]
    variable: str | None = None

    @property
    def key(self) -> Hashable:
        """Equal keys are equal sets of numbers; the variable's name is not part of it."""
        return tuple(point.key for point in self.points), self.inside

    def named(self, variable: str | None) -> Region:
        """The same set, stated for `variable`."""
        return Region(self.points, self.inside, variable)


EVERYTHING = Region((), (True,))
NOTHING = Region((), (False,))


def _canonical(points: Sequence[Value], inside: Sequence[bool], variable: str | None = None) -> Region:
    """Drop break points that separate nothing."""
    kept: list[Value] = []
    pieces: list[bool] = [inside[0]]
    for index, point in enumerate(points):
        at, after = inside[2 * index + 1], inside[2 * index + 2]
        if not pieces[-1] == at == after:
            kept.append(point)
            pieces += [at, after]
    return Region(tuple(kept), tuple(pieces), variable)


def _position(value: Value) -> Fraction:
    if value.real is None:
        raise UnreadableError("an end point that is not a real number")
    return value.real


def interval(low: Value, low_closed: bool, high: Value, high_closed: bool) -> Region:
    """The interval between two ends, either of which may be infinite. Raises UnreadableError for an empty or odd one."""
    if (low_closed and low == MINUS_INFINITY) or (high_closed and high == INFINITY):
        raise UnreadableError("infinity is not a member")
    finite = [value for value in (low, high) if value not in (MINUS_INFINITY, INFINITY)]
    if low == INFINITY or high == MINUS_INFINITY:
        raise UnreadableError("an interval from plus infinity")
    if len(finite) == 2:
        if _position(low) == _position(high) and low_closed and high_closed:
            return _canonical([low], [False, True, False])
        if _position(low) >= _position(high):
            raise UnreadableError("an interval with its ends exchanged")
        return _canonical(finite, [False, low_closed, True, high_closed, False])
    if not finite:
        return EVERYTHING
    _position(finite[0])
    if low == MINUS_INFINITY:
        return _canonical(finite, [True, high_closed, False])
    return _canonical(finite, [False, low_closed, True])


def point_set(values: Sequence[Value]) -> Region:
    """A finite set of numbers."""
    region = NOTHING
    for value in values:
        _position(value)
        region = union(region, Region((value,), (False, True, False)))
    return region


def _combine(first: Region, second: Region, member: Callable[[bool, bool], bool]) -> Region:
    merged: dict[Hashable, Value] = {point.key: point for point in (*first.points, *second.points)}
    points = sorted(merged.values(), key=_position)
    return _canonical(
        points,
        [member(a, b) for a, b in zip(_spread(first, points), _spread(second, points), strict=True)],
        first.variable or second.variable,
    )


def _spread(region: Region, points: Sequence[Value]) -> list[bool]:
    """Membership of `region` on the pieces that a finer list of points makes."""
    own = {point.key: index for index, point in enumerate(region.points)}
    state = region.inside[0]
    spread = [state]
    for point in points:
        index = own.get(point.key)
        if index is None:
            spread += [state, state]
        else:
            state = region.inside[2 * index + 2]
            spread += [region.inside[2 * index + 1], state]
    return spread


def union(first: Region, second: Region) -> Region:
    """All numbers in either."""
    return _combine(first, second, lambda a, b: a or b)


def intersection(first: Region, second: Region) -> Region:
    """All numbers in both."""
    return _combine(first, second, lambda a, b: a and b)


def difference(first: Region, second: Region) -> Region:
    """All numbers in the first that are not in the second."""
    return _combine(first, second, lambda a, b: a and not b)
