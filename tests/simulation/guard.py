"""How often the guard's rule rings, and when, on simulated trainings and judges: prints a table; run as a script.

Every held-out prompt changes its answer at some step of a training, or never; a change loses a right answer, gains one, or
does neither, and some prompts change theirs again and again. The shares are those seen on the gym: in a collapse from 67% to
54%, in one that comes after a rise, in a good training from 67% to 80%, and, in one that leads nowhere, as many gained as
lost. An oracle judges each answer to a prompt once.

A collapse is seen in time where the policy has not yet lost 5 points from its best at the step of the alarm; what is kept is
the policy of the best check before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

import numpy as np

from proctor.trainers.guard import Check, apply_rule
from proctor.trainers.held_out_changes import Change, Changes
from proctor.trainers.recipe_settings import GuardSettings

CHECKS, DRAWS = 20, 400
KINDS = {
    "collapse": ((0.18, 0, 1), (0.05, 0, 1)),
    "fast": ((0.18, 0, 0.4), (0.05, 0, 0.4)),
    "late": ((0.18, 0.4, 1), (0.18, 0, 0.4)),
    "good": ((0.025, 0, 1), (0.155, 0, 1)),
    "risen": ((0.025, 0, 1), (0.155, 0, 0.3)),
    "nowhere": ((0.08, 0, 1), (0.08, 0, 1)),
}
"""The share of prompts that lose a right answer, and of those that gain one, each with the part of the training in which."""
COLLAPSES = ("collapse", "fast", "late")
OTHER, WAVERING = 0.04, 0.04
"""The shares of prompts that change a wrong answer for another one, and of those that waver between right and wrong."""
MOST_LOST = 0.05
random = np.random.default_rng(0)


def training(kind: str, prompts: int, accuracy: float) -> tuple[list[Check], list[float]]:
    """The checks of a training, and how far its policy has truly fallen from its best before at each of them."""
    (lost, *lost_in), (gained, *gained_in) = KINDS[kind]
    spans = np.array([lost_in, gained_in, (0, 1), (0, 0), (0, 0)])
    what = np.searchsorted(np.cumsum([lost, gained, OTHER, WAVERING]), random.random(prompts), side="right")
    begins = random.uniform(*spans[what].T)
    wavers = random.random(prompts) < 0.5
    loses, gains = (what == 0) | ((what == 3) & wavers), (what == 1) | ((what == 3) & ~wavers)
    judged = [right != (random.random(prompts) >= accuracy) for right in (loses, gains)]
    change = judged[1].astype(float) - judged[0]
    checks, falls, best = [], [], 0.0
    for number in range(1, CHECKS + 1):
        now = number / CHECKS
        changed = np.where(what == 3, random.random(prompts) < 0.5, (what < 3) & (begins <= now))
        by_item = {str(place): Change("", float(change[place])) for place in np.flatnonzero(changed)}
        changes = Changes(prompts, by_item)
        checks.append(Check(number, 1 - len(by_item) / prompts, 1.0, *changes.mean_and_error(), None, changes))
        done = [np.clip((now - start) / (end - start), 0, 1) for start, end in (lost_in, gained_in)]
        true = float(gained * done[1] - lost * done[0])
        best = max(best, true)
        falls.append(best - true)
    return checks, falls


def told(kind: str, prompts: int, accuracy: float) -> Iterator[tuple[bool, bool, bool]]:
    """Of each draw: whether it rang, whether in time, and whether what is kept had fallen less than 5 points."""
    for _ in range(DRAWS):
        checks, falls = training(kind, prompts, accuracy)
        best, alarm = apply_rule(checks, GuardSettings())
        kept = falls[-1] if alarm is None else falls[best.step - 1] if best.step else 0.0
        in_time = alarm is not None and falls[alarm.check.step - 1] < MOST_LOST
        yield alarm is not None, in_time, kept < MOST_LOST


def main() -> None:
    """Print a row for each size and judge: the shares of trainings with an alarm, of collapses also of those in time."""
    print("| prompts | judge right | " + " | ".join(KINDS) + " |")
    print("|---|---|" + "---|" * len(KINDS))
    for prompts, accuracy in ((128, 0.8), (256, 0.8), (512, 0.8), (2048, 0.8), (2048, 1.0)):
        cells = []
        for kind in KINDS:
            rang, in_time, kept = (fmean(column) for column in zip(*told(kind, prompts, accuracy), strict=True))
            cells.append(f"{rang:.0%}, {in_time:.0%}, {kept:.0%}" if kind in COLLAPSES else f"{rang:.0%}")
        print(f"| {prompts} | {accuracy:.0%} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
