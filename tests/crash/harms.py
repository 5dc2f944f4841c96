"""What the campaign does to a command: kills, full disks, a second writer, a reader beside it, a clock that jumps.

A harm returns how often it was done, 0 where it could not be, and what went wrong, if anything.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from proctor.harness.errors import ProctorError
from proctor.harness.runs.store import RunReader
from tests.crash.small_disk import mount, unmount
from tests.crash.victims import LONGEST, Victim, Whole, ended, resumed, start, told

Harm = Callable[[Victim, Whole, random.Random], tuple[int, str]]
KILLS = 3
CLOCK = str(Path(__file__).parent / "clock")


@contextmanager
def working_folder() -> Iterator[Path]:
    """An empty one."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def killed(victim: Victim, whole: Whole, rng: random.Random) -> tuple[int, str]:
    """kill -9 up to three times, at moments drawn over its length; a kill that came after the end does not count."""
    kills = 0
    with working_folder() as folder:
        for _ in range(rng.randint(1, KILLS)):
            process = start(resumed(victim, folder), folder)
            try:
                process.wait(rng.uniform(0.2, 1.0) * whole.seconds)
            except subprocess.TimeoutExpired:
                kills += 1
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        return kills, ended(victim, folder) or whole.differs(victim, folder)


def on_a_full_disk(victim: Victim, whole: Whole, rng: random.Random) -> tuple[int, str]:
    """A disk with room for a part of what it writes: it ends with one line and 3, and goes on once there is room."""
    with working_folder() as place:
        folder = place / "disk"
        folder.mkdir()
        if not mount(folder, f"size={int(rng.uniform(0.05, 0.9) * whole.size)}"):
            return 0, ""
        try:
            process = start([*victim.command], folder)
            _, said = process.communicate(timeout=LONGEST)
            if process.returncode == 0:  # what it writes and removes again is not counted in its size, nor the reverse
                return 0, whole.differs(victim, folder)
            if process.returncode != 3 or b"Traceback" in said:
                return 1, told(process.returncode, said)
            mount(folder, "remount,size=4g")
            return 1, ended(victim, folder) or whole.differs(victim, folder)
        finally:
            unmount(folder)


def written_twice(victim: Victim, whole: Whole, rng: random.Random) -> tuple[int, str]:
    """The same command beside it, once it has begun: it is refused in one line, or finds nothing left to do."""
    with working_folder() as folder:
        first = start([*victim.command], folder)
        while first.poll() is None and not (folder / "out").exists():
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.5))
        beside = first.poll() is None
        second = start(resumed(victim, folder), folder)
        _, said = second.communicate(timeout=LONGEST)
        _, own = first.communicate(timeout=LONGEST)
        if first.returncode not in (0, 3) or b"Traceback" in own + said:
            return 1, told(first.returncode, own + said)
        return int(beside), ended(victim, folder) or whole.differs(victim, folder)


def read_beside(victim: Victim, whole: Whole, rng: random.Random) -> tuple[int, str]:
    """A reader, again and again while it writes: it sees whole answers, never fewer than before, or an error of one line."""
    if "responses.jsonl" not in victim.files:
        return 0, ""
    with working_folder() as folder:
        process = start([*victim.command], folder)
        reads, seen = 0, 0
        while process.poll() is None:
            try:
                found = sum(1 for _ in RunReader(folder / "out").responses())
            except ProctorError:
                found = seen
            if found < seen:
                return reads, f"{found} answers after {seen}"
            reads, seen = reads + (found > 0), found
            time.sleep(rng.uniform(0, 0.02))
        process.communicate()
        return reads, ended(victim, folder) or whole.differs(victim, folder)


def as_clocks_jump(victim: Victim, whole: Whole, rng: random.Random) -> tuple[int, str]:
    """Each look at the clock finds another day or year."""
    del rng
    with working_folder() as folder:
        path = os.pathsep.join(filter(None, (CLOCK, os.environ.get("PYTHONPATH"))))
        return 1, ended(victim, folder, PYTHONPATH=path) or whole.differs(victim, folder)


HARMS: Mapping[str, tuple[Harm, str]] = {
    "killed, it ends with the same bytes": (killed, "kills"),
    "on a full disk, it ends in a line; with room, with the same bytes": (on_a_full_disk, "disks"),
    "a second one beside it disturbs nothing": (written_twice, "pairs"),
    "read while it writes, it shows whole answers": (read_beside, "reads"),
    "as clocks jump, it ends with the same bytes": (as_clocks_jump, "jumping clocks"),
}
"""By what is promised: the harm, and what is counted."""
