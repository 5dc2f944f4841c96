"""A run of 25,000 answers: what it costs to hold, to open again and to score; the journal is only ever appended to.

    python tests/perf/store.py

Limits: peak memory under 600 MB; opening for resume under 1 s, with the last answer missing; and the bytes written to
the journal are no more than the journal's size.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from harness import InstantModel
from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.examination import score_run
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import RunWriter, Sample
from proctor.harness.types import Item, Sampling

ITEMS = 25_000


def written_bytes() -> int:
    """What this process wrote so far, as the kernel counts it."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


def main() -> int:
    """Measure once; exit code 1 if a limit is missed."""
    items = [Item(str(n), "figures", f"How long is side {n}?", "0", "number") for n in range(ITEMS)]
    asked = [Sample(item, boxed_prompt(item)) for item in items]
    examination = Examination("figures", "strict", asked, Sampling())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        run_eval(Examination("figures", "strict", asked[:1], Sampling()), InstantModel(), Path(folder) / "warm")
        before = written_bytes()
        start = time.perf_counter()
        assert run_eval(examination, InstantModel(), path).complete
        held = time.perf_counter() - start
        journal = (path / "responses.jsonl").stat().st_size
        fixed = sum((path / name).stat().st_size for name in ("items.jsonl", "run.json"))
        written = written_bytes() - before - fixed
        os.truncate(path / "responses.jsonl", journal - 10)
        unsealed = (path / "run.json").read_text().split('"seal"')[0] + '"seal": null\n}\n'
        (path / "run.json").write_text(unsealed)
        start = time.perf_counter()
        with RunWriter(path, examination.manifest(InstantModel()), asked, 1) as run:
            opened = time.perf_counter() - start
            missing = len(run.missing())
        assert run_eval(examination, InstantModel(), path).complete
        start = time.perf_counter()
        score_run(path)
        scored = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"held     {ITEMS / held:10,.0f} answers/s")
    print(f"opened   {opened:10.2f} s for resume, {missing} answer missing  ({opened:.2f} x the limit of 1 s)")
    print(f"scored   {scored:10.2f} s")
    print(f"written  {written / journal:10.2f} x the journal's {journal / 2**20:.0f} MiB")
    print(f"memory   {memory:10,.0f} MB peak  ({memory / 600:.2f} x the limit of 600)")
    return 0 if opened < 1 and memory < 600 and written < 1.1 * journal and missing == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
