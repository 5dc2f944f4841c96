"""What it costs that journals and renames are put on the disk: an instant engine with, and without.

    python tests/perf/durability.py

Turns alternate, the median of each is taken. Limit: with, at least 90% of the speed without.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from harness import InstantModel
from proctor.benchmarks.base import boxed_prompt
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Sampling

ITEMS, TURNS = 20_000, 7


def seconds(examination: Examination) -> float:
    """One run, until it is sealed."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        assert run_eval(examination, InstantModel(), Path(folder) / "run").complete
        return time.perf_counter() - start


def main() -> int:
    """Measure; exit code 1 if the limit is missed."""
    items = [Item(str(n), "figures", f"How long is side {n}?", "0", "number") for n in range(ITEMS)]
    examination = Examination("figures", "strict", [Sample(item, boxed_prompt(item)) for item in items], Sampling())
    sync, taken = os.fsync, dict[str, list[float]]({"with": [], "without": []})
    seconds(examination)
    for _ in range(TURNS):
        taken["with"].append(seconds(examination))
        os.fsync = lambda handle: None
        taken["without"].append(seconds(examination))
        os.fsync = sync
    rates = {name: ITEMS / statistics.median(times) for name, times in taken.items()}
    ratio = rates["with"] / rates["without"]
    for name, rate in rates.items():
        print(f"{name:8} {rate:10,.0f} answers/s")
    print(f"ratio    {ratio:10.3f}  (limit 0.9)")
    return 0 if ratio >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
