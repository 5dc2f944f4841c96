"""Calling a reward that somebody else wrote: what it raises is told with file and line, what it gives must be numbers."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from ..harness.errors import DataError, ProctorError, UsageError
from .advantages import Array
from .base import Group, Reward

_LONGEST = 200


def called(function: Callable[..., Any], name: str, *given: Any, **named: Any) -> Any:
    """What the function gives. Raises UsageError with the file and the line of the function that an exception came from."""
    try:
        with redirect_stdout(sys.stderr):  # what a reward prints is not the command's result
            return function(*given, **named)
    except (ProctorError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UsageError(f"reward {name}: {told(error)}") from error


def told(error: BaseException) -> str:
    """An exception in one line: the deepest line of the called function's own file, and what was raised."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    said = f"{type(error).__name__}: {shown(error, str)}"
    if not frames:
        return said
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"{own[-1].filename}:{own[-1].lineno}: {said}"


def shown(value: Any, text: Callable[[Any], str] = repr) -> str:
    """What somebody else's object says of itself, in one line."""
    try:
        return " ".join(text(value).split())[:_LONGEST]
    except Exception:  # its own method raised
        return f"a {type(value).__name__} that can not be shown"


def numbers(given: Any) -> Array | None:
    """The given sequence of numbers, shape (n,); None for anything else."""
    try:
        found = np.asarray(given)
    except Exception:  # whatever an object of somebody else raises when it is made an array
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
        raise DataError(f"reward {reward.name}: gave {shown(given)} for item {group.item_id}, not {n} finite numbers")
    return row
