"""What a tool recorded beside an answer: the final answer that it read, its verdict, and whether a model helped."""

from __future__ import annotations

import math
from typing import Any

from ...harness.types import Recorded

_TRUE, _FALSE = ("true", "1", "1.0", "correct", "yes"), ("false", "0", "0.0", "fail", "no", "incorrect")


def recorded(extracted: Any, correct: Any, *, by_model: bool) -> Recorded | None:
    """What was recorded; None where nothing was."""
    text, verdict = _text(extracted), truth(correct)
    return None if text is None and verdict is None else Recorded(text, verdict, by_model)


def _text(value: Any) -> str | None:
    """A stored extraction as a text, several letters as "A, C"; None for what is none."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if value is None or isinstance(value, bool | dict) or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value)


def truth(value: Any) -> bool | None:
    """A verdict as tools write them (True, 1, "1.0", "correct", [True]); None for what is none."""
    if isinstance(value, list | tuple):
        found = [None if isinstance(entry, list | tuple) else truth(entry) for entry in value]
        return None if not found or None in found else any(found)
    said = str(value).strip().lower()
    return True if said in _TRUE else False if said in _FALSE else None
