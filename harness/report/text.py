"""Numbers and lists as people read them: shares, intervals, p-values, counted things, and the first few of many names."""

from __future__ import annotations

from collections.abc import Iterable


def points(share: float, digits: int = 1, *, signed: bool = False) -> str:
    """A share in percent, or with its sign a difference in percentage points: "63.8", "+35.5"."""
    return f"{100 * share:{'+' if signed else ''}.{digits}f}"


def interval(low: float, high: float, digits: int = 1, *, signed: bool = False, clusters: int | None = None) -> str:
    """An interval of shares in percent: "59.4 to 68.1", "+30.9 to +39.9".

    One that is all that is possible says nothing, and is a dash, with the number of `clusters` where that is known.
    """
    if low <= (-1 if signed else 0) and high >= 1:
        return "–" if clusters is None else f"– ({counted(clusters, 'cluster')})"
    return f"{points(low, digits, signed=signed)} to {points(high, digits, signed=signed)}"


def p_value(p: float) -> str:
    """Two digits, and never 0."""
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun, and with the verb if that is named: "1 row", "3 rows", "1 answer is", "2 answers are"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def first_of(names: Iterable[str], most: int) -> str:
    """The first names, and how many more there are: "a, b, c and 3 more"."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
