"""One network for all prompts: what a step's batch teaches every prompt.

In a training a prompt is asked once, and moves by what other prompts taught. What carries over is described by one number
for each prompt of a batch: how far its own step moves right against wrong answers, in log-odds. Every prompt then moves by
the mean of its kind's, and by `across` times the mean of all; so prompts with a right majority drag others along, and so do
those with a wrong one.

Steps are divided by the root of their running mean square, as Adam does it: the scale of an advantage plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...harness.types import Json
from .policy import Floats, Ints, Prompts, log_policy

DECAY = 0.98
KIND = "task"
"""The entry of an item's meta that says which prompts are of a kind."""
MOST = 30.0
"""Logits are kept within so much of each other."""


def kinds_of(prompts: Prompts) -> Ints:
    """A number for the kind of each prompt, (P,); all are of one where an item does not say its own."""
    named: list[Json] = [group.item.meta.get(KIND) for group in prompts.groups]
    if any(name is None for name in named):
        return np.zeros(len(prompts), np.int64)
    order = sorted({str(name) for name in named})
    return np.array([order.index(str(name)) for name in named])


@dataclass
class SharedLearner:
    """The network: `right` (P, K) and `kinds` (P,) describe the prompts, `across` says what other kinds teach."""

    right: Floats
    kinds: Ints
    across: float
    _square: float = field(default=0.0, init=False)
    _count: int = field(default=0, init=False)

    def step(self, logits: Floats, own: Floats, batch: Ints, rate: float) -> Floats:
        """The logits (P, K) after a step: `own` (P, K) are the steps of prompts alone, those of the `batch` (B,) count."""
        odds = odds_of_right(logits[batch], own[batch], self.right[batch])
        self._count += 1
        self._square = DECAY * self._square + (1 - DECAY) * float((odds**2).mean() + 1e-12)
        scale = rate / np.sqrt(self._square / (1 - DECAY**self._count))
        policy = log_policy(logits)
        present = np.isfinite(policy)
        moved = np.where(present, policy, 0.0) + scale * self._carried(odds, self.kinds[batch])[:, None] * self.right
        top = np.where(present, moved, -np.inf).max(axis=1, keepdims=True)
        result: Floats = np.where(present, np.maximum(moved, top - MOST), -np.inf)
        return result

    def _carried(self, values: Floats, kinds: Ints) -> Floats:
        """For each prompt the sum over the batch's prompts of its kind and `across` times that of all, by the size."""
        carried = np.full(len(self.kinds), self.across * values.sum() / len(values))
        for kind in np.unique(kinds):
            carried[self.kinds == kind] += values[kinds == kind].sum() / len(values)
        return carried


def odds_of_right(logits: Floats, own: Floats, right: Floats) -> Floats:
    """How far each prompt's own step moves the log-odds of its right answers, (B,); 0 where only one side was recorded."""
    policy = np.exp(log_policy(logits))
    of_right, of_wrong = policy * right, policy * (1 - right)
    mass_right, mass_wrong = of_right.sum(1), of_wrong.sum(1)
    both = (mass_right > 0) & (mass_wrong > 0)
    moved = [
        (of_side * own).sum(1) / np.where(both, mass, 1)
        for of_side, mass in ((of_right, mass_right), (of_wrong, mass_wrong))
    ]
    odds: Floats = np.where(both, moved[0] - moved[1], 0.0)
    return odds
