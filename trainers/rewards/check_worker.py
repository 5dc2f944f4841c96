"""The process in which `check_process` has a reward checked: opens it, calls it, and tells of each call before it is made.

It tells in lines of JSON, through the socket that it was started with: what was `opened`, each `call`, and the `report`, or
why it was `refused`. It ends with its owner. Starting processes is refused: a copy of the reward's process would go on
beside it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...benchmarks.extensions import learn
from ...harness.errors import ProctorError
from ...harness.limits import REWARD_MEMORY_BYTES, REWARD_TASKS
from ...harness.settings import setting
from ..groups import read_groups
from .base import file_identity, reward_spec
from .check import Supervision, check_reward
from .check_groups import recorded_cases
from .registry import open_reward

FORKS = ("os.fork", "os.forkpty")
STARTS = (*FORKS, "os.exec", "os.posix_spawn", "os.system", "pty.spawn", "subprocess.Popen")
"""Python's audit events of what starts a process. A library may look for others while it is loaded, but never fork."""


class Processes:
    """Refuses the reward the start of processes, and finds those that it started all the same, from native code say."""

    def __init__(self) -> None:
        self._calling = False
        self._forked: str | None = None
        sys.addaudithook(self._audit)

    def _audit(self, event: str, _: tuple[Any, ...]) -> None:
        if event in FORKS or (self._calling and event in STARTS):
            self._forked = event if event in FORKS else None
            raise PermissionError(f"{event}: a reward may not start a process")

    def before(self) -> None:
        """The reward is called next."""
        self._calling, self._forked = True, None

    def after(self) -> str | None:
        """What the call did, if it did start a process or try to fork."""
        self._calling = False
        if self._forked:
            return f"{self._forked}: a reward may not start a process"
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
            return "started a process: a reward may not"
        return None


class Owner:
    """Whoever has the reward checked, at the other end of a socket; this process ends when that does."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._process = os.getpid()
        threading.Thread(target=self._wait, daemon=True).start()

    def tell(self, line: Mapping[str, object]) -> None:
        """One line; a copy of this process ends here instead."""
        if os.getpid() != self._process:
            os._exit(1)
        self._connection.sendall(json.dumps(line).encode() + b"\n")

    def _wait(self) -> None:
        with suppress(OSError):
            self._connection.recv(1)
        os._exit(1)


def limit_resources() -> None:
    """Bound the memory of this process, and how many more processes and threads its user may have (root may have any)."""
    tasks = sum(1 for _ in Path("/proc").glob("[0-9]*/task/[0-9]*"))
    for kind, most in ((resource.RLIMIT_DATA, REWARD_MEMORY_BYTES), (resource.RLIMIT_NPROC, tasks + REWARD_TASKS)):
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def main() -> None:
    """Check as the request says, the second argument; the first is the socket's number."""
    owner = Owner(socket.socket(fileno=int(sys.argv[1])))
    request = json.loads(sys.argv[2])
    limit_resources()
    processes = Processes()

    def before(case: str) -> None:
        owner.tell({"call": case})
        processes.before()

    try:
        for extension in request["extensions"]:
            learn(extension)
        groups = [one for run in request["groups"] for one in read_groups(Path(run))]
        recorded = recorded_cases(groups, request["most"], request["seed"]) if groups else []
        reward = open_reward(request["reward"], dict(map(setting, request["changes"])))
        opened = {
            "reward": reward.name,
            "file": file_identity(reward),
            "declared": dataclasses.asdict(reward_spec(reward)),
        }
        owner.tell({"opened": opened})
        supervision = Supervision(before, processes.after)
        report = check_reward(reward, recorded, seed=request["seed"], limit=request["limit"], supervision=supervision)
    except ProctorError as error:
        owner.tell({"refused": str(error)})
    else:
        owner.tell({"report": report.to_json()})


if __name__ == "__main__":
    main()
