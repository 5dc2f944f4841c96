"""A verdict on two rewards as one self-contained page: no script, no network; all names and reasons are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ...harness.report.charts import Series, legend, line_chart, steps
from ...harness.report.document import document, table
from ...harness.report.text import interval, p_value, points
from ...harness.types import Json
from ..page.training import SERIES, curves
from .ab_test import BETTER, WORSE, ABVerdict, SuiteVerdict
from .compare import SuiteComparison

POINTS = 10
"""So many steps of a curve stand in its table."""

LOOKS = {"candidate": 0, "baseline": 1}
"""The colour and dash of an arm's lines."""

_STYLE = """
.word { font-size: 1.3rem; font-weight: 650; } .better { color: var(--good); } .worse { color: var(--bad); }
"""


@dataclass(frozen=True)
class SeedCurves:
    """A training, whose metrics are drawn if it has any: its arm ("candidate" or "baseline"), seed and folder."""

    arm: str
    seed: int
    folder: Path


def page(result: ABVerdict, notes: Sequence[str], trainings: Sequence[SeedCurves]) -> list[bytes]:
    """The page in UTF-8, in pieces. Raises DataError for damaged metrics of a training."""
    title = f"{result.candidate.name} against {result.baseline.name}"
    pieces = document(title, _parts(result, notes, trainings), _STYLE)
    return [piece.encode("utf-8", "backslashreplace") for piece in pieces]


def _parts(result: ABVerdict, notes: Sequence[str], trainings: Sequence[SeedCurves]) -> Iterator[str]:
    style = {BETTER: "better", WORSE: "worse"}.get(result.word, "")
    yield f'<p>The candidate is <span class="word {style}">{result.word}</span>.</p><ul>'
    yield from (f"<li>{escape(line)}</li>" for line in (*result.reasons, *notes))
    yield "</ul><h2>Final checkpoints</h2>"
    yield _against_base(result)
    yield from (_by_seed(one) for one in result.suites)
    yield "<h2>Training</h2>"
    yield from _training(result, trainings)


def _against_base(result: ABVerdict) -> str:
    names = {"candidate": result.candidate.name, "baseline": result.baseline.name}
    rows = [
        [f"{arm}: {names[arm]}", one.suite, *_scores(one), *_change(one)]
        for arm, found in result.against_base.items()
        for one in found.suites
    ]
    head = ("reward", "suite", "base %", "mean over seeds %", "minus base, points", "95% interval", "p")
    caption = "Either reward against the untrained base, not adjusted for several suites"
    return table(caption, head, rows, texts=("suite",))


def _by_seed(found: SuiteVerdict) -> str:
    rows = [[f"seed {seed}", *_scores(one), *_change(one)] for seed, one in found.by_seed.items()]
    rows.append(["all seeds", *_scores(found.change), *_change(found.change)])
    head = ("trainings", "baseline %", "candidate %", "difference, points", "95% interval", "p")
    caption = f"{found.change.suite}: candidate minus baseline; the rows of single seeds count items alone"
    return table(caption, head, rows)


def _scores(one: SuiteComparison) -> list[str]:
    return [f"{100 * score:.2f}" for score in one.scores]


def _change(one: SuiteComparison) -> list[str]:
    change = one.difference
    value, found = points(change.value, 2, signed=True), interval(change.low, change.high, 2, signed=True)
    return [value, found, p_value(one.p_holm)]


def _training(result: ABVerdict, trainings: Sequence[SeedCurves]) -> Iterator[str]:
    """A chart for each metric with all trainings, and the numbers in it."""
    told = [(one, curves(one.folder)) for one in trainings if (one.folder / "metrics.jsonl").is_file()]
    yield legend([f"candidate: {result.candidate.name}", f"baseline: {result.baseline.name}"])
    for series in SERIES.values():
        lines = [
            Series(f"{one.arm}, seed {one.seed}", LOOKS[one.arm], found["steps"], found["series"][series])
            for one, found in told
            if series in found["series"]
        ]
        if lines:
            yield f"<h3>{escape(series)}</h3><figure>{_chart(series, lines)}</figure>"
            yield f"<details><summary>The numbers</summary>{_numbers(series, lines)}</details>"


def _chart(series: str, lines: Sequence[Series]) -> str:
    """The lines of all trainings; the vertical axis is from 0 to 1 unless values lie outside."""
    known = [value for line in lines for value in line.values if value is not None]
    last = max((step for line in lines for step in line.places), default=1)
    up = min([0.0, *known]), max([1.0, *known])
    return line_chart(f"{series} by step, one line for each training", lines, steps(last), up)


def _numbers(series: str, lines: Sequence[Series]) -> str:
    every = sorted({step for line in lines for step in line.places})
    stride = -(-len(every) // POINTS)
    shown = every[::-1][::stride][::-1]
    by_step: list[Mapping[int, Json]] = [dict(zip(line.places, line.values, strict=True)) for line in lines]
    rows = [
        [line.name, *("" if (value := values.get(step)) is None else f"{value:.3f}" for step in shown)]
        for line, values in zip(lines, by_step, strict=True)
    ]
    return table(f"{series} by step", ("training", *map(str, shown)), rows)
