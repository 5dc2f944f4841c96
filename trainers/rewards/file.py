"""A reward in a Python file that the user names. Loading executes the file, with all rights of the user.

What is executed is exactly what the digest is of: the file is read once, and nothing compiled earlier is used. What the file
itself imports has no part in the digest.

Calling a reward that somebody else wrote: what it raises is told with file and line, what it gives must be numbers.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ...harness.errors import DataError, ProctorError, UsageError
from ...harness.types import Json
from ..base import Group, Reward
from .advantages import Array
from .declaration import RewardSpec

_LONGEST = 200


def call_reward(function: Callable[..., Any], name: str, *given: Any, **named: Any) -> Any:
    """What the function gives. Raises UsageError with the file and the line of the function that an exception came from."""
    try:
        with redirect_stdout(sys.stderr):  # what a reward prints is not the command's result
            return function(*given, **named)
    except (ProctorError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UsageError(f"reward {name}: {describe_error(error)}") from error


def describe_error(error: BaseException) -> str:
    """An exception in one line: the deepest line of the called function's own file, and what was raised."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    said = f"{type(error).__name__}: {shown_value(error, str)}"
    if not frames:
        return said
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"{own[-1].filename}:{own[-1].lineno}: {said}"


def shown_value(value: Any, text: Callable[[Any], str] = repr) -> str:
    """What somebody else's object says of itself, in one line."""
    try:
        return " ".join(text(value).split())[:_LONGEST]
    except Exception:  # its own method raised
        return f"a {type(value).__name__} that cannot be shown"


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
    given = call_reward(reward, reward.name, group, seed)
    row = numbers(given)
    n = len(group.responses)
    if row is None or row.shape != (n,) or not np.isfinite(row).all():
        raise DataError(
            f"reward {reward.name}: gave {shown_value(given)} for item {group.item_id}, not {n} finite numbers"
        )
    return row


_MAX_BYTES = 2**20


@dataclass(frozen=True)
class RewardFile:
    """A file that was executed: its module, and the SHA-256 (hex) of its bytes."""

    path: Path
    sha256: str
    module: ModuleType

    @classmethod
    def execute(cls, path: Path) -> RewardFile:
        """Read and execute a file. Raises UsageError, with the line, for one that is missing or that cannot be executed."""
        try:
            if path.exists() and not path.is_file():
                raise UsageError(f"reward file {path} is no regular file")
            with path.open("rb") as stream:
                source = stream.read(_MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(f"cannot read reward file {path}: {error.strerror}") from error
        if len(source) > _MAX_BYTES:
            raise UsageError(f"reward file {path} is no reward: it has more than {_MAX_BYTES} bytes")
        digest = hashlib.sha256(source).hexdigest()
        module = ModuleType(f"proctor_reward_{digest[:16]}")
        module.__file__ = str(path)
        sys.modules[module.__name__] = module  # dataclasses look their module up
        _run(source, path, module)
        return cls(path, digest, module)

    def find(self, name: str) -> Callable[..., Any]:
        """The function or class of that name. Raises UsageError if there is none."""
        found = getattr(self.module, name, None) if name else None
        if not callable(found):
            own = (key for key, value in vars(self.module).items() if self._is_own(value) and not key.startswith("_"))
            there = ", ".join(sorted(own)) or "none"
            missing = f"has no function {name!r}" if name else f"needs its function named, like {self.path.name}:score"
            raise UsageError(f"reward file {self.path} {missing}; functions there: {there}")
        return found  # type: ignore[no-any-return]

    def _is_own(self, value: Any) -> bool:
        return callable(value) and getattr(value, "__module__", None) == self.module.__name__


def _run(source: bytes, path: Path, module: ModuleType) -> None:
    try:
        code = compile(source, str(path), "exec")
    except SyntaxError as error:
        raise UsageError(f"reward file {path}:{error.lineno or 1}: SyntaxError: {error.msg}") from error
    except (ValueError, MemoryError, RecursionError) as error:  # the last two: nested too deeply
        raise UsageError(
            f"reward file {path} is no Python: {shown_value(error, str) or type(error).__name__}"
        ) from error
    try:
        with redirect_stdout(sys.stderr):
            exec(code, vars(module))  # noqa: S102 - the user named this file to be executed
    except ProctorError as error:
        raise UsageError(f"reward file {path}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UsageError(f"reward file {describe_error(error)}") from error


@dataclass(frozen=True, kw_only=True)
class FunctionReward(RewardSpec):
    """A function, or an instance of a class, as a reward, with what it declares; `file` is None if an entry point named it.

    A function gets the seed if it has a parameter of that name, an instance always.
    """

    name: str
    score: Callable[..., Any]
    takes_seed: bool
    settings: Any = None
    file: RewardFile | None = None

    def __call__(self, group: Group, seed: int) -> Any:
        """What it gives, unchecked. Raises UsageError with the file and line of an exception."""
        if not inspect.isroutine(self.score):
            return call_reward(self.score, self.name, group, seed)
        return call_reward(self.score, self.name, group, **({"seed": seed} if self.takes_seed else {}))


def takes_seed(function: Callable[..., Any], name: str) -> bool:
    """Whether a function takes (group, seed) rather than (group). Raises UsageError if it takes neither."""
    signature = inspect.signature(function)
    seed = {"seed": 0} if "seed" in signature.parameters else {}
    try:
        signature.bind(None, **seed)
    except TypeError:
        raise UsageError(f"reward {name} must take (group) or (group, seed), not {signature}") from None
    return bool(seed)


def file_identity(reward: object) -> Mapping[str, Json]:
    """What a resume must agree with: the digest of the reward's file, for one that stands in a file of its own."""
    file = getattr(reward, "file", None)
    return {"reward_file": {"sha256": file.sha256}} if isinstance(file, RewardFile) else {}
