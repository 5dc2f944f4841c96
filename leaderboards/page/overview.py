"""What the first view shows: scores, metrics by category, paired differences, and facts of every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from ...harness.stats.intervals import paired_difference
from ...harness.stats.metrics import cluster
from ...harness.types import Json
from .grid import Grid
from .run_view import RunView, short

ALL_BASELINES = 8
"""Up to so many models, every one can be the baseline; of more, only those that are named."""


def runs(exams: Sequence[RunView], seats: Grid) -> list[Json]:
    """Every run: its place, its facts, and what each protocol says of it."""
    sets = {key: number for number, key in enumerate(question_sets(exams))}
    return [
        {
            "model": row,
            "column": column,
            "id": one.manifest.run_id,
            "questions": sets[one.questions],
            "samples": one.manifest.sampling.n,
            "facts": _facts(one),
            "judged": {
                name: {**judged.summary, "metrics": judged.metrics, "marks": judged.marks}
                for name, judged in one.judged.items()
            },
        }
        for one, (row, column) in zip(exams, seats.of, strict=True)
    ]


def question_sets(exams: Sequence[RunView]) -> dict[tuple[str, str, str], RunView]:
    """A run of each set of questions that were put in the same words."""
    found: dict[tuple[str, str, str], RunView] = {}
    for one in exams:
        found.setdefault(one.questions, one)
    return found


def differences(exams: Sequence[RunView], seats: Grid, baselines: Sequence[int]) -> list[Json]:
    """The paired difference of every model to each baseline, by suite and protocol, where both have a score."""
    place = {seat: one for one, seat in zip(exams, seats.of, strict=True)}
    found: dict[tuple[int, int, int, str], Json] = {}
    for base, (other, column) in product(baselines, sorted(place)):
        if other == base or (base, column) not in place:
            continue
        for protocol in place[other, column].judged:
            if (other, base, column, protocol) in found:
                found[base, other, column, protocol] = _turned(found[other, base, column, protocol])
            elif _comparable(place[base, column], place[other, column], protocol):
                pair = (place[base, column], place[other, column])
                places = {"protocol": protocol, "column": column, "before": base, "after": other}
                found[base, other, column, protocol] = {**places, **_difference(protocol, *pair)}
    return list(found.values())


def choosable(models: Sequence[str], first: Sequence[int], named: bool) -> list[int]:
    """The rows that the page offers as baselines: those named, else all unless they are too many."""
    if named or len(models) > ALL_BASELINES:
        return list(first)
    return list(dict.fromkeys([*first, *range(len(models))]))


def wrong_or_flipped(exams: Sequence[RunView]) -> Iterator[str]:
    """Digests of the pictures of items that some run answered wrongly."""
    for one in exams:
        scores = next(iter(one.judged.values())).item_scores
        for asked in one.asked:
            if scores.get(asked.item.id, 0.0) < 1:
                yield from (image.sha256 for image in asked.prompt.images)


def _comparable(before: RunView, after: RunView, protocol: str) -> bool:
    return all(protocol in one.judged and one.judged[protocol].complete for one in (before, after))


def _turned(one: Json) -> Json:
    """The difference the other way round."""
    return {
        **one,
        "before": one["after"],
        "after": one["before"],
        "value": -one["value"],
        "low": -one["high"],
        "high": -one["low"],
        "gained": one["lost"],
        "lost": one["gained"],
    }


def _difference(protocol: str, before: RunView, after: RunView) -> dict[str, Json]:
    clusters = {asked.item.id: cluster(asked.item) for asked in before.asked}
    found = paired_difference(before.judged[protocol].item_scores, after.judged[protocol].item_scores, clusters)
    return {
        "value": round(found.value, 6),
        "low": round(found.low, 6),
        "high": round(found.high, 6),
        "p": float(f"{found.p:.3g}"),
        "gained": found.gained,
        "lost": found.lost,
        "n": found.n,
    }


def _facts(one: RunView) -> list[Json]:
    """Name and value of what identifies a run."""
    identity, environment = one.manifest.identity, one.manifest.environment
    drawn, model = identity["sampling"], identity["model"]
    facts = {
        "asked by": one.manifest.asked_by,
        "samples": drawn.get("n"),
        "temperature": drawn.get("temperature"),
        "tokens at most": drawn.get("max_tokens"),
        "engine": model.get("engine"),
        "weights": str(model.get("weights") or "")[:16],
        "data": str(identity["data"])[:16],
        "started": environment.get("started"),
    }
    return [[name, short(str(value))] for name, value in facts.items() if value not in (None, "")]
