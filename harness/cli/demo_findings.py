"""What a demo found, in words: a training against its base, with the errors that such words need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..report.text import counted, first_of, interval, p_value, points
from ..stats.intervals import ALPHA

if TYPE_CHECKING:
    from ..runs.score import ScoredRun

SHOWN = 3


def findings(base: Mapping[str, ScoredRun], trained: Mapping[str, ScoredRun], steps: int, reward: str) -> Iterator[str]:
    """Lines on the first suite, which is what was trained on, and one on all others; both sides by suite."""
    from ...leaderboards.compare.compare import compare

    main, *others = base
    before, after = base[main], trained[main]
    change, score = compare(before, after), before.accuracy().estimate
    shown, moved_by = interval(score.low, score.high), interval(change.low, change.high, signed=True)
    yield f"The base answers {points(score.value)}% of {counted(score.n, 'drawn figure')} right (95%: {shown})."
    yield (
        f"After {steps} steps of {reward}, {points(after.accuracy().estimate.value)}%: "
        f"{points(change.value, signed=True)} points (95%: {moved_by}; p {p_value(change.p)})."
    )
    yield f"{counted(change.gained, 'figure')} gained, {change.lost} lost."
    yield _verdict(change.value, change.p)
    yield from _by_category(before, after)
    moved = [suite for suite in others if compare(base[suite], trained[suite]).p < ALPHA]
    items = sum(len(base[suite].items) for suite in others)
    told = f"on {first_of(moved, SHOWN)} alone" if moved else "on none"
    have = "sample has" if len(others) == 1 else "samples have"
    yield f"The {len(others)} bundled {have} {items} items: it changed {told} beyond chance."
    yield "They imitate benchmarks that so small a model cannot read: they show that everything runs."


def _verdict(change: float, p: float) -> str:
    if p >= ALPHA:
        return "That is not distinguishable from chance."
    return "That is a gain beyond chance." if change > 0 else "That is a loss beyond chance."


def _by_category(before: ScoredRun, after: ScoredRun) -> Iterator[str]:
    """The categories of the suite's own metrics that changed most."""
    values = {one.name: one.estimate.value for one in before.metrics}
    changed = [(one.name, values[one.name], one.estimate.value) for one in after.metrics if "=" in one.name]
    largest = sorted(changed, key=lambda one: (-abs(one[2] - one[1]), one[0]))[:SHOWN]
    if largest:
        shown = [f"{name.partition('=')[2]} ({points(old, 0)}% to {points(new, 0)}%)" for name, old, new in largest]
        yield f"It moved most on the tasks {', '.join(shown)}."
