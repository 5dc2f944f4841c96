"""What charts as inline SVG share: the frame with its name for those who do not see it, and the ends and ticks of an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from ..errors import printable


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
