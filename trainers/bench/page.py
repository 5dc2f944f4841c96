"""A report as one self-contained page without scripts: charts beside tables of the same numbers, light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from . import sections
from .calibration import Calibration
from .chart import intervals_chart, lines_chart
from .intervals import Interval
from .measures import MEASURES
from .report import BY_NAME, Report
from .sections import Section, written
from .style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(report: Report, runs: Sequence[str]) -> str:
    """The page's HTML; the same report gives the same text."""
    sentences = (
        f"{sections.about(report)}. Intervals are of 95%, with errors clustered by the items' clusters. "
        f"Runs: {', '.join(runs)}."
    )
    parts = [f"<h1>Reward bench</h1><p>{escape(sentences)}</p>", _measures(report)]
    parts.append(_part(sections.differences(report), "A reward less the baseline; bold where the interval excludes 0"))
    parts.append(
        _part(sections.by_difficulty(report), "Share of groups in which a wrong response has the highest advantage")
    )
    parts += [_sized(report, name, section) for name, section in sections.by_size(report).items()]
    if (judge := sections.judge(report)) and report.judge:
        parts.append(_part(judge, "Over all responses that have a score") + _bins(report.judge))
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Reward bench</title>'
        f"<style>{STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>\n'


def _measures(report: Report) -> str:
    charts = "".join(
        f"<figure><figcaption>{escape(one.title)} ({one.better} is good)</figcaption>"
        + intervals_chart(one.title, {r.entry.label: r.measures[one.name] for r in report.results}, share=one.share)
        + "</figure>"
        for one in MEASURES
    )
    return _part(sections.measures(report), "Each measure with its interval") + f'<div class="charts">{charts}</div>'


def _sized(report: Report, name: str, section: Section) -> str:
    lines = {one.entry.label: {size: row[name] for size, row in one.by_size.items()} for one in report.results}
    chart = lines_chart(section.title, lines, share=BY_NAME[name].share)
    return (
        _part(section, f"{section.title}: smaller groups are drawn from the recorded ones")
        + f"<figure>{chart}</figure>"
    )


def _part(section: Section, caption: str) -> str:
    rows = {
        label: [_cell(cells[name], signed=section.signed) for name in section.columns]
        for label, cells in section.rows.items()
    }
    return f"<h2>{escape(section.title)}</h2>" + _table(caption, [section.first, *section.columns.values()], rows)


def _bins(judge: Calibration) -> str:
    rows = {
        f"{number / 10:.1f} to {(number + 1) / 10:.1f}": [str(count), *map(_number, means)]
        for number, (count, *means) in enumerate(judge.bins)
    }
    return _table("By score", ["score", "responses", "mean score", "share right"], rows)


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _table(caption: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A table: `columns` head the labels and the cells. Cells are HTML, all else is text."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for label, cells in rows.items()
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(interval: Interval, *, signed: bool) -> str:
    """The mean, and small under it the rest."""
    value, *rest = ["", *written(interval)] if math.isnan(interval.value) else written(interval, signed=signed)
    bold = signed and interval.excludes_zero
    return (f"<b>{value}</b>" if bold else value) + "".join(f"<small>{line}</small>" for line in rest)
