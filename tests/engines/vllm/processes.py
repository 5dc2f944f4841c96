"""Waiting for processes that run on their own."""

import time


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
