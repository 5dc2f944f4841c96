"""The bench report as tables of intervals, for the terminal, and as one self-contained page without scripts.

On the page each chart (inline SVG, light and dark) stands beside a table of the same numbers. All text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ...harness.errors import printable
from ...harness.report.charts import Series, doublings, drawing, ends, legend, line_chart, share_of_axis, ticks
from ...harness.report.document import Html, document, table
from .calibration import Calibration
from .measures import MEASURES, SIZED, Interval
from .report import BY_NAME, BenchReport
from .style import STYLES


@dataclass(frozen=True)
class Section:
    """A table: `rows` by label, each an interval per key of `columns`, whose values are their headings.

    `first` heads the labels; a `signed` table holds differences.
    """

    title: str
    columns: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Interval]]
    first: str = "reward"
    signed: bool = False


def about(report: BenchReport) -> str:
    """What was measured, in one sentence."""
    return (
        f"{report.groups} groups of {report.samples} in {report.clusters} clusters, {100 * report.right.value:.1f}% right, "
        f"advantage {report.advantage}, seed {report.seed}"
    )


def measures(report: BenchReport) -> Section:
    """Every measure of every reward."""
    return Section("Measures", _titles(), {result.entry.label: result.measures for result in report.results})


def difference_section(report: BenchReport) -> Section:
    """Every measure less the baseline's, group by group."""
    rows = {result.entry.label: result.differences for result in report.results if result.differences}
    return Section(f"Paired differences to {report.baseline}", _titles(), rows, signed=True)


def by_difficulty(report: BenchReport) -> Section:
    """False reinforcement in groups of each share of right responses."""
    columns = {name: f"right {name}\n{count} groups" for name, count in report.difficulties.items()}
    rows = {result.entry.label: result.by_difficulty for result in report.results}
    return Section("False reinforcement by the share of right responses", columns, rows)


def by_size(report: BenchReport) -> dict[str, Section]:
    """By the name of a measure, what it is at each size of group."""
    columns = {str(size): f"n = {size}" for size in report.results[0].by_size}
    sections = {}
    for name in SIZED:
        rows = {
            result.entry.label: {str(size): row[name] for size, row in result.by_size.items()}
            for result in report.results
        }
        sections[name] = Section(f"{BY_NAME[name].title}, by size of group", columns, rows)
    return sections


def style_sections(report: BenchReport) -> list[Section]:
    """How each reward goes with length and style, over all pairs and over those that are equally right."""
    columns = {style.name: style.title for style in STYLES}
    pairs = {
        "Correlation with length and style": {result.entry.label: result.style for result in report.results},
        "Correlation with length and style among equally right responses": {
            result.entry.label: result.style_equally_right for result in report.results
        },
    }
    return [Section(title, columns, rows, signed=True) for title, rows in pairs.items()]


def judge_section(report: BenchReport) -> Section | None:
    """What the judge's scores are worth; None without a judge."""
    judge = report.judge
    if judge is None:
        return None
    numbers = {
        "AUC, right against wrong": judge.auc,
        "Brier score": judge.brier,
        "expected calibration error": judge.calibration_error,
        "mean score of right responses": judge.right_mean,
        "mean score of wrong responses": judge.wrong_mean,
    }
    title = f"The judge's scores ({judge.unscored} responses have none)"
    return Section(
        title, {"value": "value"}, {name: {"value": interval} for name, interval in numbers.items()}, first="measure"
    )


def as_text(interval: Interval, *, signed: bool = False) -> list[str]:
    """An interval as lines: the mean, its interval, and in how many groups it is defined where that is not in all."""
    sign = "+" if signed else ""
    lines = []
    if not math.isnan(interval.value):
        lines.append(f"{interval.value:{sign}.3f}")
    if not math.isnan(interval.low):
        lines.append(f"{interval.low:{sign}.3f} to {interval.high:{sign}.3f}")
    if interval.undefined:
        lines.append(f"in {interval.groups} groups" if interval.groups else f"{interval.undefined} undefined")
    return lines


def _titles() -> dict[str, str]:
    return {measure.name: measure.title for measure in MEASURES}


WIDTH, LEFT, RIGHT, ROW = 540, 170, 20, 24
TOP, BOTTOM = 14, 34
LONGEST_LABEL = 26

STYLE = """
.charts { display: flex; flex-wrap: wrap; gap: 0 2rem; } .zero { stroke: var(--soft); }
.range { stroke: var(--s0); stroke-width: 3; opacity: .55; } .dot { fill: var(--s0); }
"""


def axis(intervals: Iterable[Interval], *, share: bool) -> tuple[float, float]:
    """The ends of an axis that holds the intervals: 0 and 1 of a share, else with 0 among what they hold."""
    return (
        (0.0, 1.0)
        if share
        else ends(end for interval in intervals for end in (interval.value, interval.low, interval.high))
    )


def intervals_chart(title: str, rows: Mapping[str, Interval], *, share: bool) -> str:
    """A dot with its interval per row; undefined ones are left blank. The axis of a share is 0 to 1, of others includes 0."""
    along = axis(rows.values(), share=share)
    height = TOP + ROW * len(rows) + BOTTOM
    marks = [*_grid(along, height - BOTTOM)]
    for place, (label, interval) in enumerate(rows.items()):
        y = TOP + ROW * place + ROW / 2
        marks.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(_shortened(label))}</text>')
        if not math.isnan(interval.low):
            at = f'x1="{_x(interval.low, along):.1f}" x2="{_x(interval.high, along):.1f}"'
            marks.append(f'<line class="range" {at} y1="{y:.1f}" y2="{y:.1f}"/>')
        if not math.isnan(interval.value):
            marks.append(f'<circle class="dot" cx="{_x(interval.value, along):.1f}" cy="{y:.1f}" r="4"/>')
    return drawing(title, (WIDTH, height), marks)


def _shortened(label: str) -> str:
    """A label that fits beside the chart."""
    text = printable(label)
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def _x(value: float, along: tuple[float, float]) -> float:
    return LEFT + share_of_axis(value, *along) * (WIDTH - LEFT - RIGHT)


def _grid(along: tuple[float, float], bottom: int) -> Iterator[str]:
    for tick in ticks(*along):
        x, kind = _x(tick, along), "zero" if tick == 0 else "grid"
        yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'


def page(report: BenchReport, runs: Sequence[str]) -> str:
    """The page's HTML; the same report gives the same text."""
    return "".join(document("Reward bench", _parts(report, runs), STYLE))


def _parts(report: BenchReport, runs: Sequence[str]) -> Iterator[str]:
    sentences = (
        f"{about(report)}. Intervals are of 95%, with errors clustered by the items' clusters. Runs: {', '.join(runs)}."
    )
    yield f"<p>{escape(sentences)}</p>{_measures(report)}"
    yield _part(difference_section(report), "A reward less the baseline; bold where the interval excludes 0")
    yield _part(by_difficulty(report), "Share of groups in which a wrong response has the highest advantage")
    yield from (_sized(report, name, section) for name, section in by_size(report).items())
    for section in style_sections(report):
        yield _part(section, "Kendall's tau-b of the reward, within groups; bold where the interval excludes 0")
    if (judged := judge_section(report)) and report.judge:
        yield _part(judged, "Over all responses that have a score") + _bins(report.judge)


def _measures(report: BenchReport) -> str:
    charts = "".join(
        f"<figure><figcaption>{escape(measure.title)} ({measure.better} is good)</figcaption>"
        + intervals_chart(
            measure.title, {r.entry.label: r.measures[measure.name] for r in report.results}, share=measure.share
        )
        + "</figure>"
        for measure in MEASURES
    )
    return _part(measures(report), "Each measure with its interval") + f'<div class="charts">{charts}</div>'


def _sized(report: BenchReport, name: str, section: Section) -> str:
    lines = [_line(number, result.entry.label, name, result.by_size) for number, result in enumerate(report.results)]
    up = axis((row[name] for result in report.results for row in result.by_size.values()), share=BY_NAME[name].share)
    chart = line_chart(section.title, lines, doublings(sorted(report.results[0].by_size)), up)
    return (
        _part(section, f"{section.title}: smaller groups are drawn from the recorded ones")
        + f"<figure>{chart}{legend([series.name for series in lines])}</figure>"
    )


def _line(number: int, label: str, name: str, by_size: Mapping[int, Mapping[str, Interval]]) -> Series:
    """A reward's values of a measure; sizes at which it is undefined are passed over."""
    defined = {size: row[name] for size, row in sorted(by_size.items()) if not math.isnan(row[name].value)}
    ranges = [None if math.isnan(interval.low) else (interval.low, interval.high) for interval in defined.values()]
    return Series(label, number, list(defined), [interval.value for interval in defined.values()], ranges)


def _part(section: Section, caption: str) -> str:
    rows = [
        [label, *(_cell(cells[name], signed=section.signed) for name in section.columns)]
        for label, cells in section.rows.items()
    ]
    return f"<h2>{escape(section.title)}</h2>" + table(caption, [section.first, *section.columns.values()], rows)


def _bins(judge: Calibration) -> str:
    rows = [
        [f"{number / 10:.1f} to {(number + 1) / 10:.1f}", str(count), *map(_number, means)]
        for number, (count, *means) in enumerate(judge.bins)
    ]
    return table("By score", ["score", "responses", "mean score", "share right"], rows)


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _cell(interval: Interval, *, signed: bool) -> Html:
    """The mean, and small under it the rest."""
    value, *rest = ["", *as_text(interval)] if math.isnan(interval.value) else as_text(interval, signed=signed)
    bold = signed and interval.excludes_zero
    return Html((f"<b>{value}</b>" if bold else value) + "".join(f"<small>{line}</small>" for line in rest))
