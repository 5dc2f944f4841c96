"""A verdict on two rewards as one self-contained page: no script, no network; all names and reasons are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ..harness.errors import printable
from ..harness.types import Json
from .compare import SuiteComparison
from .line_chart import Line, chart
from .page.training import SERIES, curves
from .verdict import BETTER, WORSE, SuiteVerdict, Verdict, p_value

POINTS = 10
"""So many steps of a curve stand in its table."""

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --candidate: #1557b0; --baseline: #b34700; --good: #2e7d32; --bad: #c62828; }
@media (prefers-color-scheme: dark) {
  :root { --candidate: #8ab8ff; --baseline: #ffa366; --good: #81c784; --bad: #ef9a9a; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.word { font-size: 1.3rem; font-weight: 650; } .better { color: var(--good); } .worse { color: var(--bad); }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
td { white-space: nowrap; } th:first-child { text-align: left; overflow-wrap: anywhere; }
svg { width: 100%; max-width: 52rem; height: auto; } svg text { font-size: 12px; fill: currentColor; }
.grid { stroke: var(--line); fill: none; } .line { fill: none; stroke-width: 2; }
.candidate { stroke: var(--candidate); } .baseline { stroke: var(--baseline); stroke-dasharray: 6 3; }
.key svg { width: 2.2rem; height: .8rem; vertical-align: middle; } .key span { margin-right: 1.5rem; }
"""


@dataclass(frozen=True)
class Curves:
    """A training, whose metrics are drawn if it has any: its arm ("candidate" or "baseline"), seed and folder."""

    arm: str
    seed: int
    folder: Path


def page(result: Verdict, notes: Sequence[str], trainings: Sequence[Curves]) -> list[bytes]:
    """The page in UTF-8, in pieces. Raises DataError for damaged metrics of a training."""
    return [piece.encode("utf-8", "backslashreplace") for piece in _pieces(result, notes, trainings)]


def _pieces(result: Verdict, notes: Sequence[str], trainings: Sequence[Curves]) -> Iterator[str]:
    title = escape(printable(f"{result.candidate.name} against {result.baseline.name}"))
    style = {BETTER: "better", WORSE: "worse"}.get(result.word, "")
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f'<p>The candidate is <span class="word {style}">{result.word}</span>.</p><ul>'
    )
    yield from (f"<li>{escape(line)}</li>" for line in (*result.reasons, *notes))
    yield "</ul><h2>Final checkpoints</h2>"
    yield _against_base(result)
    yield from (_by_seed(one) for one in result.suites)
    yield "<h2>Training</h2>"
    yield from _training(result, trainings)
    yield "</main></body></html>\n"


def _against_base(result: Verdict) -> str:
    names = {"candidate": result.candidate.name, "baseline": result.baseline.name}
    rows = [
        [f"{arm}: {names[arm]}", one.suite, *_scores(one), *_change(one)]
        for arm, found in result.against_base.items()
        for one in found.suites
    ]
    head = ("reward", "suite", "base %", "mean over seeds %", "minus base, points", "95% interval", "p")
    return _table("Either reward against the untrained base, not adjusted for several suites", head, rows)


def _by_seed(found: SuiteVerdict) -> str:
    rows = [[f"seed {seed}", *_scores(one), *_change(one)] for seed, one in found.by_seed.items()]
    rows.append(["all seeds", *_scores(found.change), *_change(found.change)])
    head = ("", "baseline %", "candidate %", "difference, points", "95% interval", "p")
    caption = f"{found.change.suite}: candidate minus baseline; the rows of single seeds count items alone"
    return _table(caption, head, rows)


def _scores(one: SuiteComparison) -> list[str]:
    return [f"{100 * score:.2f}" for score in one.scores]


def _change(one: SuiteComparison) -> list[str]:
    change = one.difference
    return [f"{100 * change.value:+.2f}", f"{100 * change.low:+.2f} to {100 * change.high:+.2f}", p_value(one.p_holm)]


def _training(result: Verdict, trainings: Sequence[Curves]) -> Iterator[str]:
    """A chart for each metric with all trainings, and the numbers in it."""
    told = [(one, curves(one.folder)) for one in trainings if (one.folder / "metrics.jsonl").is_file()]
    key = '<svg viewBox="0 0 36 12" aria-hidden="true"><path class="line {0}" d="M0 6H36"/></svg> {0}: {1}'
    names = (("candidate", result.candidate.name), ("baseline", result.baseline.name))
    labels = "".join(f"<span>{key.format(arm, escape(printable(name)))}</span>" for arm, name in names)
    yield f'<p class="key">{labels}</p>'
    for series in SERIES.values():
        lines = [
            Line(f"{one.arm}, seed {one.seed}", one.arm, found["steps"], found["series"][series])
            for one, found in told
            if series in found["series"]
        ]
        if lines:
            yield f"<h3>{escape(series)}</h3>{chart(series, lines)}<details><summary>The numbers</summary>"
            yield _numbers(series, lines) + "</details>"


def _numbers(series: str, lines: Sequence[Line]) -> str:
    every = sorted({step for line in lines for step in line.steps})
    stride = -(-len(every) // POINTS)
    steps = every[::-1][::stride][::-1]
    by_step: list[Mapping[int, Json]] = [dict(zip(line.steps, line.values, strict=True)) for line in lines]
    rows = [
        [line.name, *("" if (value := values.get(step)) is None else f"{value:.3f}" for step in steps)]
        for line, values in zip(lines, by_step, strict=True)
    ]
    return _table(f"{series} by step", ("training", *map(str, steps)), rows)


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(printable(first))}</th>'
        + "".join(f"<td>{escape(printable(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(printable(caption))}</caption><thead><tr>{columns}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
