"""Does a reward pay for length or style? Its rank correlation with them within groups, and among equally right responses.

Notation: r_i is the reward of response i and x_i a feature of its text. The correlation is Kendall's tau-b over pairs of one
group, sum of sign(r_i - r_j) sign(x_i - x_j) / sqrt(N_r N_x), where N_r and N_x count the pairs that differ in r and in x. It
is not defined where none does. Over the pairs that are both right, or both wrong, what is right has no part in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...harness.answers.formats import boxed
from ..groups import RecordedGroup
from ..rewards.advantages import Array

Feature = Callable[[RecordedGroup], Sequence[float] | None]


@dataclass(frozen=True)
class Style:
    """A feature of responses; a group in which nobody knows it has None."""

    name: str
    title: str
    of_group: Feature


def _characters(recorded: RecordedGroup) -> Sequence[float]:
    return [len(text) for text in recorded.responses]


def _lines(recorded: RecordedGroup) -> Sequence[float]:
    return [sum(bool(line.strip()) for line in text.splitlines()) for text in recorded.responses]


def _boxed(recorded: RecordedGroup) -> Sequence[float]:
    return [float(boxed(text)) for text in recorded.responses]


STYLES: Sequence[Style] = (
    Style("tokens", "tokens", lambda recorded: recorded.tokens.lengths),
    Style("characters", "characters", _characters),
    Style("lines", "lines that are not blank", _lines),
    Style("boxed", "has a box", _boxed),
    Style("well_formed", "has the answer format", lambda recorded: [float(one) for one in recorded.well_formed]),
)


@dataclass(frozen=True)
class Correlations:
    """By the name of a style, for each group (groups,): tau-b over all pairs, and over pairs that are equally right."""

    all_pairs: Mapping[str, Array]
    equally_right: Mapping[str, Array]


def correlations(groups: Sequence[RecordedGroup], rewards: Sequence[Array]) -> Correlations:
    """Of the rewards, (n,) per group."""
    every: dict[str, Array] = {style.name: np.full(len(groups), np.nan) for style in STYLES}
    alike: dict[str, Array] = {style.name: np.full(len(groups), np.nan) for style in STYLES}
    for place, (recorded, row) in enumerate(zip(groups, rewards, strict=True)):
        upper = np.triu_indices(len(row), 1)
        right = np.array(recorded.correct)
        same = (right[:, None] == right)[upper]
        order = np.sign(row[:, None] - row)[upper]
        for style in STYLES:
            if (values := style.of_group(recorded)) is None:
                continue
            feature = np.array(values, dtype=np.float64)
            other = np.sign(feature[:, None] - feature)[upper]
            every[style.name][place] = _tau_b(order, other)
            alike[style.name][place] = _tau_b(order[same], other[same])
    return Correlations(every, alike)


def _tau_b(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Of the signs of pairs, (pairs,) each."""
    untied = int(np.count_nonzero(first)) * int(np.count_nonzero(second))
    return float(first @ second) / math.sqrt(untied) if untied else math.nan
