"""Rewards side by side on the same recorded groups: measures, paired differences to a baseline, and the judge's calibration.

The effect of n is shown at smaller groups, drawn without replacement from the recorded ones.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...harness.errors import UsageError
from ...harness.types import Json, sample_seed
from ..base import Reward, needs_judge
from ..groups import UNTOLD, RecordedGroup, lacking_tokens
from ..rewards.advantages import Advantage, Array
from ..tokens import refuse_lacking
from .calibration import Calibration, calibrate
from .measures import (
    DIFFICULTIES,
    MEASURES,
    SIZED,
    GroupOutcome,
    Interval,
    Measure,
    correlation,
    difference,
    difficulty,
    mean,
    reward_group,
)
from .style import Correlations, correlations

SIZES = (2, 4, 8, 16)
DRAWS = 5
"""So many smaller groups are drawn from each recorded one."""


def group_sizes(n: int) -> list[int]:
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
        tokens=recorded.tokens.at(places),
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
    rows = {measure.name: np.full(len(groups), np.nan) for measure in measures}
    for place, recorded in enumerate(groups):
        outcomes = [
            reward_group(drawn, reward, advantage, sample_seed(seed, "draw", number))
            for number, drawn in enumerate(draws(recorded, size, seed))
        ]
        for measure in measures:
            rows[measure.name][place] = _mean(outcomes, measure)
    return rows


def _mean(outcomes: Sequence[GroupOutcome], measure: Measure) -> float:
    values = [value for value in map(measure.of_group, outcomes) if not np.isnan(value)]
    return sum(values) / len(values) if values else np.nan


BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}

Progress = Callable[[str], None]
"""Told what was done, once for each reward at each size."""


@dataclass(frozen=True)
class Entry:
    """A reward under the label that it has in the report."""

    label: str
    reward: Reward

    def to_json(self) -> Json:
        """Label, reward and its settings."""
        settings: Any = getattr(self.reward, "settings", None)
        return {
            "label": self.label,
            "reward": self.reward.name,
            "settings": {} if settings is None else dataclasses.asdict(settings),
        }


@dataclass(frozen=True)
class Result:
    """What was found of one reward.

    `measures` by name, `differences` to the baseline by name (none for itself), `by_difficulty` false reinforcement in the
    groups of each of DIFFICULTIES, `by_size` the measures SIZED at each size of group, the recorded one last. `style` and
    `style_equally_right` are correlations with each of STYLES, over all pairs of a group and over equally right ones.
    """

    entry: Entry
    measures: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    by_difficulty: Mapping[str, Interval]
    by_size: Mapping[int, Mapping[str, Interval]]
    style: Mapping[str, Interval]
    style_equally_right: Mapping[str, Interval]

    def to_json(self) -> Json:
        """All fields."""
        return {
            **self.entry.to_json(),
            "measures": _json(self.measures),
            "differences": _json(self.differences),
            "false_reinforcement_by_difficulty": _json(self.by_difficulty),
            "by_size": {str(size): _json(row) for size, row in self.by_size.items()},
            "style": _json(self.style),
            "style_equally_right": _json(self.style_equally_right),
        }


@dataclass(frozen=True)
class BenchReport:
    """Every reward on the same groups. `right` is the share of right responses, `difficulties` counts groups."""

    results: tuple[Result, ...]
    baseline: str
    advantage: str
    seed: int
    groups: int
    samples: int
    clusters: int
    right: Interval
    difficulties: Mapping[str, int]
    judge: Calibration | None

    def to_json(self) -> Json:
        """All fields."""
        return {
            "groups": self.groups,
            "samples": self.samples,
            "clusters": self.clusters,
            "right": self.right.to_json(),
            "difficulties": dict(self.difficulties),
            "advantage": self.advantage,
            "baseline": self.baseline,
            "seed": self.seed,
            "rewards": [result.to_json() for result in self.results],
            "judge": self.judge.to_json() if self.judge else None,
        }


def _json(intervals: Mapping[str, Interval]) -> Json:
    return {name: interval.to_json() for name, interval in intervals.items()}


@dataclass(frozen=True)
class _Values:
    """The values (groups,) of an entry's measures at the recorded size, and at smaller ones; how it goes with style."""

    entry: Entry
    full: Mapping[str, Array]
    smaller: Mapping[int, Mapping[str, Array]]
    style: Correlations


def bench(
    groups: Sequence[RecordedGroup],
    entries: Sequence[Entry],
    baseline: str,
    advantage: tuple[str, Advantage],
    *,
    seed: int = 0,
    progress: Progress = lambda what: None,
) -> BenchReport:
    """Put every entry to every group; `baseline` is the label of the one that the others are compared with.

    Groups of several runs are pooled; they must have the same number of responses. Deterministic for a seed.
    Raises UsageError for no groups, groups of several sizes, labels that repeat or lack the baseline, and a reward that
    needs a judge's scores, or to know of tokens, where there is nothing; DataError for a reward that gives no number.
    """
    labels = [entry.label for entry in entries]
    counts = {len(recorded.responses) for recorded in groups}
    if len(counts) != 1:
        raise UsageError(f"the runs must hold groups of one size; they hold: {sorted(counts) or 'none'}")
    if len(set(labels)) < len(labels) or baseline not in labels:
        raise UsageError(f"labels must differ, and the baseline {baseline!r} must be one of them: {', '.join(labels)}")
    for entry in entries:
        if needs_judge(entry.reward) and any(recorded.judge_scores is None for recorded in groups):
            raise UsageError(
                f"reward {entry.label} needs a judge's scores, and a run has none: add them with `proctor reward record` "
                "and --judge, or leave the reward out"
            )
        refuse_lacking(entry.label, lacking_tokens(entry.reward, groups), UNTOLD)
    clusters = [f"{recorded.item.suite} {recorded.cluster}" for recorded in groups]
    n = counts.pop()
    values = [_values(groups, entry, advantage[1], group_sizes(n), seed=seed, progress=progress) for entry in entries]
    reference = values[labels.index(baseline)]
    return BenchReport(
        results=tuple(_result(row, reference, groups, clusters, n) for row in values),
        baseline=baseline,
        advantage=advantage[0],
        seed=seed,
        groups=len(groups),
        samples=n,
        clusters=len(set(clusters)),
        right=mean(np.array([np.mean(recorded.correct) for recorded in groups]), clusters, share=True),
        difficulties=_difficulties(groups),
        judge=calibrate(groups, seed),
    )


def _difficulties(groups: Sequence[RecordedGroup]) -> dict[str, int]:
    levels = [difficulty(recorded.correct) for recorded in groups]
    return {name: levels.count(name) for name in DIFFICULTIES}


def _values(
    groups: Sequence[RecordedGroup],
    entry: Entry,
    advantage: Advantage,
    smaller: Sequence[int],
    *,
    seed: int,
    progress: Progress,
) -> _Values:
    outcomes = [reward_group(recorded, entry.reward, advantage, seed) for recorded in groups]
    progress(f"{entry.label}: whole groups")
    full = {measure.name: np.array([measure.of_group(outcome) for outcome in outcomes]) for measure in MEASURES}
    sized = {}
    for size in smaller:
        sized[size] = at_size(groups, size, entry.reward, advantage, [BY_NAME[name] for name in SIZED], seed=seed)
        progress(f"{entry.label}: groups of {size}")
    style = correlations(groups, [outcome.rewards for outcome in outcomes])
    return _Values(entry, full, sized, style)


def _result(
    values: _Values, reference: _Values, groups: Sequence[RecordedGroup], clusters: Sequence[str], n: int
) -> Result:
    def summed(rows: Mapping[str, Array]) -> dict[str, Interval]:
        return {name: mean(row, clusters, share=BY_NAME[name].share) for name, row in rows.items()}

    measures = summed(values.full)
    differences = {
        name: difference(reference.full[name], row, clusters, share=BY_NAME[name].share)
        for name, row in values.full.items()
    }
    return Result(
        entry=values.entry,
        measures=measures,
        differences={} if values is reference else differences,
        by_difficulty=_by_difficulty(values.full["false_reinforcement"], groups, clusters),
        by_size={
            **{size: summed(rows) for size, rows in values.smaller.items()},
            n: {name: measures[name] for name in SIZED},
        },
        style={name: correlation(row, clusters) for name, row in values.style.all_pairs.items()},
        style_equally_right={name: correlation(row, clusters) for name, row in values.style.equally_right.items()},
    )


def _by_difficulty(row: Array, groups: Sequence[RecordedGroup], clusters: Sequence[str]) -> dict[str, Interval]:
    """The mean of a share over the groups of each difficulty; NaN where there are none."""
    means = {}
    for name in DIFFICULTIES:
        places = [place for place, recorded in enumerate(groups) if difficulty(recorded.correct) == name]
        means[name] = mean(row[places], [clusters[place] for place in places], share=True)
    return means
