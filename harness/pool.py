"""Work that is spread over processes: scoring many runs on all cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from .errors import StoreError

Task = TypeVar("Task")
Result = TypeVar("Result")
MIN_TASKS = 4
"""Fewer are done at once here: a process takes half a second to start."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int | None = None
) -> Iterator[Result]:
    """`function` of each task, in their order, by so many processes (default: one per core).

    Function, tasks and results must be picklable. Raises what the function raises, StoreError if a process dies.
    """
    workers = min(workers or cores(), len(tasks))
    if workers < 2 or len(tasks) < MIN_TASKS:
        yield from map(function, tasks)
        return
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, initializer=_begin)
    try:
        yield from pool.map(function, tasks)
    except BrokenProcessPool as error:
        raise StoreError("a worker process died, perhaps for want of memory; try again with fewer at once") from error
    finally:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()  # they are idle, or what they do is not wanted any more: an interrupt does not wait for them
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Leave interrupts to the owner; and never look for cycles among a run's many small objects, which have none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
