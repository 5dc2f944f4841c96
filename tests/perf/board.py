"""What a board costs: 8 suites x 20 checkpoints, 25,000 answers each, built and verified; prints seconds against limits.

    python tests/perf/board.py [checkpoints] [folder]

Items are copies of the bundled ones under other ids, answers some hundred characters of reasoning with a boxed answer, right
or wrong, which differ from each other. Making the runs takes a minute or two and is not counted. Limits: 20 s to build and
60 s to verify, on two cores.
"""

import dataclasses
import random
import sys
import tempfile
import time
from pathlib import Path

from proctor.benchmarks.registry import SUITES
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.score import cores
from proctor.harness.runs.store import Sample
from proctor.harness.types import Response, Sampling
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.verify import verify

ANSWERS = 25_000
NAMES = ("mathvision", "mathverse", "mathvista", "wemath", "logicvista", "dynamath", "chartqa", "iconqa")
BUILD, VERIFY = 20.0, 60.0
WORDS = (
    "the",
    "angle",
    "of",
    "a",
    "line",
    "at",
    "point",
    "so",
    "we",
    "add",
    "and",
    "then",
    "see",
    "that",
    "it",
    "equals",
)


class Reasoner:
    """Answers with reasoning of its own for every item, half of them right."""

    def __init__(self, number):
        self.name = f"run/step-{number:06d}"
        self.number = number
        self.items = {}

    def identity(self):
        return {"engine": "reasoner", "weights": f"{self.number:064x}"}

    def versions(self):
        return {"reasoner": "1"}

    def generate(self, requests, sampling):
        chance = random.Random(self.number)
        for request in requests:
            text = " ".join(chance.choices(WORDS, k=80))
            item = self.items[request.item_id]
            wrong = chance.choice("ABCDE"[: len(item.choices)]) if item.choices else str(chance.randrange(1_000))
            answer = item.answer if chance.random() < 0.5 else wrong
            yield Response(request.item_id, 0, f"{text}. So it is \\boxed{{{answer}}}.", None, "stop", 300, 120)


def copies(suite, count):
    """So many items of a suite, as suite metrics need them."""
    bundled = suite.load()
    found = []
    for number in range(-(-count // len(bundled))):
        for item in bundled:
            meta = dict(item.meta)
            if "problem_id" in meta:
                meta["problem_id"] = f"{meta['problem_id']}-{number}"
            cluster = f"{item.cluster}-{number}" if item.cluster else ""
            found.append(dataclasses.replace(item, id=f"{item.id}-{number}", cluster=cluster, meta=meta))
    return found[:count]


def make_runs(folder, checkpoints):
    """The runs of all checkpoints."""
    for name in NAMES:
        suite = SUITES.get(name)
        asked = [Sample(item, suite.protocol("strict").prompt(item)) for item in copies(suite, ANSWERS // len(NAMES))]
        for number in range(checkpoints):
            model = Reasoner(number)
            model.items = {one.item.id: one.item for one in asked}
            run_eval(Examination(name, "strict", asked, Sampling(), None), model, folder / f"{name}-{number}")


def main():
    """Make, build, verify once; exit code 1 if a limit is missed."""
    checkpoints = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        runs = folder / "runs"
        if not runs.exists():
            make_runs(runs, checkpoints)
        start = time.perf_counter()
        made = build(sorted(runs.iterdir()), [None], folder / "board", draft=True)
        built = time.perf_counter() - start
        start = time.perf_counter()
        report = verify(folder / "board")
        verified = time.perf_counter() - start
        packed = sum(one.stat().st_size for one in (folder / "board").rglob("*"))
        raw = sum(one.stat().st_size for one in runs.rglob("*.jsonl"))
    answers = checkpoints * ANSWERS
    sizes = f"{raw / 1e6:.0f} MB of runs, {packed / 1e6:.0f} MB of board, {len(made.rows)} rows"
    print(f"{answers:,} answers, {sizes}, {cores()} cores")
    share = checkpoints / 20
    print(f"build  {built:6.1f} s ({built / (BUILD * share):.2f} x the limit of {BUILD * share:.0f} s)")
    print(f"verify {verified:6.1f} s ({verified / (VERIFY * share):.2f} x the limit of {VERIFY * share:.0f} s)")
    differing = [problem for row in report.rows for problem in row.problems if "stated" in problem]
    print(f"{len(differing)} cells differ")
    return 0 if built < BUILD * share and verified < VERIFY * share and not differing else 1


if __name__ == "__main__":
    sys.exit(main())
