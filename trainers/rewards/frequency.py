"""The empirical frequency of each answer: p(a) = n(a)/n, Actor-Judge's prior alone (arXiv 2603.21289)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ..base import Group
from .vote import VoteSettings, count_votes, shares


@dataclass(frozen=True)
class Frequency:
    """The share of the group that gave the response's answer; 0 for a response that states none."""

    settings: VoteSettings = field(default_factory=VoteSettings)
    name: ClassVar[str] = "frequency"
    needs_gold: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0, 1)

    @property
    def equal_answers_alike(self) -> bool:
        """False where equal answers in another form are counted apart."""
        return self.settings.votes != "exact"

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in [0, 1]."""
        return shares(count_votes(group, self.settings.votes))
