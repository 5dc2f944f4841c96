"""The suites by name. A new suite is one file and one line here, or an entry point `proctor.suites` of another package."""

from ..harness.registry import Registry
from .base import Suite

SUITES: Registry[Suite] = Registry(
    kind="suite",
    group="proctor.suites",
    builtin={
        "figures": "proctor.benchmarks.figures:SUITE",
        "mathvision": "proctor.benchmarks.mathvision:SUITE",
        "mathverse": "proctor.benchmarks.mathverse:SUITE",
        "mathvista": "proctor.benchmarks.mathvista:SUITE",
        "wemath": "proctor.benchmarks.wemath:SUITE",
        "logicvista": "proctor.benchmarks.logicvista:SUITE",
        "dynamath": "proctor.benchmarks.dynamath:SUITE",
        "chartqa": "proctor.benchmarks.chartqa:SUITE",
        "iconqa": "proctor.benchmarks.iconqa:SUITE",
    },
)
