"""How often the guard's rule rings, and when, on simulated trainings and judges: prints a table; run as a script.

Every held-out prompt changes its answer at some step of a training, or never; a change loses a right answer, gains one, or
does neither. The shares are those seen on the gym: in a collapse from 67% to 54%, in a good training from 67% to 80%, and, in
one that leads nowhere, as many gained as lost. At each check an oracle judges both answers to the changed prompts anew.

A collapse is seen in time where the policy has not yet lost 5 points at the step of the alarm; what is kept is the policy of
the best check before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

import numpy as np

from proctor.trainers.guard import Check, apply_rule
from proctor.trainers.recipe_settings import GuardSettings

CHECKS, DRAWS = 10, 400
KINDS = {"collapse": (0.18, 0.05, 0.04), "good": (0.025, 0.155, 0.03), "nowhere": (0.08, 0.08, 0.04)}
"""Shares of prompts that lose a right answer, gain one, and change a wrong answer for another by the end."""
MOST_LOST = 0.05
random = np.random.default_rng(0)


def training(kind: str, prompts: int, accuracy: float) -> tuple[list[Check], list[float]]:
    """The checks of a training, and what the policy has truly lost of its accuracy at each of them."""
    lost, gained, other = KINDS[kind]
    lot = random.random(prompts)
    what = np.select([lot < lost, lot < lost + gained, lot < lost + gained + other], [-1, 1, 0], default=9)
    when = random.random(prompts)
    checks, losses = [], []
    for number in range(1, CHECKS + 1):
        changed = (what != 9) & (when <= number / CHECKS)
        old, new = (what == -1) & changed, (what == 1) & changed
        judged = [right != (random.random(prompts) >= accuracy) for right in (new, old)]
        changes = np.where(changed, judged[0].astype(float) - judged[1], 0.0)
        error = float(changes.std(ddof=1)) / prompts**0.5
        checks.append(Check(number, 1 - float(changed.mean()), 1.0, float(changes.mean()), error))
        losses.append((lost - gained) * number / CHECKS)
    return checks, losses


def told(kind: str, prompts: int, accuracy: float, settings: GuardSettings) -> Iterator[tuple[bool, bool, bool]]:
    """Of each draw: whether it rang, whether in time, and whether what is kept has lost less than 5 points."""
    for _ in range(DRAWS):
        checks, losses = training(kind, prompts, accuracy)
        best, alarm = apply_rule(checks, settings)
        kept = losses[best.step - 1] if alarm is not None and best.step else 0.0 if alarm is not None else losses[-1]
        in_time = alarm is not None and losses[alarm.check.step - 1] < MOST_LOST
        yield alarm is not None, in_time, kept < MOST_LOST


def main() -> None:
    """Print a row for each size, judge and rule."""
    print("| prompts | judge | z, checks | collapses: alarm | in time | kept | good: alarm | nowhere: alarm |")
    print("|---|---|---|---|---|---|---|---|")
    for prompts, accuracy in ((128, 0.8), (256, 0.8), (512, 0.8), (512, 1.0), (2048, 0.8), (2048, 1.0)):
        for z, number in ((2.0, 2), (1.5, 2), (3.0, 1)):
            settings = GuardSettings(z=z, checks=number)
            shares = {
                kind: [fmean(column) for column in zip(*told(kind, prompts, accuracy, settings), strict=True)]
                for kind in KINDS
            }
            cells = [*shares["collapse"], shares["good"][0], shares["nowhere"][0]]
            row = " | ".join(f"{cell:.0%}" for cell in cells)
            print(f"| {prompts} | {accuracy:.0%} | {z:g}, {number} | {row} |")


if __name__ == "__main__":
    main()
