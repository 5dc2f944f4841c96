"""A reward is checked in a process of its own (`check_worker`), which it may end, stop or fill without ending the check.

Whatever becomes of that process is a finding: one that ends without its report never counts as one that keeps its contract.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...harness.errors import StoreError, UsageError
from ...harness.limits import (
    REWARD_CALL_SECONDS,
    REWARD_CHECK_SECONDS,
    REWARD_OPEN_SECONDS,
    REWARD_REPORT_BYTES,
)
from .base import RewardSpec
from .check import CheckOutcome, RewardReport, no_outcomes

WORKER = "proctor.trainers.rewards.check_worker"


@dataclass(frozen=True)
class CheckRequest:
    """A reward by name with `changes`, KEY=VALUE, of its settings; runs with groups, and at `most` so many of these.

    `extensions` are files of suites that the runs name. `limit` is in seconds for the timed groups.
    """

    reward: str
    changes: Sequence[str] = ()
    groups: Sequence[Path] = ()
    most: int = 0
    extensions: Sequence[str] = ()
    seed: int = 0
    limit: float = 10.0

    def to_json(self) -> str:
        """As the process is told it."""
        paths = list(map(str, self.groups))
        return json.dumps({**vars(self), "groups": paths, "changes": [*self.changes], "extensions": [*self.extensions]})


class _EndedError(Exception):
    """The process gave no report; says why."""


def check_apart(request: CheckRequest) -> RewardReport:
    """`check_reward` in a process of its own, with bounds of time, memory and processes.

    Raises UsageError for a reward, a setting or a run that cannot be opened, StoreError if no process can be started.
    """
    opened: dict[str, Any] = {}
    doing = "opening it"
    with _worker(request) as (process, connection):
        try:
            for line in _lines(process, connection, request.limit):
                if "refused" in line:
                    raise UsageError(str(line["refused"]))
                if "report" in line:
                    return _report(line["report"])
                opened = line.get("opened", opened)
                doing = line.get("call", doing)
        except _EndedError as error:
            if not opened:
                raise UsageError(f"reward {request.reward}: {doing}: {error}") from error
            outcomes = no_outcomes()
            outcomes["runs"] = CheckOutcome(1, [f"{doing}: {error}"])
            return RewardReport(opened["reward"], opened["file"], _declared(opened["declared"]), outcomes, None)
    raise AssertionError("a process that is silent has ended")


@contextmanager
def _worker(request: CheckRequest) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """The process and the socket it tells through; at the end it is killed with all that it left behind."""
    ours, theirs = socket.socketpair()
    path = os.pathsep.join(place for place in sys.path if place)
    with ours:
        try:
            with theirs:
                process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", "-m", WORKER, str(theirs.fileno()), request.to_json()],
                    stdin=subprocess.DEVNULL,
                    stdout=sys.__stderr__,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                    env={**os.environ, "PYTHONPATH": path},
                )
        except OSError as error:
            raise StoreError(f"cannot start a process for a reward: {error.strerror}") from error
        try:
            yield process, ours
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _lines(process: subprocess.Popen[bytes], connection: socket.socket, limit: float) -> Iterator[dict[str, Any]]:
    """What it tells, line by line. Raises _EndedError, saying why, when it ends or falls silent."""
    last = time.monotonic() + REWARD_CHECK_SECONDS
    patience = REWARD_OPEN_SECONDS
    waiting = bytearray()
    while True:
        wait = min(patience, last - time.monotonic())
        if wait <= 0:
            raise _EndedError(f"the check takes more than {REWARD_CHECK_SECONDS:g} s")
        if not select.select([connection], [], [], wait)[0]:
            raise _EndedError(f"no end after {wait:g} s")
        waiting += (piece := _received(connection))
        if not piece or len(waiting) > REWARD_REPORT_BYTES:
            raise _EndedError(_cause_of_death(process))
        *whole, rest = waiting.split(b"\n")
        waiting = bytearray(rest)
        for text in whole:
            try:
                line = json.loads(text)
                if not isinstance(line, dict):
                    raise ValueError("no object")
            except (ValueError, RecursionError) as error:
                raise _EndedError("its process tells what is no report") from error
            if "opened" in line:
                patience = limit + REWARD_CALL_SECONDS
            yield line


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(2**20)
    except OSError:
        return b""


def _cause_of_death(process: subprocess.Popen[bytes]) -> str:
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout=5)
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return f"ended the process it runs in ({how})"
    return "let go of the process it runs in"


def _report(found: Mapping[str, Any]) -> RewardReport:
    checks = {
        name: CheckOutcome(outcome["made"], list(map(str, outcome["failures"])))
        for name, outcome in found["checks"].items()
    }
    file = {name: found[name] for name in ("reward_file",) if name in found}
    return RewardReport(found["reward"], file, _declared(found["declared"]), checks, found["seconds"])


def _declared(found: Mapping[str, Any]) -> RewardSpec:
    bounds = found["bounds"]
    return RewardSpec(**{**found, "bounds": None if bounds is None else tuple(bounds)})
