"""What the reward bench costs: 2,000 groups of 16 responses under six rewards on one core; prints seconds.

    python tests/perf/bench.py

The responses are texts of 300 characters, and again of 4,000, of which fewer are remembered. Limit: 120 s for each.
"""

import random
import sys
import time

from proctor.harness.types import Item
from proctor.trainers.bench.page import page
from proctor.trainers.bench.report import Entry, bench
from proctor.trainers.groups import RecordedGroup
from proctor.trainers.rewards.advantages import group_norm
from proctor.trainers.rewards.registry import open_reward

GROUPS, SAMPLES = 2_000, 16
REWARDS = ("majority_vote", "frequency", "actor_judge", "judge_only", "ground_truth", "random")
LIMIT = 120.0


def groups(characters: int) -> list[RecordedGroup]:
    """Groups that are right with chances from 0.2 to 1, with a judge's scores."""
    lot = random.Random(0)
    words = [f"{word} {number}" for word in ("side", "angle", "sum", "so") for number in range(50)]
    found = []
    for number in range(GROUPS):
        chance = lot.uniform(0.2, 1)
        correct = tuple(lot.random() < chance for _ in range(SAMPLES))
        scores = tuple(min(1.0, max(0.0, lot.gauss(0.7 if right else 0.4, 0.2))) for right in correct)
        responses = tuple(
            " ".join(lot.choices(words, k=characters // 8))[:characters]
            + f" \\boxed{{{7 if right else lot.randint(8, 12)}}}"
            for right in correct
        )
        item = Item(f"q{number}", "figures", "How long is it?", "7", "number", cluster=f"c{number // 2}")
        found.append(RecordedGroup(item, responses, correct, scores))
    return found


def main() -> int:
    """Measure once for each length; exit code 1 if the limit is missed."""
    entries = [Entry(name, open_reward(name, {})) for name in REWARDS]
    slowest = 0.0
    for characters in (300, 4_000):
        recorded = groups(characters)
        start = time.process_time()
        report = bench(recorded, entries, "majority_vote", ("group_norm", group_norm))
        size = len(page(report, ["run"]))
        taken = time.process_time() - start
        slowest = max(slowest, taken)
        what = f"{GROUPS:,} groups x {SAMPLES} x {len(entries)} rewards, {characters:,} characters"
        print(f"{what}: {taken:.1f} s of {LIMIT:.0f} s, page {size:,} bytes")
    return int(slowest > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
