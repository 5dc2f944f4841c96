"""Bounded memos of pure functions, all of which can be emptied at once (to measure what a first call costs)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

from .limits import MEMO_SIZE

_P = ParamSpec("_P")
_T = TypeVar("_T")
_EMPTY: list[Callable[[], None]] = []


def memo(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """`function` with its last MEMO_SIZE results remembered. Callers bound the length of the arguments."""
    remembered = lru_cache(maxsize=MEMO_SIZE)(function)
    _EMPTY.append(remembered.cache_clear)
    return cast("Callable[_P, _T]", remembered)


def forget() -> None:
    """Empty every memo."""
    for empty in _EMPTY:
        empty()
