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

from proctor.trainers.changes import Change, Changes
from proctor.trainers.guard import Check, apply_rule
from proctor.trainers.recipe_settings import GuardSettings

CHECKS, DRAWS = 20, 200
KINDS = {
    "collapse": ((0.18, 0, 1), (0.05, 0, 1)),
    "fast": ((0.18, 0, 0.4), (0.05, 0, 0.4)),
    "late": ((0.18, 0.4, 1), (0.18, 0, 0.4)),
    "good": ((0.025, 0, 1), (0.155, 0, 1)),
    "risen": ((0.025, 0, 1), (0.155, 0, 0.3)),
    "nowhere": ((0.08, 0, 1), (0.08, 0, 1)),
}
"""The share of prompts that lose a right answer, and of those that gain one, each with the part of the training in which."""
OTHER, WAVERING = 0.04, 0.04
"""The shares of prompts that change a wrong answer for another one, and of those that waver between right and wrong."""
MOST_LOST = 0.05
random = np.random.default_rng(0)


def training(kind: str, prompts: int, accuracy: float) -> tuple[list[Check], list[float]]:
    """The checks of a training, and how far its policy has truly fallen from its best before at each of them."""
    (lost, *lost_in), (gained, *gained_in) = KINDS[kind]
    lot, when, noise = random.random(prompts), random.random(prompts), random.random((3, prompts)) < accuracy
    edges = np.cumsum([lost, gained, OTHER, WAVERING])
    what = np.searchsorted(edges, lot, side="right")
    spans = np.array([lost_in, gained_in, (0, 1), (0, 0)])
    began = spans[np.minimum(what, 3), 0] + when * (spans[np.minimum(what, 3), 1] - spans[np.minimum(what, 3), 0])
    starts_right = np.select([what == 0, what == 1, what == 2], [True, False, False], default=when < 0.5)
    ends_right = np.select([what == 0, what == 1, what == 2], [False, True, False], default=~starts_right)
    change = (noise[0] == ends_right).astype(float) - (noise[1] == starts_right)
    checks, falls, best = [], [], 0.0
    for number in range(1, CHECKS + 1):
        wavers = (what == 3) & (random.random(prompts) < 0.5)
        changed = np.flatnonzero(wavers | ((what < 3) & (began <= number / CHECKS)))
        changes = Changes(prompts, {str(place): Change("", float(change[place])) for place in changed})
        checks.append(Check(number, 1 - len(changed) / prompts, 1.0, *changes.mean_and_error(), None, changes))
        at = [np.clip((number / CHECKS - start) / (end - start), 0, 1) for start, end in (lost_in, gained_in)]
        true = gained * at[1] - lost * at[0]
        best = max(best, true)
        falls.append(best - true)
    return checks, falls


def told(kind: str, prompts: int, accuracy: float, rules: list[GuardSettings]) -> Iterator[list[tuple[bool, bool, bool]]]:
    """Of each draw and rule: whether it rang, whether in time, and whether what is kept had fallen less than 5 points."""
    for _ in range(DRAWS):
        checks, falls = training(kind, prompts, accuracy)
        row = []
        for settings in rules:
            best, alarm = apply_rule(checks, settings)
            kept = falls[-1] if alarm is None else falls[best.step - 1] if best.step else 0.0
            row.append((alarm is not None, alarm is not None and falls[alarm.check.step - 1] < MOST_LOST, kept < MOST_LOST))
        yield row


RULES = [
    GuardSettings(z=z, checks=checks, z_once=once, least=least)
    for z, checks, once, least in (
        (2.0, 2, 3.0, 0.0),
        (2.0, 2, 3.0, 0.015),
        (2.0, 2, 2.5, 0.015),
        (2.0, 1, 2.0, 0.015),
        (2.5, 2, 3.0, 0.02),
    )
]


def main() -> None:
    """Print a row for each size, judge and rule: of collapses alarms and those in time, of the others alarms."""
    print("| prompts | judge | z, checks, z_once, least | " + " | ".join(KINDS) + " |")
    print("|---|---|---|" + "---|" * len(KINDS))
    for prompts, accuracy in ((256, 0.8), (512, 0.8), (2048, 0.8), (2048, 1.0)):
        of_kinds = {kind: list(told(kind, prompts, accuracy, RULES)) for kind in KINDS}
        for place, rule in enumerate(RULES):
            cells = []
            for draws in of_kinds.values():
                rang, in_time, kept = (fmean(column) for column in zip(*(row[place] for row in draws), strict=True))
                cells.append(f"{rang:.0%}, {in_time:.0%} in time, {kept:.0%} kept")
            settings = f"{rule.z:g}, {rule.checks}, {rule.z_once:g}, {rule.least:g}"
            print(f"| {prompts} | {accuracy:.0%} | {settings} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
