"""Curves over steps as an inline SVG, in the colours of the bench's page. All text is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ..bench.chart import shortened
from ..bench.style import COLOURS

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 50, 20, 14, 34
TICKS = 4
MOST_POINTS = 400
MOST_CURVES = 2 * COLOURS
"""Each colour once as a line and once dashed."""


def steps_chart(title: str, curves: Mapping[str, Sequence[float]]) -> str:
    """A curve per name, its values at step 0, 1, 2, ...; the axis goes from 0 to 1, or to a whole number above them all."""
    top = max(1, math.ceil(max(map(max, curves.values())) - 1e-9))
    steps = max(1, max(map(len, curves.values())) - 1)
    drawn = "".join(
        f'<polyline class="line {_colour(k)}" points="{_points(values, steps, top)}"/>'
        for k, values in enumerate(curves.values())
    )
    legend = "".join(
        f'<li><svg width="26" height="8" aria-hidden="true"><line class="line {_colour(k)}" x1="0" x2="26" y1="4" y2="4"/>'
        f"</svg> {escape(shortened(name))}</li>"
        for k, name in enumerate(curves)
    )
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return (
        f'<svg class="chart" {size} role="img" aria-label="{escape(title)}">{"".join(_axes(steps, top))}{drawn}</svg>'
        f'<ul class="legend">{legend}</ul>'
    )


def _colour(k: int) -> str:
    return f"s{k % COLOURS}" + (" dashed" if k >= COLOURS else "")


def _across(step: float, steps: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * step / steps


def _up(value: float, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _points(values: Sequence[float], steps: int, top: int) -> str:
    """The curve at some steps, evenly, the last one among them."""
    stride = -(-len(values) // MOST_POINTS)
    places = sorted({*range(0, len(values), stride), len(values) - 1})
    return " ".join(f"{_across(step, steps):.1f},{_up(values[step], top):.1f}" for step in places)


def _axes(steps: int, top: int) -> Iterator[str]:
    for k in range(TICKS + 1):
        y = _up(top * k / TICKS, top)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * k / TICKS:g}</text>'
    for step in sorted({round(k * steps / TICKS) for k in range(TICKS + 1)}):
        name = f"step {step}" if step == steps else str(step)
        anchor = "end" if step == steps else "middle"
        x = _across(step, steps) + (RIGHT / 2 if step == steps else 0)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="{anchor}">{name}</text>'
