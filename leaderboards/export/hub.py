"""Where a suite's score belongs on the Hugging Face hub: the data set, and the task in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...benchmarks.check import SIZES
from ...benchmarks.sources.published import HUB, Published
from ...harness.errors import UsageError
from ..board.table import Row

DECLARED: Mapping[str, Mapping[str, str]] = {
    "mathvision": {"test": "mathvision", "testmini": "mathvision_testmini"},
}
"""Ids of tasks that a data set declares in its `eval.yaml`, by suite and published set. MathVision's are those of
MathLLMs/MathVision; of the other data sets no such file is known."""

WHOLE: Mapping[str, tuple[str, ...]] = {
    "mathvision": ("test", "testmini"),
    "mathverse": ("testmini",),
    "mathvista": ("testmini",),
    "wemath": ("testmini",),
    "logicvista": ("all",),
    "dynamath": ("ten variants",),
    "chartqa": ("test",),
    "iconqa": ("test",),
}
"""The sets (of `SIZES`) whose score is that of the benchmark; a part of one has a score of its own, which is not."""

DEFAULT_TASK = "default"
_TASK = re.compile(r"[!-~]{1,100}")


@dataclass(frozen=True)
class HubTask:
    """A data set of the hub, the published set that was examined, and the id of its task; `declared` if that is known."""

    published: Published
    set_name: str
    task: str
    declared: bool


def check_tasks(tasks: Mapping[str, str]) -> None:
    """Raise UsageError for a suite that is not on the hub, and for a task whose id is no single word."""
    for suite, task in tasks.items():
        if suite not in HUB:
            raise UsageError(f"no suite {suite!r:.60} is on the hub, for a task; there are: {', '.join(sorted(HUB))}")
        if not _TASK.fullmatch(task):
            raise UsageError(f"the task of {suite} must be an id without spaces, not {task!r:.60}")


def published_set(suite: str, items: int) -> str | None:
    """The name of a suite's published set that has so many items, whole or a part; None if it has none."""
    return next((name for name, size in SIZES.get(suite, {}).items() if size == items), None)


def place_of(row: Row, tasks: Mapping[str, str]) -> HubTask:
    """Where a row's score belongs; `tasks` names the task of a suite in place of the known one.

    Raises UsageError for a suite that is not on the hub, and for a run of less than a whole published set.
    """
    published = HUB.get(row.suite)
    if published is None:
        raise UsageError(f"{row.suite} is not on the hub, so no data set there can show its score")
    name = published_set(row.suite, row.items)
    if name not in WHOLE[row.suite]:
        sizes = ", ".join(f"{one} {SIZES[row.suite][one]}" for one in WHOLE[row.suite])
        raise UsageError(
            f"{row.suite}: the {row.items} items of run {row.run_id} are no whole set of {published.path} ({sizes})"
        )
    declared = DECLARED.get(row.suite, {}).get(name)
    task = tasks.get(row.suite) or declared or published.config or DEFAULT_TASK
    return HubTask(published, name, task, bool(declared) or row.suite in tasks)
