"""Many runs in one folder: what it takes to list them, to build a board of them, twice, to compare two, to watch beside them.

    python tests/perf/many_runs.py 5000

The runs are of 8 items each, by an instant engine whose weights differ. Limit: a minute for each command, but for the first
build, which packs the evidence of every run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import InstantModel
from proctor.benchmarks.base import boxed_prompt
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Sampling
from proctor.trainers.tiny import BASE

ITEMS, LIMIT_SECONDS = 8, 60.0


class OneOfMany(InstantModel):
    """The instant engine with weights and a name of its own."""

    def __init__(self, number: int) -> None:
        self.name = f"model{number:05}"

    def identity(self) -> dict[str, str]:
        """Another model each."""
        return {"engine": "instant", "weights": self.name}


def make(folder: Path, count: int) -> None:
    """Hold so many examinations, without waiting for the disk."""
    items = [Item(str(n), "figures", f"How long is side {n}?", "0", "number") for n in range(ITEMS)]
    examination = Examination("figures", "strict", [Sample(item, boxed_prompt(item)) for item in items], Sampling())
    sync, os.fsync = os.fsync, lambda handle: None
    for number in range(count):
        assert run_eval(examination, OneOfMany(number), folder / f"model{number:05}.figures").complete
    os.fsync = sync


def main(count: int) -> int:
    """Measure each command once; exit code 1 if a limit is missed."""
    fine = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "runs", count)
        two = [f"runs/model{number:05}.figures" for number in (0, count - 1)]
        build = ["board", "build", "runs", "--draft", "--out", "board"]
        commands = {
            "list runs": ["list", "runs", "runs"],
            "first build": build,
            "build again": build,
            "compare": ["compare", *two],
            "watch": ["watch", "training", "--suite", "figures", "--limit", str(ITEMS), "--once"],
        }
        shutil.copytree(BASE, folder / "training" / "checkpoints" / "step-000001")
        print(f"{count:,} runs, {os.cpu_count()} cores")
        for what, command in commands.items():
            begun = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "proctor.harness.cli", *command],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _, status, used = os.wait4(process.pid, 0)
            seconds, busy = time.perf_counter() - begun, used.ru_utime + used.ru_stime
            in_time = status == 0 and (what == "first build" or seconds <= LIMIT_SECONDS)
            fine = fine and in_time
            costs = f"{busy:8.1f} s of CPU {seconds:8.1f} s {used.ru_maxrss / 1024:8.0f} MB"
            print(f"  {what:12} {costs}{'' if in_time else '  MISSED'}", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
