"""Means with their intervals as inline SVG. All text is escaped; the chart stands beside a table that holds its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from ...harness.errors import printable
from ...harness.report.svg import drawing, ends, share_of_axis, ticks
from .intervals import Interval

WIDTH, LEFT, RIGHT, ROW = 540, 170, 20, 24
TOP, BOTTOM = 14, 34
LONGEST_LABEL = 26

STYLE = """
.charts { display: flex; flex-wrap: wrap; gap: 0 2rem; } .zero { stroke: var(--soft); }
.range { stroke: var(--s0); stroke-width: 3; opacity: .55; } .dot { fill: var(--s0); }
"""


def axis(intervals: Iterable[Interval], *, share: bool) -> tuple[float, float]:
    """The ends of an axis that holds the intervals: 0 and 1 of a share, else with 0 among what they hold."""
    return (0.0, 1.0) if share else ends(end for one in intervals for end in (one.value, one.low, one.high))


def intervals_chart(title: str, rows: Mapping[str, Interval], *, share: bool) -> str:
    """A dot with its interval per row; undefined ones are left blank. The axis of a share is 0 to 1, of others includes 0."""
    along = axis(rows.values(), share=share)
    height = TOP + ROW * len(rows) + BOTTOM
    marks = [*_grid(along, height - BOTTOM)]
    for place, (label, one) in enumerate(rows.items()):
        y = TOP + ROW * place + ROW / 2
        marks.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(_shortened(label))}</text>')
        if not math.isnan(one.low):
            at = f'x1="{_x(one.low, along):.1f}" x2="{_x(one.high, along):.1f}"'
            marks.append(f'<line class="range" {at} y1="{y:.1f}" y2="{y:.1f}"/>')
        if not math.isnan(one.value):
            marks.append(f'<circle class="dot" cx="{_x(one.value, along):.1f}" cy="{y:.1f}" r="4"/>')
    return drawing(title, (WIDTH, height), marks)


def _shortened(label: str) -> str:
    """A label that fits beside the chart."""
    shown = printable(label)
    return shown if len(shown) <= LONGEST_LABEL else shown[: LONGEST_LABEL - 1] + "…"


def _x(value: float, along: tuple[float, float]) -> float:
    return LEFT + share_of_axis(value, *along) * (WIDTH - LEFT - RIGHT)


def _grid(along: tuple[float, float], bottom: int) -> Iterator[str]:
    for tick in ticks(*along):
        x, kind = _x(tick, along), "zero" if tick == 0 else "grid"
        yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
