"""From stored responses to verdicts and metrics: fast, any time, under any protocol, without a model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from .answers import Extraction, Grade
from .errors import DataError
from .metrics import Measure, Metric, accuracy, cluster, overall
from .samples import sample_metrics
from .store import RunReader
from .types import Item, Json, Response, Verdict


class Rules(Protocol):
    """The judging half of a protocol: find the stated answer in a response, then decide whether it is right."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever a verdict could."""
        ...

    def extract(self, text: str, item: Item, /) -> Extraction:
        """The stated final answer of a response."""
        ...

    def match(self, stated: Extraction, item: Item, /) -> Grade:
        """Whether the stated answer is right."""
        ...


def judge(response: Response, item: Item, rules: Rules) -> Verdict:
    """The verdict on one answer. A response that is an error gets none: `correct` is None."""
    if response.text is None:
        return Verdict(item.id, response.sample, None, None, "error", response.error or "no answer")
    grade = rules.match(rules.extract(response.text, item), item)
    return Verdict(
        item.id, response.sample, grade.correct, grade.extracted, grade.rule, grade.reason, response.truncated
    )


@dataclass(frozen=True)
class Scored:
    """A run under one protocol. `missing` counts questions without any answer yet, errors included.

    `measure` gives the suite's metrics, of which the first is `accuracy`.
    """

    run: RunReader
    rules: Rules
    items: tuple[Item, ...]
    verdicts: tuple[Verdict, ...]
    missing: int
    measure: Measure = overall

    @property
    def complete(self) -> bool:
        """True if every question has an answer and every answer a verdict."""
        return self.missing == 0 and self.unscored == 0

    @property
    def cross_prompt(self) -> bool:
        """True if the questions were asked by another protocol's prompt than the one that judges."""
        return bool(self.run.manifest.protocol != self.rules.name)

    @property
    def errors(self) -> int:
        """Engine failures: samples whose latest line is an error."""
        return sum(verdict.rule == "error" for verdict in self.verdicts)

    @property
    def unscored(self) -> int:
        """Answers that could not be judged."""
        return sum(verdict.correct is None and verdict.rule != "error" for verdict in self.verdicts)

    @property
    def unparsed(self) -> int:
        """Answers in which no final answer was stated."""
        return sum(verdict.correct is not None and verdict.extracted is None for verdict in self.verdicts)

    @property
    def truncated(self) -> int:
        """Answers that were cut off at the token limit."""
        return sum(verdict.truncated for verdict in self.verdicts)

    @cached_property
    def clusters(self) -> dict[str, str]:
        """The cluster of each item id."""
        return {item.id: cluster(item) for item in self.items}

    def accuracy(self) -> Metric:
        """The share of right answers among all judged ones, every sample counted, clustered by the suite's clusters."""
        return accuracy(self.items, self.verdicts)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric of the suite, `accuracy` first, then avg@k, pass@k and maj@k where items have several samples.

        Those of an incomplete run are of what there is: show them to nobody. Raises DataError if the items lack a
        category that the suite's metrics need.
        """
        try:
            found = self.measure(self.items, self.verdicts)
        except (KeyError, TypeError) as error:
            suite = self.run.manifest.suite
            raise DataError(f"{self.run.path}: its items are not as suite {suite} makes them ({error})") from error
        samples = self.run.manifest.sampling.n
        return (*found, *(sample_metrics(self.items, self.verdicts, samples) if samples > 1 else ()))

    def item_scores(self) -> dict[str, float]:
        """Item id -> mean correctness over its samples, for items with a verdict."""
        by_item: dict[str, list[bool]] = defaultdict(list)
        for verdict in self.verdicts:
            if verdict.correct is not None:
                by_item[verdict.item_id].append(verdict.correct)
        return {item: sum(values) / len(values) for item, values in by_item.items()}

    def to_json(self) -> Json:
        """A summary for machines."""
        metric = self.accuracy()
        estimate = metric.estimate
        manifest = self.run.manifest
        return {
            "run": str(self.run.path),
            "run_id": manifest.run_id,
            "model": manifest.model_name,
            "suite": manifest.suite,
            "protocol": self.rules.name,
            "protocol_version": self.rules.version,
            "cross_prompt": self.cross_prompt,
            "complete": self.complete,
            "metric": metric.name,
            "score": None if math.isnan(estimate.value) else estimate.value,
            "stderr": estimate.stderr if estimate.clusters > 1 else None,
            "interval": [estimate.low, estimate.high],
            "correct": metric.correct,
            "total": metric.total,
            "clusters": estimate.clusters,
            "metrics": [self._metric_json(one) for one in self.metrics],
            "unparsed": self.unparsed,
            "truncated": self.truncated,
            "errors": self.errors,
            "unscored": self.unscored,
            "missing": self.missing,
        }

    def _metric_json(self, metric: Metric) -> Json:
        """A metric for machines; that of an incomplete run has no score, for its denominator would lie."""
        estimate = metric.estimate
        defined = self.complete and not math.isnan(estimate.value)
        return {
            "metric": metric.name,
            "score": estimate.value if defined else None,
            "stderr": estimate.stderr if defined and estimate.clusters > 1 else None,
            "interval": [estimate.low, estimate.high] if defined else None,
            "correct": metric.correct,
            "total": metric.total,
            "n": estimate.n,
            "clusters": estimate.clusters,
        }


def score(run: RunReader, rules: Rules, measure: Measure = overall) -> Scored:
    """Judge every stored response of a run, and measure by the suite's metrics. Raises DataError if the run is damaged."""
    items = tuple(asked.item for asked in run.asked())
    by_id = {item.id: item for item in items}
    samples = run.manifest.sampling.n
    verdicts = tuple(judge(one, by_id[one.item_id], rules) for one in _asked_for(run, by_id, samples))
    answered = sum(verdict.rule != "error" for verdict in verdicts)
    return Scored(run, rules, items, verdicts, len(items) * samples - answered, measure)


def _asked_for(run: RunReader, items: Container[str], samples: int) -> Iterator[Response]:
    """The responses. Raises DataError at one that was not asked for: it would stand in for one that is missing."""
    for response in run.responses():
        if response.item_id not in items or not 0 <= response.sample < samples:
            raise DataError(
                f"{run.path}: holds an answer to {response.item_id!r} sample {response.sample}, which was not asked"
            )
        yield response
