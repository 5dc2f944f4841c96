"""The suites by name. A new suite is one file and one line here, an entry point `proctor.suites` of a package, or a path."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..harness.errors import ProctorError, UsageError, printable
from ..harness.registry import Origin, Registry
from ..harness.user_file import shown_value

if TYPE_CHECKING:
    from .base import Suite


def _suite(loaded: Any, origin: Origin) -> Suite:
    """A suite of a package or a file, its functions held to what they must give. Raises UsageError for no suite."""
    from .base import Suite  # noqa: PLC0415  (the names alone are asked for by `proctor eval --help`, which is light)
    from .given import given_suite  # noqa: PLC0415

    if not isinstance(loaded, Suite):
        raise UsageError(f"suite {origin.shown} is no Suite: {shown_value(loaded)}")
    return given_suite(loaded, origin)


SUITES: Registry[Suite] = Registry(
    kind="suite",
    group="proctor.suites",
    builtin={
        "figures": "proctor.benchmarks.suites.figures:SUITE",
        "gym": "proctor.benchmarks.suites.gym:SUITE",
        "mathvision": "proctor.benchmarks.suites.mathvision:SUITE",
        "mathverse": "proctor.benchmarks.suites.mathverse:SUITE",
        "mathvista": "proctor.benchmarks.suites.mathvista:SUITE",
        "wemath": "proctor.benchmarks.suites.wemath:SUITE",
        "logicvista": "proctor.benchmarks.suites.logicvista:SUITE",
        "dynamath": "proctor.benchmarks.suites.dynamath:SUITE",
        "chartqa": "proctor.benchmarks.suites.chartqa:SUITE",
        "iconqa": "proctor.benchmarks.suites.iconqa:SUITE",
    },
    adapt=_suite,
    stored=True,
)


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is under a suite's name: the suite, or None with the `problem`; and its items if it has a sample."""

    name: str
    suite: Suite | None = None
    items: int | None = None
    problem: str | None = None


def find_suites() -> Iterator[Found]:
    """All suites by name. What a package gives in a broken form is told in a line, and is nobody else's trouble."""
    for name in SUITES.names():
        try:
            suite = SUITES.get(name)
        except ProctorError as error:
            yield Found(name, problem=_line(error))
            continue
        if not suite.has_sample:
            yield Found(name, suite, problem=f"suite {name} has no sample: name its data with --data")
            continue
        try:
            yield Found(name, suite, len(suite.load()))
        except ProctorError as error:
            yield Found(name, suite, problem=_line(error))
        except Exception as error:  # `parse` of a package may raise whatever it likes
            yield Found(name, suite, problem=printable(f"suite {name}: its sample cannot be read: {error!r:.200}"))


def _line(error: ProctorError) -> str:
    return str(error).partition("\n")[0]
