"""A judge of known quality: it knows the labels, and errs as often as its settings say.

It is a control, for asking what a reward would do with a better or a worse judge; a training that it judges has used labels.
Every draw depends on the seed, the item and the response's place, or on its answer where equal answers are judged alike.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from ..harness.types import Json, sample_seed
from .base import Group
from .recipe_settings import OracleSettings
from .rewards.vote import VoteSettings, count_votes


@dataclass
class OracleJudge:
    """Scores responses by their labels. A response in bad format scores 0, as with every judge."""

    settings: OracleSettings
    trouble: ClassVar[str] = ""

    def identity(self) -> Json:
        """Its settings."""
        return {"oracle": dataclasses.asdict(self.settings)}

    def score(self, groups: Sequence[Group], seed: int) -> list[tuple[float | None, ...]]:
        """A score for each response of each group. Raises UsageError for a group without its label."""
        return [self._of_group(group, sample_seed(seed, group.item_id, place)) for place, group in enumerate(groups)]

    def _of_group(self, group: Group, seed: int) -> tuple[float, ...]:
        favoured, right = _favoured(group, self.settings.favours), group.verdicts()
        scores = []
        for place, well_formed in enumerate(group.well_formed):
            about = group.answers[place] if self.settings.alike else str(place)
            draw = random.Random(f"{seed} {about}")  # noqa: S311 - reproducible, not secret
            errs, is_biased = draw.random() >= self.settings.accuracy, draw.random() < self.settings.bias
            verdict = favoured[place] if is_biased else right[place] != errs
            scores.append(
                (0.5 + (self.settings.certainty / 2 if verdict else -self.settings.certainty / 2)) * well_formed
            )
        return tuple(scores)


def _favoured(group: Group, favours: str) -> tuple[bool, ...]:
    """Which responses a bias takes for right."""
    if favours == "majority":
        counted = count_votes(group, VoteSettings.votes)
        elected = set(counted.winner or ())
        return tuple(place in elected for place in range(len(group.responses)))
    lengths = [len(response) for response in group.responses]
    middle = median(lengths)
    return tuple(length > middle for length in lengths)
