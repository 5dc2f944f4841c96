"""A report as tables of intervals: what a terminal and a page both show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .intervals import Interval
from .measures import MEASURES, SIZED
from .report import BY_NAME, Report


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


def about(report: Report) -> str:
    """What was measured, in one sentence."""
    return (
        f"{report.groups} groups of {report.samples} in {report.clusters} clusters, {100 * report.right.value:.1f}% right, "
        f"advantage {report.advantage}, seed {report.seed}"
    )


def measures(report: Report) -> Section:
    """Every measure of every reward."""
    return Section("Measures", _titles(), {one.entry.label: one.measures for one in report.results})


def differences(report: Report) -> Section:
    """Every measure less the baseline's, group by group."""
    rows = {one.entry.label: one.differences for one in report.results if one.differences}
    return Section(f"Paired differences to {report.baseline}", _titles(), rows, signed=True)


def by_difficulty(report: Report) -> Section:
    """False reinforcement in groups of each share of right responses."""
    columns = {name: f"right {name}\n{count} groups" for name, count in report.difficulties.items()}
    rows = {one.entry.label: one.by_difficulty for one in report.results}
    return Section("False reinforcement by the share of right responses", columns, rows)


def by_size(report: Report) -> dict[str, Section]:
    """By the name of a measure, what it is at each size of group."""
    columns = {str(size): f"n = {size}" for size in report.results[0].by_size}
    found = {}
    for name in SIZED:
        rows = {one.entry.label: {str(size): row[name] for size, row in one.by_size.items()} for one in report.results}
        found[name] = Section(f"{BY_NAME[name].title}, by size of group", columns, rows)
    return found


def judge(report: Report) -> Section | None:
    """What the judge's scores are worth; None without a judge."""
    found = report.judge
    if found is None:
        return None
    numbers = {
        "AUC, right against wrong": found.auc,
        "Brier score": found.brier,
        "expected calibration error": found.calibration_error,
        "mean score of right responses": found.right_mean,
        "mean score of wrong responses": found.wrong_mean,
    }
    title = f"The judge's scores ({found.unscored} responses have none)"
    return Section(title, {"value": "value"}, {name: {"value": one} for name, one in numbers.items()}, first="measure")


def written(interval: Interval, *, signed: bool = False) -> list[str]:
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
    return {one.name: one.title for one in MEASURES}
