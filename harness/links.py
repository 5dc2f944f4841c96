"""Links in a data folder: they may lead out of it only if the user says so, for whoever made the folder made its links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_FOLLOWED: ContextVar[bool] = ContextVar("links are followed", default=False)


@contextmanager
def links_followed(*, followed: bool) -> Iterator[None]:
    """Within it links may lead anywhere, if `followed`."""
    token = _FOLLOWED.set(followed)
    try:
        yield
    finally:
        _FOLLOWED.reset(token)


def is_inside(path: Path, root: Path) -> bool:
    """True if a path is below `root` as it is written, and, unless links are followed, wherever it leads.

    Raises OSError, or RuntimeError for a loop of links.
    """
    if _FOLLOWED.get():
        return Path(os.path.normpath(path.absolute())).is_relative_to(os.path.normpath(root.absolute()))
    return path.resolve().is_relative_to(root.resolve())


def advice() -> str:
    """What to do about a link that leads out of a data folder."""
    return "" if _FOLLOWED.get() else " (if a link that you trust leads there, say --follow-links)"
