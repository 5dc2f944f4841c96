"""A campaign against the promises: commands harmed at random, and the tests of what else may happen, as one table.

    python tests/crash/campaign.py [--minutes M] [--seed S] [--only PATTERN] [--kills]

Each command is run whole once. Then it meets a full disk, a second writer, a reader, a clock that jumps, and is killed again
and again for the minutes given; what it leaves must be the same bytes. Exit code 1 for a broken promise.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.crash.harms import HARMS  # noqa: E402
from tests.crash.victims import Victim, Whole, prepare, victims  # noqa: E402
from tests.faulty_server import FaultyServer, Reply, completion  # noqa: E402

KILLED = next(iter(HARMS))
UNDISTURBED = "undisturbed, it ends"
Row = tuple[str, str, str]

GATHERED = {
    "a full disk, a limit of file sizes, a read-only disk": ("tests/crash/test_full_disk.py",),
    "signals, and second writers of a run": ("tests/crash/test_signals.py",),
    "a kill at any line of the store": ("tests/crash/test_kill.py::test_killed_at_any_line_of_the_store",),
    "what is on the disk at each rename": ("tests/crash/test_power.py",),
    "a journal torn at any byte, whatever its bytes": (
        "tests/harness/test_jsonl.py",
        "tests/harness/runs/test_store.py",
    ),
    "two builders of a board, two writers of kept replies": (
        "tests/leaderboards/board/test_build.py",
        "tests/harness/runs/test_judging.py",
    ),
    "a stranger's board": ("tests/leaderboards/board/test_cheats.py", "tests/leaderboards/board/test_verify.py"),
    "a stranger's checkpoint": ("tests/harness/runs/test_checkpoints.py",),
    "replies of servers": ("tests/harness/engines/test_http_client.py",),
    "a reward that exits, forks, loops or fills the memory": ("tests/trainers/rewards/test_check.py",),
}
"""Promises that tests hold: what each is about, and where."""


def gathered(places: tuple[str, ...]) -> tuple[int, str]:
    """How many tests passed, and what failed, if anything."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not nightly",
        *places,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    passed = sum(map(int, re.findall(r"(\d+) passed", done.stdout))) or done.stdout.count(".")
    failures = re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    return passed, "" if done.returncode == 0 else ", ".join(failures) or done.stdout[-200:]


class Campaign:
    """The commands, how each goes undisturbed, and what became of them."""

    def __init__(self, chosen: list[Victim], rng: random.Random) -> None:
        self.whole = {one: Whole.of(one) for one in chosen}
        self.rng = rng
        self.counts: Counter[tuple[str, str]] = Counter()
        self.problems = {(one.name, UNDISTURBED): whole.problem for one, whole in self.whole.items() if whole.problem}

    def harm(self, promise: str) -> None:
        """Each command once, but those that broke it before."""
        harm, counted = HARMS[promise]
        for one, whole in self.whole.items():
            key = one.name, promise
            if key not in self.problems and not whole.problem:
                count, problem = harm(one, whole, self.rng)
                self.counts[key] += count
                print(f"{one.name}: {count} {counted} {problem}", file=sys.stderr, flush=True)
                if problem:
                    self.problems[key] = problem

    def rows(self) -> Iterator[Row]:
        """Of what was done at all, or went wrong."""
        for promise, counted in ((UNDISTURBED, "times"), *((name, counted) for name, (_, counted) in HARMS.items())):
            for one in self.whole:
                key = one.name, promise
                if self.counts[key] or key in self.problems:
                    yield f"{one.name}: {promise}", f"{self.counts[key]} {counted}", self.problems.get(key, "")


def harmed(minutes: float, rng: random.Random, only: str, kills_alone: bool) -> list[Row]:
    """The rows of the commands."""
    server = FaultyServer(lambda body, before: Reply(body=completion(f"\\boxed{{{len(str(body)) % 7}}}"), delay=0.01))
    with tempfile.TemporaryDirectory() as name:
        given = Path(name)
        prepare(given)
        campaign = Campaign([one for one in victims(server, given) if re.search(only, one.name)], rng)
        for promise in HARMS:
            if promise != KILLED and not kills_alone:
                campaign.harm(promise)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            campaign.harm(KILLED)
    server.close()
    return [*campaign.rows()]


def main() -> int:
    """Print the table; exit code 1 for a broken promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=40.0, help="for the kills; the rest takes about twenty")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="commands and promises whose names this expression is found in")
    parser.add_argument("--kills", action="store_true", help="the kills alone: a short form is --kills --minutes 2")
    args = parser.parse_args()
    rows = harmed(args.minutes, random.Random(args.seed), args.only, args.kills)
    for promise, places in GATHERED.items():
        if re.search(args.only, promise) and not args.kills:
            passed, problem = gathered(places)
            rows.append((promise, f"{passed} tests", problem))
    print("| promise | count | result |\n|---|---|---|")
    for promise, count, problem in rows:
        print(f"| {promise} | {count} | {'BROKEN: ' + ' '.join(problem.split()) if problem else 'kept'} |", flush=True)
    return 1 if any(problem for _, _, problem in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
