"""The supervised ceiling: 1 for each response that the strict matcher finds right, else 0."""

from __future__ import annotations

from ..base import Group


class GroundTruth:
    """Needs the gold answer."""

    name = "ground_truth"
    needs_gold = True
    bounds = (0.0, 1.0)

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in {0, 1}. Raises UsageError for a group without a label."""
        return list(map(float, group.verdicts()))
