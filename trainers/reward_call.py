"""Calling a reward that somebody else wrote: what it raises is told with file and line, what it gives must be numbers."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from ..harness.errors import DataError, ProctorError, UsageError
from .advantages import Array
from .base import Group, Reward

_LONGEST = 200


def called(function: Callable[..., Any], name: str, *given: Any, **named: Any) -> Any:
    """What the function gives. Raises UsageError with the file and the line of the function that an exception came from."""
    try:
        return function(*given, **named)
    except ProctorError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"reward {name}: {told(error)}") from error


def told(error: BaseException) -> str:
    """An exception in one line: the deepest line of the called function's own file, and what was raised."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:_LONGEST]}"
    if not frames:
        return said
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"{own[-1].filename}:{own[-1].lineno}: {said}"


def numbers(given: Any) -> Array | None:
    """The given sequence of numbers, shape (n,); None for anything else."""
    try:
        found = np.asarray(given)
    except (TypeError, ValueError):
        return None
    return found.astype(np.float64) if found.ndim == 1 and (found.dtype.kind in "biuf" or found.size == 0) else None


def rewards_of(reward: Reward, group: Group, seed: int) -> Array:
    """The rewards of a group's responses, shape (n,).

    Raises UsageError for an exception inside the reward, DataError if it does not give n finite numbers.
    """
    given = called(reward, reward.name, group, seed)
    row = numbers(given)
    n = len(group.responses)
    if row is None or row.shape != (n,) or not np.isfinite(row).all():
        raise DataError(f"reward {reward.name}: gave {given!r:.120} for item {group.item_id}, not {n} finite numbers")
    return row
