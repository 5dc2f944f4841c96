"""What is published: tables made from scored runs. `load` and `load_verdicts` give them to pandas (see docs/export.md)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .board.dataframe import load, load_verdicts

__all__ = ["load", "load_verdicts"]


def __getattr__(name: str) -> Any:
    """What `board.dataframe` defines; it is imported when asked for, since it needs pandas."""
    if name in __all__:
        return getattr(import_module(".board.dataframe", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
