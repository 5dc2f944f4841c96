"""The suites by name. A new suite is one file and one line here, or an entry point `proctor.suites` of another package."""

from ..harness.registry import Registry
from .base import Suite

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
)
