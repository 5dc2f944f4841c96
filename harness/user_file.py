"""A Python file that the user names, path/to/file.py:thing. Loading executes the file, with all rights of the user.

What is executed is exactly what the digest is of: the file is read once, and nothing compiled earlier is used. What the file
itself imports has no part in the digest. Nothing here is ever called with a name that stands in a stored file: a run, a
board or a training says what things are called, not where code is.

Calling what somebody else wrote: what it raises is told in one line, with file and line.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from .errors import ProctorError, UsageError

_LONGEST = 200
_MAX_BYTES = 2**20
_OURS = ("proctor", "importlib")
"""Modules between the call and the function of somebody else."""


def in_file(name: str) -> tuple[Path, str] | None:
    """The file and the thing in it that a name stands for; None for a name that is no path of a Python file."""
    if name.endswith(".py"):
        return Path(name), ""
    path, _, thing = name.rpartition(":")
    return (Path(path), thing) if path.endswith(".py") else None


def anchored(name: str, folder: Path) -> str:
    """The same name with the path of a .py, .toml or .txt file made absolute, from `folder`: other processes have others."""
    if name.endswith((".toml", ".txt")):
        return str((folder / Path(name).expanduser()).resolve())
    place = in_file(name)
    if place is None:
        return name
    path, thing = place
    return f"{(folder / path.expanduser()).resolve()}{':' if thing else ''}{thing}"


def call(what: str, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What the function gives. Raises UsageError that begins with `what`, with the file and line an exception came from."""
    try:
        with redirect_stdout(sys.stderr):  # what somebody else's code prints is not the command's result
            return function(*given, **named)
    except (ProctorError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UsageError(f"{what}: {describe_error(error, function)}") from error


@dataclass(frozen=True)
class Held:
    """A function that somebody else wrote; what it raises, and what it gives that is of no use, is an error of one line.

    `unfit` says of what the function gave, and what it was given, what is wrong with it; None if nothing is.
    """

    what: str
    function: Callable[..., Any]
    unfit: Callable[..., str | None]

    def __call__(self, *given: Any) -> Any:
        """What the function gives. Raises UsageError that begins with `what`, with file and line."""
        found = call(self.what, self.function, *given)
        if (problem := self.unfit(found, *given)) is not None:
            raise UsageError(f"{self.what}: {place_of(self.function)}{problem}")
        return found


def place_of(thing: Any) -> str:
    """ "FILE:LINE: " of where a function or a class is written; "" for what is not written in Python."""
    function = inspect.unwrap(thing) if callable(thing) else thing
    for one in (function, getattr(function, "__init__", None), vars(type(function)).get("__call__")):
        code = getattr(one, "__code__", None)
        if code is not None:
            return f"{code.co_filename}:{code.co_firstlineno}: "
    return ""


def describe_error(error: BaseException, function: Any = None) -> str:
    """An exception in one line: the deepest line of the called function's own file, and what was raised.

    Where the call itself failed, as with too many arguments, the line is that of the `function`.
    """
    frames = [(frame.f_globals.get("__name__", ""), frame.f_code.co_filename, line) for frame, line in _walk(error)]
    message = f"{type(error).__name__}: {shown_value(error, str)}"
    theirs = next((file for module, file, _ in frames if module.partition(".")[0] not in _OURS), None)
    if theirs is None:
        return f"{place_of(function)}{message}"
    line = [line for _, file, line in frames if file == theirs][-1]
    return f"{theirs}:{line}: {message}"


def _walk(error: BaseException) -> list[tuple[FrameType, int]]:
    """The frames of an exception below that which caught it."""
    return list(traceback.walk_tb(error.__traceback__))[1:]


def shown_value(value: Any, text: Callable[[Any], str] = repr) -> str:
    """What somebody else's object says of itself, in one line."""
    try:
        return " ".join(text(value).split())[:_LONGEST]
    except Exception:  # its own method raised
        return f"a {type(value).__name__} that cannot be shown"


@dataclass(frozen=True)
class UserFile:
    """A file that was executed: its module, and the SHA-256 (hex) of its bytes; `kind` is what is looked for in it."""

    path: Path
    sha256: str
    module: ModuleType
    kind: str

    @classmethod
    def execute(cls, path: Path, kind: str) -> UserFile:
        """Read and execute a file. Raises UsageError, with the line, for one that is missing or that cannot be executed."""
        path = path.expanduser()
        try:
            if path.exists() and not path.is_file():
                raise UsageError(f"{kind} file {path} is no regular file")
            with path.open("rb") as stream:
                source = stream.read(_MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(f"cannot read {kind} file {path}: {error.strerror}") from error
        if len(source) > _MAX_BYTES:
            raise UsageError(f"{kind} file {path} is no {kind}: it has more than {_MAX_BYTES} bytes")
        digest = hashlib.sha256(source).hexdigest()
        module = ModuleType(f"proctor_file_{digest[:16]}")
        module.__file__ = str(path)
        sys.modules[module.__name__] = module  # dataclasses look their module up
        _run(source, f"{kind} file {path}", module)
        return cls(path, digest, module, kind)

    def find(self, name: str) -> Any:
        """The thing of that name. Raises UsageError if there is none."""
        if name and hasattr(self.module, name):
            return getattr(self.module, name)
        own = sorted(key for key, value in vars(self.module).items() if self._is_own(value) and not key.startswith("_"))
        example = f"{self.path.name}:{own[0] if own else 'NAME'}"
        problem = f"has no {name!r:.60}" if name else f"holds more than one thing: name yours, like {example}"
        raise UsageError(f"{self.kind} file {self.path} {problem}; there are: {', '.join(own) or 'none'}")

    def _is_own(self, value: Any) -> bool:
        if callable(value):
            return getattr(value, "__module__", None) == self.module.__name__
        return type(value).__module__.partition(".")[0] in ("proctor", self.module.__name__)


def _run(source: bytes, what: str, module: ModuleType) -> None:
    path = str(module.__file__)
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UsageError(f"{what}:{error.lineno or 1}: SyntaxError: {error.msg}") from error
    except (ValueError, MemoryError, RecursionError) as error:  # the last two: nested too deeply
        raise UsageError(f"{what} is no Python: {shown_value(error, str) or type(error).__name__}") from error
    try:
        with redirect_stdout(sys.stderr):
            exec(code, vars(module))  # noqa: S102 - the user named this file to be executed
    except ProctorError as error:
        lines = [line for frame, line in _walk(error) if frame.f_code.co_filename == path]
        raise UsageError(f"{what}{f':{lines[-1]}' if lines else ''}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UsageError(f"{what.removesuffix(path)}{describe_error(error)}{_beside(error, Path(path))}") from error


def _beside(error: BaseException, path: Path) -> str:
    """What to do about a module that was not found and lies beside the file."""
    name = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    folder = path.absolute().parent
    if not name or not ((folder / f"{name}.py").is_file() or (folder / name).is_dir()):
        return ""
    return f": {name} lies beside the file, where Python does not look: begin the command with PYTHONPATH={folder}"
