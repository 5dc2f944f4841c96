"""Hostile responses against the matcher: no exception, no verdict over the time limit.

    python tests/perf/hostile.py [STRINGS] [SEED]

The strings are soups of the grammar's tokens, mutated answers and responses, nested and repeated pieces, made from SEED and
graded under every gold type in turn; each is also put to a vote. Prints every failure, and a line with how many strings,
exceptions and slow ones there were and the slowest. The exit code is 1 if there was a failure.
"""

from __future__ import annotations

import importlib
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType

from proctor.harness.answers import classes, extract, grade

SECONDS = 0.5  # of CPU, for the verdict and the vote together


def _attacks() -> ModuleType:
    """The module of the tests that makes the strings, which belongs to no installed package."""
    package = ModuleType("answer_tests")
    package.__path__ = [str(Path(__file__).parents[1] / "harness" / "answers")]
    sys.modules[package.__name__] = package
    return importlib.import_module("answer_tests.attacks")


def main(count: int = 20_000, seed: int = 0) -> int:
    """Attack `count` times; the number of failures."""
    exceptions = slow = 0
    slowest: tuple[float, object] = (0.0, None)
    for number, attack in enumerate(_attacks().attacks(seed, count)):
        start = time.process_time()
        try:
            grade(*attack)
            classes([extract(attack.response).answer, attack.gold, None], attack.choices)
        except Exception:
            exceptions += 1
            print(f"string {number}: {attack!s:.2000}\n{traceback.format_exc(limit=-3)}", flush=True)
        taken = time.process_time() - start
        if taken > SECONDS:
            slow += 1
            print(f"string {number}, {taken:.2f} s: {attack!s:.2000}", flush=True)
        slowest = max(slowest, (taken, attack), key=lambda one: one[0])
    print(f"{count:,} strings, seed {seed}: {exceptions} exceptions, {slow} over {SECONDS} s")
    print(f"slowest {slowest[0]:.3f} s: {slowest[1]!s:.300}")
    return exceptions + slow


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:])) else 0)
