"""vLLM's processes: started quietly, quoted when they die, ended when their owner is gone. Standard library alone."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import TypeVar

T = TypeVar("T")

OWNER = "PROCTOR_VLLM_OWNER"
"""The environment variable that names the process without which vLLM's processes are not needed."""

ENVIRONMENT = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # a forked process takes the plugins for loaded
    "RAY_USAGE_STATS_ENABLED": "0",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""What is set for the processes, unless it is set already."""

POLL_SECONDS = 1.0
EXIT_SECONDS = 10
"""How long a process of vLLM may take for its exit: longer than its workers are given, shorter than a person waits."""

MAX_QUOTED_BYTES = 2**20
ERROR_LINE = re.compile(rb"(?:^|[\s\]])(?:[\w.]+\.)?(\w*(?:Error|Exception)): (\S.*)$", re.MULTILINE)
HEARSAY = re.compile(rb"(?i)initialization failed|see (the )?(stack trace|root cause)|cancelled|Broken pipe")
"""What a process says of the death of another."""


def follow_owner() -> None:
    """End this process when its owner is gone, even by kill -9: it would keep the GPU's memory. A plugin of vLLM.

    And when its exit takes long. Does nothing in processes that no engine of this package started.
    """
    owner = os.environ.get(OWNER, "")
    if owner.isdecimal() and int(owner) != os.getpid():
        threading.Thread(target=_watch, args=(int(owner), os.getppid()), daemon=True).start()
        Finalize(None, _limit_exit, exitpriority=100)  # multiprocessing's: before it waits for children


def _limit_exit() -> None:
    """Have the kernel end this process soon: an exit can hang where no Python runs, and its owner would wait for it.

    An engine that failed to start does so at times, in the end of a ZeroMQ context whose sockets are still open.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(EXIT_SECONDS)


def _watch(owner: int, parent: int) -> None:
    while os.getppid() == parent and _alive(owner):
        time.sleep(POLL_SECONDS)
    os._exit(1)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Chatter:
    """Takes what vLLM's processes print. stdout is never theirs.

    It goes to a file without a name, whose last words explain a death; or, if VLLM_LOGGING_LEVEL is set, to stderr.
    """

    def __init__(self) -> None:
        self.loud = "VLLM_LOGGING_LEVEL" in os.environ
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the processes are

    @contextmanager
    def taken(self) -> Iterator[None]:
        """In this block, all that this process and those that it starts print; afterwards, only theirs."""
        sys.stdout.flush()
        sys.stderr.flush()
        saved = os.dup(1), os.dup(2)
        try:
            os.dup2(saved[1] if self.loud else self._file.fileno(), 1)
            if not self.loud:
                os.dup2(self._file.fileno(), 2)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, number)
                os.close(copy)

    def size(self) -> int:
        """Bytes printed so far."""
        return os.fstat(self._file.fileno()).st_size

    def cause(self, since: int = 0) -> str | None:
        """The first error that was printed from byte `since` on, None if there was none."""
        printed = os.pread(self._file.fileno(), MAX_QUOTED_BYTES, since)  # leaves the writers' position alone
        for kind, message in ERROR_LINE.findall(printed):
            if not HEARSAY.search(message):
                return f"{kind.decode()}: {message.decode(errors='replace')[:400].strip()}"
        return None


@contextmanager
def starting() -> Iterator[None]:
    """Processes that are started in this block follow this one, report nothing to anybody, and leave Ctrl-C to it.

    A signal mask is inherited: an interrupt from the terminal, which goes to all processes, would else end the engine
    before the answers in flight are finished.
    """
    before = dict(os.environ)
    settings = {**ENVIRONMENT, **before, OWNER: str(os.getpid())}
    os.environ.update(settings)
    resource_tracker.ensure_running()  # else it is started in the block, and that unblocks interrupts
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for name in settings.keys() - before.keys():
            os.environ.pop(name, None)


def start_apart(start: Callable[[], T]) -> T:
    """What `start`, which starts vLLM, returns or raises. It is called inside `starting`, in a thread of its own.

    An interrupt ends the call, its processes and its thread: inside vLLM's own wait for its engine, it would be lost.
    """
    before = set(multiprocessing.active_children())
    future: Future[T] = Future()

    def run() -> None:
        try:
            with starting():
                future.set_result(start())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
        return future.result()
    except BaseException:
        deadline = time.monotonic() + EXIT_SECONDS
        while thread.is_alive() and not future.done() and time.monotonic() < deadline:
            _kill_children(before)  # first: a thread that waits for them does not see the exception
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
            thread.join(POLL_SECONDS)
        _kill_children(before)
        raise


def _kill_children(spared: Collection[BaseProcess]) -> None:
    for process in multiprocessing.active_children():
        if process not in spared:
            process.kill()
