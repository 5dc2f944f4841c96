"""A reward on whole groups of responses, as another trainer tells them; `for_trl` and its neighbours are the forms of each.

A judge's scores and what is known of tokens are not at hand there, but for the number of tokens in TRL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...harness.answers.formats import FORMATS
from ...harness.errors import UsageError
from ...harness.types import digest, sample_seed
from ..base import Gold, Group, Reward, needs_judge
from ..tokens import needed, refuse_lacking
from .base import rewards_of


@dataclass(frozen=True)
class Answered:
    """A response to a prompt, as another trainer tells it; `length` counts its tokens where it is known."""

    prompt: str
    response: str
    item_id: str
    choices: tuple[str, ...] = ()
    gold: str | None = None
    length: int | None = None


@dataclass(frozen=True)
class GroupReward:
    """A reward on groups of what another trainer tells; `who` that is, for messages.

    Raises UsageError for a reward that needs what `who` does not tell.
    """

    reward: Reward
    who: str
    answer_format: str
    answer_type: str | None
    seed: int
    lengths: bool = False

    def __post_init__(self) -> None:
        FORMATS.load(self.answer_format)
        missing = [] if not needs_judge(self.reward) else ["a judge's scores"]
        missing += [called for name, called in needed(self.reward).items() if not (self.lengths and name == "lengths")]
        refuse_lacking(self.reward.name, missing, f"{self.who} does not tell: choose another reward")

    def __call__(self, answered: Sequence[Answered]) -> list[float]:
        """The rewards of one whole group. Raises UsageError for a group of one or a missing label, DataError."""
        first, n = answered[0], len(answered)
        if n < 2:
            raise UsageError(f"reward {self.reward.name}: a group of one response has no other to be compared with")
        group = Group(
            first.item_id,
            first.prompt,
            first.choices,
            (),
            tuple(one.response for one in answered),
            self._gold(first) if self.reward.needs_gold else None,
            self.answer_format,
            lengths=tuple(one.length or 0 for one in answered) if "lengths" in needed(self.reward) else None,
        )
        seed = sample_seed(self.seed, digest([first.item_id, *group.responses]), 0)
        return [float(value) for value in rewards_of(self.reward, group, seed)]

    def _gold(self, one: Answered) -> Gold:
        if not one.gold:
            raise UsageError(f"reward {self.reward.name} needs labels, and {self.who} gave none for a prompt")
        return Gold(one.gold, self.answer_type or ("choice" if one.choices else "number"), None)

    def placed(self, answered: Sequence[Answered], groups: Sequence[Sequence[int]]) -> list[float]:
        """The rewards of all responses in their order; `groups` holds the places of each group's."""
        rewards = [0.0] * len(answered)
        for places in groups:
            for place, reward in zip(places, self([answered[place] for place in places]), strict=True):
                rewards[place] = reward
        return rewards
