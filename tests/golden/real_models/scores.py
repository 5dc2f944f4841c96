"""One model's answers under several protocols, and why each two of these differ; then who is better than whom.

`judge_run` gives the rows of a model, `Ranking` those of all models of a suite under one protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from proctor.benchmarks.examination import read_answers, score_answers
from proctor.harness.errors import DataError
from proctor.harness.runs.score import ScoredRun, StoredAnswers
from proctor.harness.stats.intervals import ALPHA, Difference, holm, paired_difference, rank_ranges
from proctor.harness.stats.metrics import cluster
from proctor.leaderboards.compare.explain import Side, explain

PUBLISHED = "recorded"
PROTOCOLS = (PUBLISHED, "official", "vlmevalkit", "strict", "math_verify")
EXPLAINED = ((PUBLISHED, "strict"), ("official", "vlmevalkit"), ("strict", "math_verify"))
"""Pairs of protocols whose differences are put down to causes."""


@dataclass(frozen=True)
class Score:
    """A line of scores.csv. `score`, `low`, `high` are shares from 0 to 1; None where some answers have no verdict."""

    suite: str
    model: str
    protocol: str
    right: int
    unscored: int
    answers: int
    score: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class CauseCount:
    """A line of causes.csv: so many answers only `right` accepts (gained), only `left` does (lost), or one leaves open."""

    suite: str
    model: str
    left: str
    right: str
    cause: str
    gained: int
    lost: int
    no_verdict: int


@dataclass(frozen=True)
class Judged:
    """What a model's answers gave: a score and verdicts by protocol, and the causes."""

    scores: Mapping[str, Score]
    causes: tuple[CauseCount, ...]
    verdicts: Mapping[str, Mapping[str, float]]
    clusters: Mapping[str, str]


def judge_run(model: str, path: Path, protocols: Sequence[str] = PROTOCOLS) -> Judged:
    """Judge a run's answers under each protocol that can; `recorded` only where the file has verdicts."""
    answers = read_answers(path)
    scored: dict[str, ScoredRun] = {}
    for protocol in protocols:
        try:
            scored[protocol] = score_answers(answers, protocol, partial=True)
        except DataError:
            if protocol != PUBLISHED:
                raise
    causes = [one for pair in EXPLAINED for one in _causes(model, answers, scored, *_instead(pair, scored))]
    verdicts = {name: run.item_scores() for name, run in scored.items() if not run.unscored}
    clusters = {one.item.id: cluster(one.item) for one in answers.asked}
    return Judged({name: _score(model, run) for name, run in scored.items()}, tuple(causes), verdicts, clusters)


def _instead(pair: tuple[str, str], scored: Mapping[str, ScoredRun]) -> tuple[str, str]:
    """The pair, with the benchmark's rules for the published verdicts where they alone decide, for these can be asked why."""
    rules = scored["official"]
    return ("official" if pair[0] == PUBLISHED and not rules.unscored and not rules.refereed else pair[0]), pair[1]


def _score(model: str, run: ScoredRun) -> Score:
    right = sum(one.correct is True for one in run.verdicts)
    found = None if run.unscored else run.accuracy().estimate
    shares = (None, None, None) if found is None else (found.value, found.low, found.high)
    return Score(run.run.manifest.suite, model, run.rules.name, right, run.unscored, len(run.verdicts), *shares)


def _causes(
    model: str, answers: StoredAnswers, scored: Mapping[str, ScoredRun], left: str, right: str
) -> list[CauseCount]:
    """The causes of a difference; none where one of the protocols did not judge."""
    if left not in scored or right not in scored:
        return []
    found = explain(Side(answers, scored[left]), Side(answers, scored[right]))
    suite = answers.run.manifest.suite
    return [
        CauseCount(suite, model, left, right, one.name, one.gained, one.lost, len(one.cases) - one.gained - one.lost)
        for one in found.causes
    ]


@dataclass(frozen=True)
class Place:
    """Where a model stands: its place by the score, and the best and the worst that the tests leave it."""

    model: str
    place: int
    best: int
    worst: int


@dataclass(frozen=True)
class Pair:
    """Two models of a ranking; `difference` is better minus worse by score, and `p` is adjusted for all pairs of it."""

    better: str
    worse: str
    difference: Difference
    p: float

    @property
    def apart(self) -> bool:
        """Whether the test tells them apart."""
        return self.p < ALPHA


class Ranking:
    """The models of a suite by their score under a protocol, and a paired test of each two (Holm's adjustment)."""

    def __init__(self, protocol: str, judged: Mapping[str, Judged]) -> None:
        self.protocol = protocol
        sides = {name: one.verdicts[protocol] for name, one in judged.items() if protocol in one.verdicts}
        items = max(map(frozenset, sides.values()), key=len, default=frozenset())
        self._sides = {name: side for name, side in sides.items() if side.keys() == items}
        self.order = sorted(self._sides, key=lambda name: (-sum(self._sides[name].values()), name))
        clusters = next(iter(judged.values())).clusters
        pairs = list(combinations(self.order, 2))
        found = [paired_difference(self._sides[worse], self._sides[better], clusters) for better, worse in pairs]
        adjusted = holm([one.p for one in found])
        self.pairs = [Pair(*pair, one, p) for pair, one, p in zip(pairs, found, adjusted, strict=True)]

    def places(self) -> list[Place]:
        """The models in order. Equal scores have one place."""
        ranges = rank_ranges(self.order, {(pair.better, pair.worse) for pair in self.pairs if pair.apart})
        totals = {name: sum(side.values()) for name, side in self._sides.items()}
        return [
            Place(name, 1 + sum(other > totals[name] for other in totals.values()), *ranges[name])
            for name in self.order
        ]

    def neighbours(self) -> list[Pair]:
        """Each model beside the next."""
        by_names = {(pair.better, pair.worse): pair for pair in self.pairs}
        return [by_names[pair] for pair in zip(self.order, self.order[1:], strict=False)]
