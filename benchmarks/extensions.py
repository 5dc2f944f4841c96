"""What a user's own file adds to the suites and protocols: stored runs name them, and a name never executes a file."""

from __future__ import annotations

from ..harness.errors import UsageError
from ..harness.user_file import UserFile, in_file
from .base import Suite
from .protocols.registry import PROTOCOLS
from .registry import SUITES


def learn(text: str) -> None:
    """Execute FILE.py:NAME, and know its suite or protocol by its name. Raises UsageError for anything else."""
    place = in_file(text)
    if place is None:
        raise UsageError(f"--with must look like mine.py:SUITE, not {text!r:.80}")
    is_suite = isinstance(UserFile.execute(place[0], "suite").find(place[1]), Suite)
    registry = SUITES if is_suite else PROTOCOLS
    registry.known_as(text)
