"""Verdicts of other people's grading libraries, asked in a process of their own (`library_worker`) that may be ended.

There is one such process for each process that asks. It is ended, and the next question starts another, when an answer costs
too much time or memory or makes it die. That is no verdict: never a wrong answer. It ends with its owner, however that ends:
the connection closes, and what it is computing then has its limit too.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...harness.errors import MissingExtraError, StoreError, install
from ...harness.limits import (
    LIBRARY_CPU_SECONDS,
    LIBRARY_MEMORY_BYTES,
    LIBRARY_REPLY_BYTES,
    LIBRARY_RESPONSE_CHARACTERS,
    LIBRARY_WALL_SECONDS,
)
from ...harness.types import Json

INSTALL = install("second-opinion")
WORKER = Path(__file__).with_name("library_worker.py")
KEPT_VARIABLES = ("HOME", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH")
"""What the process is told of the environment: keys of services are none of its business."""
REMEMBERED = 1024


@dataclass(frozen=True)
class Opinion:
    """What a library read in a response, and its verdict; `why` there is none, where `correct` is None."""

    correct: bool | None
    read: str | None
    why: str = ""


class _EndedError(Exception):
    """The process gave no reply, and is gone."""


class LibraryProcess:
    """The process, started when it is made. `asked` counts the questions that it answered."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        limits = (LIBRARY_MEMORY_BYTES, LIBRARY_CPU_SECONDS, LIBRARY_WALL_SECONDS)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", str(WORKER), *map(str, limits)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # a Ctrl-C is its owner's
                    env={
                        "PYTHONHASHSEED": "0",
                        **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
                    },
                )
        except OSError as error:
            self._socket.close()
            raise StoreError(f"cannot start a process for a grading library: {error.strerror}") from error
        self.asked = 0
        self.close = weakref.finalize(self, _end, self._process, self._socket, os.getpid())

    @property
    def running(self) -> bool:
        """False once somebody else ended it."""
        return self._process.poll() is None

    def call(self, request: Json) -> dict[str, Json]:
        """The reply. Raises _EndedError if there is none: the process is gone then."""
        try:
            self._socket.settimeout(LIBRARY_WALL_SECONDS)
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            reply = json.loads(self._line())
            if not isinstance(reply, dict):
                raise _EndedError("gave a reply that is none")
        except TimeoutError as error:
            self.close()
            raise _EndedError(f"gave no verdict within {LIBRARY_WALL_SECONDS} s") from error
        except (OSError, ValueError) as error:
            raise _EndedError(self._cause_of_death()) from error
        except BaseException:  # an interrupt: its reply would be taken for that to the next question
            self.close()
            raise
        self.asked += 1
        return reply

    def _line(self) -> bytes:
        deadline = time.monotonic() + LIBRARY_WALL_SECONDS
        line = bytearray()
        while not line.endswith(b"\n"):
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            piece = self._socket.recv(65536)
            line += piece
            if not piece or len(line) > LIBRARY_REPLY_BYTES:
                raise ValueError("no whole reply")
        return bytes(line)

    def _cause_of_death(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        self.close()
        if self._process.returncode == -signal.SIGXCPU:
            return f"gave no verdict within {LIBRARY_CPU_SECONDS} s of computing"
        return f"broke off (exit status {self._process.returncode})"


def _end(process: subprocess.Popen[bytes], connection: socket.socket, owner: int) -> None:
    """A process that was forked from the owner only lets go of its copy."""
    connection.close()
    if os.getpid() == owner:
        process.kill()
        process.wait()


_lock = threading.Lock()
_running: list[LibraryProcess] = []


def _after_fork() -> None:
    global _lock  # noqa: PLW0603  (another thread may have held the owner's)
    _lock = threading.Lock()
    _running.clear()


os.register_at_fork(after_in_child=_after_fork)


@lru_cache(maxsize=REMEMBERED)
def opinion(library: str, gold: str, response: str) -> Opinion:
    """The verdict of a library that `library_worker` has. Raises MissingExtraError if it cannot be imported."""
    length = max(len(gold), len(response))
    if length > LIBRARY_RESPONSE_CHARACTERS:
        return Opinion(None, None, f"{library} is not asked about {length:,} characters")
    request = {"library": library, "gold": gold, "response": response}
    try:
        with _lock:
            reply = _reply(request)
    except _EndedError as error:
        return Opinion(None, None, f"{library} {error}")
    if "missing" in reply:
        raise MissingExtraError(f"{library} cannot be imported: {INSTALL} ({str(reply['missing'])[:200]})")
    correct, read = reply.get("correct"), reply.get("read")
    if not isinstance(read, str | None) or not isinstance(correct, bool | None):
        return Opinion(None, None, f"{library} gave a reply that is none")
    if "failed" in reply:
        limit = f"wanted more than {LIBRARY_MEMORY_BYTES // 2**30} GiB of memory"
        why = limit if reply["failed"] == "memory" else f"raised {str(reply['failed'])[:80]}"
        return Opinion(None, None, f"{library} {why}")
    return Opinion(correct, read, f"{library} reads nothing in the gold" if correct is None else "")


def _reply(request: Json) -> dict[str, Json]:
    """Of the process that runs, or of a new one; what a used one has no memory for is asked of a fresh one."""
    while True:
        if not _running or not _running[0].running:
            _running.clear()
            _running.append(LibraryProcess())
        process = _running[0]
        fresh = process.asked == 0
        try:
            reply = process.call(request)
        except BaseException:
            _running.clear()
            raise
        if reply.get("failed") != "memory":
            return reply
        process.close()
        _running.clear()
        if fresh:
            return reply
