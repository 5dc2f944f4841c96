"""MM-UPT's reward: 1 for each response whose answer is the group's majority answer, else 0 (arXiv 2505.22453, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ...harness.answers.vote import classes
from ..base import Group
from .vote import VoteSettings, ballots, count_votes, elected_answer


@dataclass(frozen=True)
class MajorityVote:
    """The pseudo-label is the group's winning answer; without any stated answer every reward is 0.

    With votes = "exact" it is elected as in the paper's code, which then rewards every box that a grader finds equal to it;
    here every box that the matcher finds equal to it.
    """

    settings: VoteSettings = field(default_factory=VoteSettings)
    name: ClassVar[str] = "majority_vote"
    needs_gold: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0, 1)

    @property
    def depends_on_order(self) -> bool:
        """True where the answer that was seen first wins a tie."""
        return self.settings.votes == "exact"

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in {0, 1}."""
        votes = self.settings.votes
        rewards = elected_answer(count_votes(group, votes))
        if votes == "exact":
            for members in classes(ballots(group, votes), group.choices or None):
                if any(rewards[index] for index in members):
                    rewards = [1.0 if index in members else reward for index, reward in enumerate(rewards)]
        return rewards
