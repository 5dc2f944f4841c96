"""What a metric is, and the one that every suite has: the share of right answers.

Metrics of runs with several samples per item: avg@k, pass@k and maj@k, with errors clustered over items.

- avg@k is the mean over items of the share of right samples.
- pass@k is the mean over items of 1 - C(n-c, k) / C(n, k), for c right ones among n samples: without bias for the chance
  that one of k samples is right (Chen et al. 2021, arXiv 2107.03374, eq. 1).
- maj@k is the share of items whose first k samples elect a right answer.

pass@k and maj@k come for k = 2, 4, 8, ... below n, and for n itself. Each is a mean of one value per item, so the clustered
error of a mean holds for it; that of maj@k leaves out the luck of the k drawn samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import comb
from typing import TypeAlias

from ..answers.vote import vote
from ..types import Item, Verdict
from .intervals import Estimate, proportion


@dataclass(frozen=True)
class Metric:
    """One number of a suite, a share from 0 to 1; undefined (0/0) is NaN with n = 0.

    `correct` of `total` as integers where it is a share of things that are counted (answers, problems, seeds), else None.
    """

    name: str
    estimate: Estimate
    correct: int | None = None
    total: int | None = None


Measure: TypeAlias = Callable[[Sequence[Item], Sequence[Verdict]], list[Metric]]


def cluster(item: Item) -> str:
    """What an item stands or falls with: its cluster, or itself."""
    return item.cluster or item.id


def judged(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[tuple[Item, Verdict]]:
    """The verdicts that say right or wrong, each with its item."""
    by_id = {item.id: item for item in items}
    return [(by_id[verdict.item_id], verdict) for verdict in verdicts if verdict.correct is not None]


def share(name: str, outcomes: Iterable[tuple[str, bool]]) -> Metric:
    """The share of true ones among (cluster, outcome) pairs, with a clustered error."""
    pairs = list(outcomes)
    values = [float(value) for _, value in pairs]
    return Metric(name, proportion(values, [name for name, _ in pairs]), int(sum(values)), len(values))


def accuracy(items: Sequence[Item], verdicts: Sequence[Verdict], name: str = "accuracy") -> Metric:
    """The share of right answers among all judged ones, every sample counted, clustered by the suite's clusters."""
    return share(name, [(cluster(item), bool(verdict.correct)) for item, verdict in judged(items, verdicts)])


def overall(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
    """`accuracy` alone."""
    return [accuracy(items, verdicts)]


def pass_at(right: int, samples: int, k: int) -> float:
    """The unbiased estimate of the chance that one of k samples is right, from `right` ones among `samples` >= k."""
    return 1 - comb(samples - right, k) / comb(samples, k)


def elected(item: Item, votes: Sequence[Verdict]) -> Verdict | None:
    """The verdict that speaks for the majority's answer, or None if no sample states an answer.

    The majority is that of `votes.vote`; it speaks by its smallest text.
    """
    winner = vote(item.id, [one.extracted for one in votes], item.choices).winner
    return min((votes[n] for n in winner), key=_text) if winner else None


def _text(vote: Verdict) -> str:
    return vote.extracted or ""


def sample_metrics(items: Sequence[Item], verdicts: Sequence[Verdict], samples: int) -> list[Metric]:
    """avg@n, pass@k and maj@k of a run with n = `samples` > 1; items without n judged samples are left out."""
    by_item: dict[str, list[Verdict]] = defaultdict(list)
    for item, verdict in judged(items, verdicts):
        by_item[item.id].append(verdict)
    whole = [(item, by_item[item.id]) for item in items if len(by_item[item.id]) == samples]
    clusters = [cluster(item) for item, _ in whole]
    rights = [sum(bool(vote.correct) for vote in votes) for _, votes in whole]
    sizes = [2**power for power in range(1, samples.bit_length()) if 2**power < samples] + [samples]
    found = [Metric(f"avg@{samples}", proportion([right / samples for right in rights], clusters))]
    for k in sizes:
        chances = [pass_at(right, samples, k) for right in rights]
        found.append(Metric(f"pass@{k}", proportion(chances, clusters)))
    return found + [
        share(f"maj@{k}", [(cluster(item), _majority_is_right(item, votes, k)) for item, votes in whole]) for k in sizes
    ]


def _majority_is_right(item: Item, votes: Sequence[Verdict], k: int) -> bool:
    winner = elected(item, sorted(votes, key=lambda vote: vote.sample)[:k])
    return winner is not None and bool(winner.correct)
