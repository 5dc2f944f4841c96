"""Where a suite's score belongs on the Hugging Face hub: the data set, and the task in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...benchmarks.registry import SUITES
from ...benchmarks.sources.published import UNPUBLISHED, HubSet, Published
from ...harness.errors import UsageError
from ..board.table import Row

DEFAULT_TASK = "default"
_TASK = re.compile(r"[!-~]{1,100}")


@dataclass(frozen=True)
class HubTask:
    """A data set of the hub, the published set that was examined, and the id of its task; `declared` if that is known."""

    published: HubSet
    set_name: str
    task: str
    declared: bool


def check_tasks(tasks: Mapping[str, str]) -> None:
    """Raise UsageError for a suite that is not on the hub, and for a task whose id is no single word."""
    for suite, task in tasks.items():
        if _published(suite).hub is None:
            raise UsageError(f"no suite {suite!r:.60} is on the hub, for a task")
        if not _TASK.fullmatch(task):
            raise UsageError(f"the task of {suite} must be an id without spaces, not {task!r:.60}")


def published_set(suite: str, items: int) -> tuple[str, bool] | None:
    """The name of a suite's published set that has so many items, and whether it is only a part of one; None without any."""
    published = _published(suite)
    name = next((name for name, size in published.sizes.items() if size == items), None)
    return None if name is None else (name, name in published.parts)


def place_of(row: Row, tasks: Mapping[str, str]) -> HubTask:
    """Where a row's score belongs; `tasks` names the task of a suite in place of the known one.

    Raises UsageError for a suite that is not on the hub, and for a run of less than a whole published set.
    """
    published = _published(row.suite)
    hub = published.hub
    if hub is None:
        raise UsageError(f"{row.suite} is not on the hub, so no data set there can show its score")
    name = next((name for name, size in published.sets.items() if size == row.items), None)
    if row.subset:
        raise UsageError(f"{row.suite}: run {row.run_id} is of the {row.subset}, and of no whole set of {hub.path}")
    if name is None:
        sizes = ", ".join(f"{one} {size}" for one, size in published.sets.items())
        raise UsageError(
            f"{row.suite}: the {row.items} items of run {row.run_id} are no whole set of {hub.path} ({sizes})"
        )
    declared = hub.tasks.get(name)
    task = tasks.get(row.suite) or declared or hub.config or DEFAULT_TASK
    return HubTask(hub, name, task, bool(declared) or row.suite in tasks)


def _published(suite: str) -> Published:
    """What is known of the publication of a suite; nothing for one that is not installed here, or is broken."""
    try:
        return SUITES.get(suite).published
    except UsageError:
        return UNPUBLISHED
