"""What a simulation costs: 600 prompts x 100 steps x groups of 16, reward by reward; prints seconds against a limit.

    python tests/perf/dynamics.py

Limit: 10 s for each reward that has a form for whole steps, on one core. The others, and a reward of one's own, are called
group by group; they are shown too, without a limit.
"""

import random
import sys
import time

from proctor.harness.types import Item
from proctor.trainers.groups import RecordedGroup
from proctor.trainers.rewards.registry import REWARDS, open_reward
from proctor.trainers.simulation.policy import Prompts
from proctor.trainers.simulation.rewards import AT_ONCE
from proctor.trainers.simulation.simulate import Settings, simulate

PROMPTS, SAMPLES, LIMIT = 600, 16, 10.0


class Own:
    """A reward that has no other form than its own: the share of the group that gave the answer's text."""

    name = "own"
    needs_gold = False

    def __call__(self, group, seed):
        """The rewards of a group."""
        return [group.answers.count(answer) / len(group.answers) for answer in group.answers]


def groups() -> list[RecordedGroup]:
    """Prompts from hard to easy, with up to nine answers each."""
    rng = random.Random(0)
    made = []
    for number in range(PROMPTS):
        stated = [5 if rng.random() < number / PROMPTS else rng.randint(1, 9) for _ in range(SAMPLES)]
        made.append(
            RecordedGroup(
                Item(f"q{number}", "figures", "How tall is bar A?", "5", "number"),
                tuple(rf"It is \boxed{{{one}}}." for one in stated),
                tuple(one == 5 for one in stated),
                tuple(rng.random() for _ in stated),
            )
        )
    return made


def main() -> int:
    """Measure once; exit code 1 if the limit is missed."""
    start = time.perf_counter()
    prompts = Prompts.from_groups(groups())
    print(f"{'prompts':16}{time.perf_counter() - start:8.2f} s")
    slowest = 0.0
    for reward in [*(open_reward(name, {}) for name in REWARDS.builtin), Own()]:
        start = time.perf_counter()
        simulate(prompts, reward, Settings())
        seconds = time.perf_counter() - start
        at_once = type(reward) in AT_ONCE
        print(f"{reward.name:16}{seconds:8.2f} s" + ("" if at_once else "  called group by group"))
        slowest = max(slowest, seconds) if at_once else slowest
    print(f"slowest at once {slowest:8.2f} s  ({slowest / LIMIT:.2f} x the limit of {LIMIT:g})")
    return 0 if slowest < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
