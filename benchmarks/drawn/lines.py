"""Straight lines and sectors on a picture, in whole numbers, so that every machine draws the same pixels."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .picture import SIDE

Mask: TypeAlias = NDArray[np.bool_]
Point: TypeAlias = tuple[int, int]
"""(x, y) in pixels from the top left."""
Direction: TypeAlias = tuple[int, int]

ONE = 1024


def direction(degrees: float) -> Direction:
    """Of an angle, counted anticlockwise from the right: (x to the right, y downwards) in units of 1 / ONE."""
    turn = math.radians(degrees)
    return round(ONE * math.cos(turn)), -round(ONE * math.sin(turn))


def offsets(centre: Point) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """x and y of every pixel from the centre, shapes (1, SIDE) and (SIDE, 1)."""
    y, x = np.ogrid[:SIDE, :SIDE]
    return x - centre[0], y - centre[1]


def ray(start: Point, towards: Direction, length: int, half_width: int = 1) -> Mask:
    """The pixels of a line from `start`, `length` pixels long."""
    x, y = offsets(start)
    along = x * towards[0] + y * towards[1]
    across = np.abs(x * towards[1] - y * towards[0])
    line: Mask = (along >= 0) & (along <= length * ONE) & (across <= half_width * ONE + ONE // 2)
    return line


def segment(start: Point, end: Point, half_width: int = 1) -> Mask:
    """The pixels of a line between two points."""
    x, y = offsets(start)
    dx, dy = end[0] - start[0], end[1] - start[1]
    squared = dx * dx + dy * dy
    along = x * dx + y * dy
    across = x * dy - y * dx
    return (along >= 0) & (along <= squared) & (4 * across * across <= (2 * half_width + 1) ** 2 * squared)


def sector(centre: Point, first: Direction, second: Direction, radius: int) -> Mask:
    """The pixels of the sector that opens anticlockwise, by at most half a turn, from the first direction to the second."""
    x, y = offsets(centre)
    after_first = x * first[1] - y * first[0] >= 0
    before_second = x * second[1] - y * second[0] <= 0
    return after_first & before_second & (x * x + y * y <= radius * radius)


def disc(centre: Point, radius: int) -> Mask:
    """The pixels of a disc."""
    x, y = offsets(centre)
    return x * x + y * y <= radius * radius
