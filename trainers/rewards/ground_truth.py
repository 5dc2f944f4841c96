"""The supervised ceiling: 1 for each response that the strict matcher finds right, else 0."""

from __future__ import annotations

from ...harness import answers
from ...harness.errors import UsageError
from ..base import Group


class GroundTruth:
    """Needs the gold answer."""

    name = "ground_truth"
    needs_gold = True
    bounds = (0.0, 1.0)

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in {0, 1}. Raises UsageError for a group without a label."""
        gold = group.gold
        if gold is None:
            raise UsageError(f"reward ground_truth: item {group.item_id} has no label")
        choices = group.choices or None
        grades = [
            answers.match(one, gold.answer, gold.answer_type, choices, gold.unit, question=group.question)
            for one in group.stated
        ]
        return [float(grade.correct is True) for grade in grades]
