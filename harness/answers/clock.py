"""Times of day, calendar dates and years, read from their usual spellings."""

from __future__ import annotations

import re
from collections.abc import Hashable

from .normalise import clean
from .tokens import names, spell, tokenize

_TIME = re.compile(
    r"(?:at\s*)?(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2}))?\s*(a\.?\s?m\.?|p\.?\s?m\.?)?(?:\s*o'?\s*clock)?",
    re.IGNORECASE,
)
_HOUR = re.compile(
    r"(?:at\s*)?(\d{1,2})\s*(?:(a\.?\s?m\.?|p\.?\s?m\.?)|o'?\s*clock\s*(a\.?\s?m\.?|p\.?\s?m\.?)?)",
    re.IGNORECASE,
)
_CHINESE_TIME = re.compile(r"(\d{1,2})\s*[点时]\s*(?:(\d{1,2})\s*分?|整)?")
_MONTH_NAMES = (
    "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|"
    "november nov|december dec"
)
_MONTHS = {name: month for month, group in enumerate(_MONTH_NAMES.split("|"), start=1) for name in group.split()}
_NUMERIC_DATE = re.compile(r"(\d{1,4})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{1,4})")
_CHINESE_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*[日号])?")
_WORDS = re.compile(r"[A-Za-z]+|\d+")
_ORDINAL = frozenset(("st", "nd", "rd", "th", "of", "the", "in", "on"))
_WEEKDAYS = frozenset(names("monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"))
_YEAR = re.compile(r"(?:in|year|the|ad|ce|\s)*(\d{1,4})\s*(?:年|ad|ce)?", re.IGNORECASE)


def plain(text: str) -> str:
    """The text without wrappers, for patterns. Raises TooMuchWorkError over the limits."""
    return spell(tokenize(clean(text), grouped=False))


def time_key(text: str) -> tuple[int, int, int, str] | None:
    """(hour, minute, second, "", "am" or "pm") of a time of day, or None. The spelling 5:0 is five o'clock."""
    text = plain(text)
    found = _TIME.fullmatch(text)
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups()[:3])
        return _checked(hour, minute, second, found.group(4))
    found = _HOUR.fullmatch(text)
    if found:
        return _checked(int(found.group(1)), 0, 0, found.group(2) or found.group(3))
    found = _CHINESE_TIME.fullmatch(text)
    return _checked(int(found.group(1)), int(found.group(2) or 0), 0, None) if found else None


def _checked(hour: int, minute: int, second: int, half: str | None) -> tuple[int, int, int, str] | None:
    if hour > 24 or minute > 59 or second > 59:
        return None
    return hour, minute, second, (half or "").lower().replace(".", "").replace(" ", "")


def same_time(gold: tuple[int, int, int, str], answer: tuple[int, int, int, str]) -> bool:
    """Equal readings; 5:00 pm is 17:00; am or pm may be absent on one side."""
    if bool(gold[3]) != bool(answer[3]) and gold[:3] == answer[:3]:
        return True
    if not gold[3] and not answer[3]:
        return gold == answer
    return _on_24(gold) == _on_24(answer)


def _on_24(time: tuple[int, int, int, str]) -> tuple[int, int, int]:
    hour, minute, second, half = time
    return (hour % 12 + 12 * (half == "pm") if half else hour), minute, second


def date_key(text: str) -> Hashable | None:
    """A calendar date as (year, month, day) or as its three numbers where their order is not sure; None for others."""
    text = plain(text).strip(" .,")
    found = _NUMERIC_DATE.fullmatch(text)
    if found:
        a, b, c = (int(part) for part in found.groups())
        if a > 31:
            return a, b, c
        return ("numbers", a, b, c)
    found = _CHINESE_DATE.fullmatch(text)
    if found:
        return tuple(int(part) for part in found.groups() if part)
    return _named_date(text)


def _named_date(text: str) -> Hashable | None:
    words = [w.lower() for w in _WORDS.findall(text)]
    words = [w for w in words if w not in _ORDINAL and w not in _WEEKDAYS]
    months = [_MONTHS[w] for w in words if w in _MONTHS]
    numbers = [int(w) for w in words if w.isdigit()]
    if len(months) != 1 or len(months) + len(numbers) != len(words) or not 1 <= len(numbers) <= 2:
        return None
    years = [n for n in numbers if n > 31]
    days = [n for n in numbers if n <= 31]
    if len(years) > 1 or len(days) > 1:
        return None
    return (years[0] if years else None, months[0], *days)


def year_of(text: str) -> int | None:
    """The year that `text` names ("2010", "in 2010", 2010年), or None."""
    found = _YEAR.fullmatch(plain(text).strip(" .,"))
    return int(found.group(1)) if found else None
