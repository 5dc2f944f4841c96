"""MM-UPT's reward: 1 for each response whose answer is the group's majority answer, else 0 (arXiv 2505.22453, section 3)."""

from __future__ import annotations

from ...harness.votes import vote
from ..base import Group


class MajorityVote:
    """The pseudo-label is the winning class of the group's vote; without any stated answer every reward is 0."""

    name = "majority_vote"
    needs_gold = False

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in {0, 1}."""
        winner = vote(group.item_id, group.answers, group.choices).winner or ()
        return [float(index in winner) for index in range(len(group.responses))]
