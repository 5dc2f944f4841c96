"""What the harness itself costs: an instant engine answers 5,000 items; prints responses per second and peak memory.

    python tests/perf/harness.py

Limits: at least 2,000 responses/s from the first question to the score, and a peak under 400 MB without torch.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.examination import score_run
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Request, Response, Sampling

ITEMS = 5_000
THOUGHTS = "The sides of the figure are read off and added one after the other. " * 12


class InstantModel:
    """Answers at once, with a text of the usual length."""

    name = "instant"

    def identity(self) -> dict[str, str]:
        """One engine."""
        return {"engine": "instant"}

    def versions(self) -> dict[str, str]:
        """No packages."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """An answer that is right every third time."""
        for number, request in enumerate(requests):
            yield Response(request.item_id, 0, f"{THOUGHTS}\\boxed{{{number % 3}}}", None, "stop", 100, 200)


def main() -> int:
    """Measure once; exit code 1 if a limit is missed."""
    items = [
        Item(str(n), "figures", f"How long is side {n}?", "0", "number", cluster=str(n // 5)) for n in range(ITEMS)
    ]
    asked = [Sample(item, boxed_prompt(item)) for item in items]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        start = time.perf_counter()
        outcome = run_eval(Examination("figures", "strict", asked, Sampling()), InstantModel(), path)
        stored = time.perf_counter()
        metric = score_run(path).accuracy()
        end = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = ITEMS / (end - start)
    print(f"asked and stored  {ITEMS / (stored - start):10,.0f} responses/s")
    print(f"scored            {ITEMS / (end - stored):10,.0f} responses/s  ({metric.correct} of {metric.total} right)")
    print(f"end to end        {rate:10,.0f} responses/s  ({rate / 2_000:.1f} x the limit of 2,000)")
    print(f"peak memory       {memory:10,.0f} MB           ({memory / 400:.2f} x the limit of 400)")
    print(f"torch imported    {'torch' in sys.modules}")
    fine = outcome.complete and rate >= 2_000 and memory < 400 and "torch" not in sys.modules
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
