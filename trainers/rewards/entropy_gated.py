"""Majority voting only where the vote is neither settled nor scattered: else the group has no signal.

The gate is that of EMPO (arXiv 2504.05812), which leaves out prompts whose answers' entropy is not between two thresholds;
there the reward behind the gate is the answer's frequency, here it is the majority's 1 or 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...harness.answers.vote import vote
from ...harness.errors import UsageError
from ..base import Group
from .vote import elected_answer


@dataclass(frozen=True)
class EntropySettings:
    """The gate is open while low <= H <= high, with H in [0, 1] as `vote_entropy` has it."""

    low: float = 0.0
    high: float = 0.6

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 1:
            raise UsageError("low and high must be in [0, 1], and low below high")


def vote_entropy(sizes: Sequence[int]) -> float:
    """H = -sum p log p / log n of n responses in classes of those sizes: 0 if all agree, 1 if no two do."""
    n = sum(sizes)
    return 0.0 if n < 2 else math.fsum(size / n * math.log(n / size) for size in sizes) / math.log(n)


@dataclass(frozen=True)
class EntropyGated:
    """Responses without an answer in the form asked for count as one class in the entropy; they never win."""

    settings: EntropySettings = EntropySettings()
    name: ClassVar[str] = "entropy_gated"
    needs_gold: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0, 1)

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in {0, 1}; all 0 where the gate is shut."""
        counted = vote(group.item_id, group.ballots, group.choices)
        sizes = sorted(map(len, counted.classes))
        absent = counted.size - sum(sizes)
        entropy = vote_entropy([*sizes, absent] if absent else sizes)
        open_gate = self.settings.low <= entropy <= self.settings.high
        return elected_answer(counted) if open_gate else [0.0] * counted.size
