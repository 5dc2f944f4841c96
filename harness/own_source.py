"""What is known of the source of a function that runs in this process: its file, if that is what runs.

A name says little of a function: two cells of a notebook can both be called `answer`. So a function is known by the digest
of its file, and only where the file holds all there is of it. Unknown is the source of what was typed in, of a file that was
edited since it was imported, and of what carries values that no file shows: a closure, a bound method, an object.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from .types import Json

UNKNOWN = "unknown"


def source_of(function: Any) -> Mapping[str, Json]:
    """{"file": name, "sha256": digest of its bytes}, or {"unknown": digits that are never the same twice}.

    So nobody takes the answers of one unknown function for those of another. What the file imports has no part in it.
    """
    if isinstance(function, FunctionType) and function.__closure__ is None:
        path = Path(function.__code__.co_filename)
        try:
            content = path.read_bytes()
            known = function.__code__ in _codes(compile(content, path, "exec", dont_inherit=True))
        except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
            known = False
        if known:
            return {"file": path.name, "sha256": hashlib.sha256(content).hexdigest()}
    return {UNKNOWN: uuid.uuid4().hex}


def is_unknown(source: Json) -> bool:
    """True for what `source_of` says where it does not know."""
    return isinstance(source, Mapping) and UNKNOWN in source


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of everything that a compiled file defines."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
