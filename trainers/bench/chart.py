"""Charts as inline SVG: means with their intervals, and lines over the size of a group. All text is escaped.

Colours and fonts come from the page's style; every chart stands beside a table that holds its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TypeAlias

from .intervals import Interval
from .style import COLOURS

WIDTH, LEFT, RIGHT, ROW = 540, 170, 20, 24
HEIGHT, TOP, BOTTOM = 260, 14, 34
LONGEST_LABEL = 26

_Scale: TypeAlias = Callable[[float], float]
"""From a value to a place."""


def shortened(label: str) -> str:
    """A label that fits beside a chart."""
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def intervals_chart(title: str, rows: Mapping[str, Interval], *, share: bool) -> str:
    """A dot with its interval per row; undefined ones are left blank. The axis of a share is 0 to 1, of others includes 0."""
    low, high = (
        (0.0, 1.0) if share else _range([end for one in rows.values() for end in (one.value, one.low, one.high)])
    )
    height = TOP + ROW * len(rows) + BOTTOM

    def across(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    marks = [_axis(low, high, across, height)]
    for place, (label, one) in enumerate(rows.items()):
        y = TOP + ROW * place + ROW / 2
        marks.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(shortened(label))}</text>')
        if not math.isnan(one.low):
            ends = f'x1="{across(one.low):.1f}" x2="{across(one.high):.1f}"'
            marks.append(f'<line class="range" {ends} y1="{y:.1f}" y2="{y:.1f}"/>')
        if not math.isnan(one.value):
            marks.append(f'<circle class="dot" cx="{across(one.value):.1f}" cy="{y:.1f}" r="4"/>')
    return _svg(title, height, marks)


def lines_chart(title: str, series: Mapping[str, Mapping[int, Interval]], *, share: bool) -> str:
    """A line per series over the size of a group, on a scale of doublings, with an interval at each point."""
    sizes = sorted({size for line in series.values() for size in line})
    points = [one for line in series.values() for one in line.values()]
    low, high = (0.0, 1.0) if share else _range([end for one in points for end in (one.value, one.low, one.high)])

    def across(size: float) -> float:
        first, last = math.log2(sizes[0]), math.log2(sizes[-1])
        return 50 + (math.log2(size) - first) / ((last - first) or 1) * (WIDTH - 50 - RIGHT - 10)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)

    marks = []
    for tick in _ticks(low, high):
        marks.append(f'<line class="grid" x1="50" x2="{WIDTH - RIGHT}" y1="{up(tick):.1f}" y2="{up(tick):.1f}"/>')
        marks.append(f'<text x="44" y="{up(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for size in sizes:
        marks.append(f'<text x="{across(size):.1f}" y="{HEIGHT - 12}" text-anchor="middle">n = {size}</text>')
    for number, line in enumerate(series.values()):
        marks += _line(number, line, across, up)
    return _svg(title, HEIGHT, marks) + _legend(list(series))


def _line(number: int, line: Mapping[int, Interval], across: _Scale, up: _Scale) -> list[str]:
    """One series; those beyond the number of colours are dashed."""
    known = {size: one for size, one in sorted(line.items()) if not math.isnan(one.value)}
    colour = _colour(number)
    path = " ".join(f"{across(size):.1f},{up(one.value):.1f}" for size, one in known.items())
    marks = [f'<polyline class="line {colour}" points="{path}"/>']
    for size, one in known.items():
        x = across(size) + 2 * (number % COLOURS - COLOURS / 2)  # side by side, so that ranges do not hide each other
        if not math.isnan(one.low):
            ends = f'y1="{up(one.low):.1f}" y2="{up(one.high):.1f}"'
            marks.append(f'<line class="thin {colour}" x1="{x:.1f}" x2="{x:.1f}" {ends}/>')
    return marks


def _colour(number: int) -> str:
    return f"s{number % COLOURS}" + (" dashed" if number >= COLOURS else "")


def _legend(labels: Sequence[str]) -> str:
    keys = ""
    for number, label in enumerate(labels):
        line = f'<line class="line {_colour(number)}" x1="0" x2="26" y1="4" y2="4"/>'
        keys += f'<li><svg width="26" height="8" aria-hidden="true">{line}</svg> {escape(shortened(label))}</li>'
    return f'<ul class="legend">{keys}</ul>'


def _axis(low: float, high: float, across: _Scale, height: int) -> str:
    marks = []
    for tick in _ticks(low, high):
        x, bottom = across(tick), height - BOTTOM
        kind = "zero" if tick == 0 else "grid"
        marks.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
        marks.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    return "".join(marks)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis that holds 0 and all the defined values."""
    known = [0.0, *(value for value in values if not math.isnan(value))]
    low, high = min(known), max(known)
    room = (high - low) * 0.05 or 1.0
    return low - room * (low < 0), high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about five."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    return [round(number * step, 12) for number in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def _svg(title: str, height: int, marks: Sequence[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<svg class="chart" {size} role="img" aria-label="{escape(title)}">{"".join(marks)}</svg>'
