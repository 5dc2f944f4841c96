"""A command that is killed when it has come to a certain point."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def kill_once(arguments: Sequence[str], out: Path, reached: str, stop: signal.Signals = signal.SIGKILL) -> int:
    """Start `python arguments --out OUT` and kill it as soon as `reached` exists under `out`; the exit code."""
    command = [sys.executable, *arguments, "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        deadline = time.monotonic() + 120
        while not list(out.glob(reached)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(stop)
        _, errors = process.communicate()
    assert list(out.glob(reached)), errors
    return process.returncode
