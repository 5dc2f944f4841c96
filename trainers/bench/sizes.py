"""The effect of n: measures at smaller groups, drawn without replacement from the recorded ones."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence

import numpy as np

from ...harness.types import sample_seed
from ..advantages import Advantage, Array
from ..base import Reward
from ..recorded import RecordedGroup
from .measures import Measure
from .outcome import Outcome, assess

SIZES = (2, 4, 8, 16)
DRAWS = 5
"""So many smaller groups are drawn from each recorded one."""


def sizes(n: int) -> list[int]:
    """The sizes that can be drawn from n responses; n itself is the recorded group."""
    return [size for size in SIZES if size < n]


def subset(recorded: RecordedGroup, places: Sequence[int]) -> RecordedGroup:
    """The group of the responses at those places."""
    scores = recorded.judge_scores
    return dataclasses.replace(
        recorded,
        responses=tuple(recorded.responses[place] for place in places),
        correct=tuple(recorded.correct[place] for place in places),
        judge_scores=None if scores is None else tuple(scores[place] for place in places),
    )


def draws(recorded: RecordedGroup, size: int, seed: int) -> Iterator[RecordedGroup]:
    """DRAWS groups of that size, the same for the same item and seed."""
    for draw in range(DRAWS):
        lot = random.Random(sample_seed(seed, f"{size} of {recorded.item.id}", draw))  # noqa: S311 - reproducible, not secret
        yield subset(recorded, sorted(lot.sample(range(len(recorded.responses)), size)))


def at_size(
    groups: Sequence[RecordedGroup],
    size: int,
    reward: Reward,
    advantage: Advantage,
    measures: Sequence[Measure],
    *,
    seed: int,
) -> dict[str, Array]:
    """The measures (groups,) by name, each the mean over the draws in which it is defined, NaN where it is in none."""
    found = {one.name: np.full(len(groups), np.nan) for one in measures}
    for place, recorded in enumerate(groups):
        outcomes = [
            assess(one, reward, advantage, sample_seed(seed, "draw", number))
            for number, one in enumerate(draws(recorded, size, seed))
        ]
        for measure in measures:
            found[measure.name][place] = _mean(outcomes, measure)
    return found


def _mean(outcomes: Sequence[Outcome], measure: Measure) -> float:
    values = [value for value in map(measure.of_group, outcomes) if not np.isnan(value)]
    return sum(values) / len(values) if values else np.nan
