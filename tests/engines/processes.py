"""Processes that run on their own: waiting for them, and telling those of a test from others of the machine."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def finish(process, timeout=300):
    """The exit code and both streams of a process, at its end."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out.decode(), err.decode()


def wait_for(condition, process=None, seconds=240.0):
    """Return when the condition holds; fails if it does not, or if the process ends before it does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)


def answered(path):
    """How many lines the journal of the run in `path` has."""
    try:
        return (path / "responses.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def started_with(variable: str, title: str = "") -> list[int]:
    """Ids of running processes that were started with `variable`, as "NAME=value", and have `title` in their name."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            started = variable.encode() in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if started and title.encode() in command:
            found.append(int(folder.name))
    return found


@contextmanager
def ray_cluster(*options: str, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A Ray cluster that ends with the block; gives the environment of a process that joins it, RAY_ADDRESS in it.

    Other clusters of the machine are neither joined nor stopped: this one has a folder of its own.
    """
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:  # a socket's path is short
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        own = {**environment, "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        own |= {"SPT_NOENV": "1"}  # a process that renames itself keeps its environment
        own |= {"RAY_worker_niceness": "0"}  # or whatever else runs here would starve the workers
        low = 20_000 + 500 * (port % 24)  # clusters that hand out the same ports run into each other
        head = [Path(sys.executable).with_name("ray"), "start", "--head", f"--port={port}", "--include-dashboard=false"]
        head += [f"--min-worker-port={low}", f"--max-worker-port={low + 499}"]
        try:
            _start([*head, *options], own)
            yield own | {"RAY_ADDRESS": f"127.0.0.1:{port}"}
        finally:
            _kill(own)


def _start(command: list[object], own: Mapping[str, str]) -> None:
    """Start a cluster. Ray gives up after 30 s, which are too few beside a compiler: then once more."""
    try:
        subprocess.run(command, env=own, check=True, capture_output=True, timeout=180)
    except subprocess.CalledProcessError:
        _kill(own)
        subprocess.run(command, env=own, check=True, capture_output=True, timeout=180)


def _kill(own: Mapping[str, str]) -> None:
    for process in started_with(f"RAY_TMPDIR={own['RAY_TMPDIR']}"):
        os.kill(process, signal.SIGKILL)
