"""Charts of lines as inline SVG: told apart by colour and dash, and named in a legend. All names are escaped.

A chart shows the course; its numbers stand in a table beside it.

What charts as inline SVG share: the frame with its name for those who do not see it, and the ends and ticks of an axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from ..errors import printable
from .document import COLOURS, DASHES


def drawing(title: str, size: tuple[int, int], marks: Iterable[str], description: str = "") -> str:
    """The SVG of `size`, width and height, with its name and description, which are text; `marks` are SVG."""
    width, height = size
    told = f"<desc>{escape(printable(description))}</desc>" if description else ""
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(printable(title))}">{told}{"".join(marks)}</svg>'
    )


def ends(values: Iterable[float]) -> tuple[float, float]:
    """The ends of an axis that holds 0 and all the values but NaN, with a little room."""
    known = [0.0, *(value for value in values if not math.isnan(value))]
    low, high = min(known), max(known)
    room = (high - low) * 0.05 or 1.0
    return low - room * (low < 0), high + room


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about five."""
    raw = high / 5 - low / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def share_of_axis(value: float, low: float, high: float) -> float:
    """Where a value lies on an axis, from 0 to 1; by halves, since the whole length of an axis may overflow."""
    return (value / 2 - low / 2) / (high / 2 - low / 2)


WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 50, 32, 14, 34
_QUARTERS = 4


@dataclass(frozen=True)
class Series:
    """One line: `values` at `places`, where None is a gap; lines of one `look` have one colour and dash.

    `ranges` are the intervals about the values, for all places or for none; None where there is none.
    """

    name: str
    look: int
    places: Sequence[int]
    values: Sequence[float | None]
    ranges: Sequence[tuple[float, float] | None] = ()


@dataclass(frozen=True)
class Across:
    """The horizontal axis from `first` to `last` with its `ticks`; on a scale of `doublings` first is above 0."""

    first: int
    last: int
    ticks: Sequence[tuple[int, str]]
    doublings: bool = False

    def x(self, place: int) -> float:
        """Where in the drawing a place lies."""
        ends = (self.first, place, self.last)
        first, here, last = map(math.log2, ends) if self.doublings else ends
        return LEFT + (WIDTH - LEFT - RIGHT) * (here - first) / ((last - first) or 1)


def steps(last: int) -> Across:
    """An axis of steps, from 0 to the last."""
    marked = sorted({round(last * quarter / _QUARTERS) for quarter in range(_QUARTERS + 1)})
    return Across(0, last, [(step, f"step {step}" if step == last else str(step)) for step in marked])


def doublings(sizes: Sequence[int]) -> Across:
    """An axis of sizes n, ascending and above 0, each as far from its double as any other."""
    return Across(sizes[0], sizes[-1], [(size, f"n = {size}") for size in sizes], doublings=True)


def line_chart(title: str, lines: Sequence[Series], across: Across, up: tuple[float, float]) -> str:
    """The chart without its legend; `up` are the ends of the vertical axis."""
    marks = [*_grid(across, up), *(mark for line in lines for mark in _line(line, across, up))]
    return drawing(title, (WIDTH, HEIGHT), marks, f"Lines: {'; '.join(line.name for line in lines)}.")


def legend(names: Sequence[str]) -> str:
    """A list of the looks 0, 1, ... and what each stands for."""
    keys = "".join(
        f'<li><svg width="40" height="8" aria-hidden="true"><line class="{_look(look)}" x1="0" x2="40" y1="4" y2="4"/>'
        f"</svg> {escape(printable(name))}</li>"
        for look, name in enumerate(names)
    )
    return f'<ul class="legend">{keys}</ul>'


def _look(look: int) -> str:
    return f"line s{look % COLOURS} d{look % DASHES}"


def _y(value: float, up: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share_of_axis(value, *up)


def _grid(across: Across, up: tuple[float, float]) -> Iterator[str]:
    for tick in ticks(*up):
        y = _y(tick, up)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    for place, label in across.ticks:
        yield f'<text x="{across.x(place):.1f}" y="{HEIGHT - 12}" text-anchor="middle">{label}</text>'


def _line(line: Series, across: Across, up: tuple[float, float]) -> Iterator[str]:
    """The pieces of a line between its gaps, and the intervals, a little apart so that lines do not hide each other's."""
    yield f"<g><title>{escape(printable(line.name))}</title>"
    for piece in _pieces(line):
        points = [(f"{across.x(place):.1f}", f"{_y(value, up):.1f}") for place, value in piece]
        if len(points) > 1:
            yield f'<polyline class="{_look(line.look)}" points="{" ".join(map(",".join, points))}"/>'
        else:
            ((x, y),) = points
            yield f'<circle class="{_look(line.look)}" cx="{x}" cy="{y}" r="1.5"/>'
    aside = 2 * (line.look % COLOURS - COLOURS / 2)
    for place, found in zip(line.places, line.ranges, strict=False):
        if found:
            (low, high), beside = found, across.x(place) + aside
            at = f'x1="{beside:.1f}" x2="{beside:.1f}" y1="{_y(low, up):.1f}" y2="{_y(high, up):.1f}"'
            yield f'<line class="thin s{line.look % COLOURS}" {at}/>'
    yield "</g>"


def _pieces(line: Series) -> Iterator[list[tuple[int, float]]]:
    """The places and values of a line, a new list after every gap."""
    piece: list[tuple[int, float]] = []
    for place, value in zip(line.places, line.values, strict=True):
        if value is not None:
            piece.append((place, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece
