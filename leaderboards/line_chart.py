"""A chart of lines over steps as inline SVG, without a script; colours come from the page's style sheet by class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 34
_TICKS = 4


@dataclass(frozen=True)
class Line:
    """One line: its name, its class in the style sheet, and values by step; None is a gap."""

    name: str
    style: str
    steps: Sequence[int]
    values: Sequence[float | None]


def chart(title: str, lines: Sequence[Line]) -> str:
    """The SVG. The vertical axis is from 0 to 1 unless values lie outside."""
    known = [value for line in lines for value in line.values if value is not None]
    low, high = min([0.0, *known]), max([1.0, *known])
    last = max((step for line in lines for step in line.steps), default=1)
    label = escape(f"{title} by step, one line for each training", quote=True)
    marks = "".join((*_grid(low, high, last), *(_path(line, low, high, last) for line in lines)))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{marks}</svg>'


def _grid(low: float, high: float, last: int) -> Iterator[str]:
    for tick in range(_TICKS + 1):
        value = low + (high - low) * tick / _TICKS
        y = _y(value, low, high)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.2g}</text>'
    for step in sorted({math.ceil(last * tick / _TICKS) for tick in range(1, _TICKS + 1)}):
        yield f'<text x="{_x(step, last):.1f}" y="{HEIGHT - 12}" text-anchor="middle">{step}</text>'


def _path(line: Line, low: float, high: float, last: int) -> str:
    pieces, pen = [], "M"
    for step, value in zip(line.steps, line.values, strict=True):
        if value is None:
            pen = "M"
            continue
        pieces.append(f"{pen}{_x(step, last):.1f} {_y(value, low, high):.1f}")
        pen = "L"
    name = escape(line.name)
    return f'<path class="line {escape(line.style, quote=True)}" d="{"".join(pieces)}"><title>{name}</title></path>'


def _x(step: int, last: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * step / max(1, last)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)
