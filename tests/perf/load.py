"""Many answers in one run: what each stage costs in CPU seconds and memory, and whether that grows as the answers do.

    python tests/perf/load.py 10000 100000

An instant engine answers a quarter as many items four times each. Each stage is a command of its own. Limits: a peak of 4 GB
in each process, and per answer at most twice the CPU seconds of the smallest size.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent / "load"
SUITE, ENGINE = f"{HERE}/sums.py:SUITE", f"{HERE}/instant.py:open_engine"
SAMPLES, LIMIT_MB = 4, 4096


def stage(folder: Path, *command: str) -> tuple[float, float, float]:
    """CPU seconds (of its processes as well), wall seconds, and the largest process in MB, of one command."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "proctor.harness.cli", *command], cwd=folder, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"proctor {' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun, used.ru_maxrss / 1024


def stages() -> dict[str, list[str]]:
    """The commands by name; each reads what those before it wrote."""
    asked = ["--suite", SUITE, "--data", "sums.jsonl", "--samples", str(SAMPLES), "--temperature", "1"]
    return {
        "eval and score": ["eval", "--engine", ENGINE, "--model", "instant", *asked, "--run", "run"],
        "score": ["score", "run", "--with", SUITE],
        "board build": ["board", "build", "run", "--with", SUITE, "--draft", "--out", "board"],
        "board verify": ["board", "verify", "board", "--with", SUITE, "--data", "sums=sums.jsonl"],
        "show": ["show", "run", "--with", SUITE, "--html", "page.html"],
        "replay and score": [
            "eval",
            "--engine",
            "replay",
            "--model",
            "run",
            "--suite",
            SUITE,
            "--data",
            "sums.jsonl",
            "--run",
            "again",
        ],
    }


def measure(answers: int) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Each stage at this size, as it ends."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "sums.jsonl").open("w") as file:
            for n in range(answers // SAMPLES):
                record = {"id": str(n), "question": f"What is {n} + {n % 97}?", "answer": str(n + n % 97)}
                file.write(json.dumps(record) + "\n")
        for what, command in stages().items():
            yield what, stage(folder, *command)


def main(sizes: list[int]) -> int:
    """A table for each size; exit code 1 if a limit is missed."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GB")
    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, resource.RLIM_INFINITY))
    fine, each = True, dict[str, float]()
    for answers in sizes:
        print(f"{answers:,} answers")
        for what, (used, wall, peak) in measure(answers):
            once = each.setdefault(what, used / answers)
            linear, small = used / answers <= 2 * once, peak <= LIMIT_MB
            fine = fine and linear and small
            said = "" if linear and small else "  MISSED"
            costs = f"{used:9.1f} s of CPU {wall:9.1f} s {peak:8.0f} MB {1e6 * used / answers:8.0f} us an answer"
            print(f"  {what:16} {costs}{said}", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main([int(text) for text in sys.argv[1:]] or [10_000, 100_000]))
