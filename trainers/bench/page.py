"""A report as one self-contained page without scripts: charts beside tables of the same numbers, light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ...harness.report.document import document
from ...harness.report.line_chart import Line, doublings, legend, line_chart
from ...harness.report.table import Html, table
from . import sections
from .calibration import Calibration
from .chart import STYLE, axis, intervals_chart
from .intervals import Interval
from .measures import MEASURES
from .report import BY_NAME, Report
from .sections import Section, written


def page(report: Report, runs: Sequence[str]) -> str:
    """The page's HTML; the same report gives the same text."""
    return "".join(document("Reward bench", _parts(report, runs), STYLE))


def _parts(report: Report, runs: Sequence[str]) -> Iterator[str]:
    sentences = (
        f"{sections.about(report)}. Intervals are of 95%, with errors clustered by the items' clusters. "
        f"Runs: {', '.join(runs)}."
    )
    yield f"<p>{escape(sentences)}</p>{_measures(report)}"
    yield _part(sections.differences(report), "A reward less the baseline; bold where the interval excludes 0")
    yield _part(sections.by_difficulty(report), "Share of groups in which a wrong response has the highest advantage")
    yield from (_sized(report, name, section) for name, section in sections.by_size(report).items())
    if (judge := sections.judge(report)) and report.judge:
        yield _part(judge, "Over all responses that have a score") + _bins(report.judge)


def _measures(report: Report) -> str:
    charts = "".join(
        f"<figure><figcaption>{escape(one.title)} ({one.better} is good)</figcaption>"
        + intervals_chart(one.title, {r.entry.label: r.measures[one.name] for r in report.results}, share=one.share)
        + "</figure>"
        for one in MEASURES
    )
    return _part(sections.measures(report), "Each measure with its interval") + f'<div class="charts">{charts}</div>'


def _sized(report: Report, name: str, section: Section) -> str:
    lines = [_line(number, one.entry.label, name, one.by_size) for number, one in enumerate(report.results)]
    up = axis((row[name] for one in report.results for row in one.by_size.values()), share=BY_NAME[name].share)
    chart = line_chart(section.title, lines, doublings(sorted(report.results[0].by_size)), up)
    return (
        _part(section, f"{section.title}: smaller groups are drawn from the recorded ones")
        + f"<figure>{chart}{legend([one.name for one in lines])}</figure>"
    )


def _line(number: int, label: str, name: str, by_size: Mapping[int, Mapping[str, Interval]]) -> Line:
    """A reward's values of a measure; sizes at which it is undefined are passed over."""
    known = {size: row[name] for size, row in sorted(by_size.items()) if not math.isnan(row[name].value)}
    ranges = [None if math.isnan(one.low) else (one.low, one.high) for one in known.values()]
    return Line(label, number, list(known), [one.value for one in known.values()], ranges)


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
    value, *rest = ["", *written(interval)] if math.isnan(interval.value) else written(interval, signed=signed)
    bold = signed and interval.excludes_zero
    return Html((f"<b>{value}</b>" if bold else value) + "".join(f"<small>{line}</small>" for line in rest))
