"""The suites by name. A new suite is one file and one line here, an entry point `proctor.suites` of a package, or a path."""

import dataclasses
from typing import Any

from ..harness.errors import UsageError
from ..harness.registry import Origin, Registry
from ..harness.user_file import shown_value
from .base import Suite
from .protocols.registry import of_file


def _suite(found: Any, origin: Origin) -> Suite:
    """A suite of a package or a file; the versions of a file's protocols tell its content. Raises UsageError for no suite."""
    if not isinstance(found, Suite):
        raise UsageError(f"suite {origin.shown} is no Suite: {shown_value(found)}")
    return dataclasses.replace(found, own_protocols=tuple(of_file(one, origin) for one in found.own_protocols))


SUITES: Registry[Suite] = Registry(
    kind="suite",
    group="proctor.suites",
    builtin={
        "figures": "proctor.benchmarks.suites.figures:SUITE",
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
