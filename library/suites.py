"""Suites by name, by path, or as the user's own objects."""

from __future__ import annotations

from .benchmarks.base import Suite
from .benchmarks.registry import SUITES
from .harness.errors import UsageError
from .harness.user_file import shown_value


def load_suite(name: str) -> Suite:
    """The suite of that name, of a package, or in the file that mine.py:SUITE names, which is executed.

    Its `load()` gives the items of its bundled sample, `load(path)` those of a file. Raises UsageError for an unknown one.
    """
    return SUITES.get(SUITES.known_as(name))


def suite_name(suite: str | Suite) -> str:
    """The name under which a suite is known to this process from now on. Raises UsageError for one that is taken."""
    if isinstance(suite, str):
        return SUITES.known_as(suite)
    if not isinstance(suite, Suite):
        raise UsageError(f"a suite is a name, mine.py:SUITE or a Suite; not {shown_value(suite)}")
    if suite.name in SUITES and SUITES.get(suite.name) is suite:
        return suite.name
    return SUITES.adopt(suite)
