"""`proctor reward bench`: rewards side by side on recorded groups, before anything is trained."""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, UsageError, printable
from .options import add_changes, add_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from rich.table import Table

    from ...trainers.bench.page import Section
    from ...trainers.bench.report import BenchReport, Entry

BASELINE = "majority_vote"
_LABEL = re.compile(r"[\w.-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, rewards with their settings, baseline, advantage, and what is written."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="runs of `proctor reward record`")
    parser.add_argument(
        "--reward",
        action="append",
        default=[],
        metavar="[LABEL=]REWARD",
        help="a reward by name, or file.py:function; may be repeated (default: every shipped one that can be benched)",
    )
    add_changes(parser, "a setting of a reward: exact.votes=exact", "LABEL.KEY=VALUE")
    parser.add_argument(
        "--baseline", default=BASELINE, metavar="LABEL", help=f"what the others are compared with (default {BASELINE})"
    )
    parser.add_argument("--advantage", default="group_norm", metavar="NAME", help="default group_norm")
    parser.add_argument(
        "--advantage-beta", type=float, default=1.0, metavar="B", help="its beta, if it has one (default 1)"
    )
    parser.add_argument(
        "--answer-format", default="boxed", metavar="NAME", help="the form of a response (default boxed)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of all that is drawn (default 0)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page of it all")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Bench, print, and write the page."""
    from ...trainers.bench.page import about, page
    from ...trainers.bench.report import bench, group_sizes
    from ...trainers.groups import read_groups
    from ...trainers.rewards.advantages import advantage
    from ..files import write_atomic
    from .terminal import emit_json, progress_bars, show_table

    chosen = advantage(args.advantage, args.advantage_beta)
    groups = [recorded for path in args.runs for recorded in read_groups(path, args.answer_format)]
    if len({(one.item.id, one.responses) for one in groups}) < len(groups):
        raise UsageError("two of the runs hold the same responses to an item: they tell nothing twice, name one")
    if args.seed < 0:
        raise UsageError(f"--seed must be 0 or more, not {args.seed}")
    judged = all(recorded.judge_scores is not None for recorded in groups)
    entries = open_entries(args.reward or _known(judged), args.changes, args.baseline)
    rounds = len(entries) * (1 + len(group_sizes(len(groups[0].responses) if groups else 0)))
    with progress_bars() as bars:
        task = bars.add_task("bench", total=rounds, note="")
        report = bench(
            groups,
            entries,
            args.baseline,
            (args.advantage, chosen),
            seed=args.seed,
            progress=lambda done: bars.update(task, advance=1, note=done),
        )
    if args.html:
        write_atomic(args.html, page(report, [str(path) for path in args.runs]).encode("utf-8", "replace"))
    if args.json:
        emit_json({"runs": [str(path) for path in args.runs], **report.to_json()})
    else:
        print(about(report))
        for table in tables(report):
            show_table(table)
    return EXIT_OK


def _known(judged: bool) -> list[str]:
    """The shipped rewards, without those that need a judge where there are no scores."""
    from ...trainers.base import needs_judge
    from ...trainers.rewards.registry import REWARDS, open_reward

    return [name for name in REWARDS.builtin if judged or not needs_judge(open_reward(name, {}))]


def open_entries(specs: Sequence[str], changes: Sequence[str], baseline: str) -> list[Entry]:
    """The rewards that "[LABEL=]REWARD" and "LABEL.KEY=VALUE" name; the baseline by its name if no label is its own.

    Raises UsageError for an unknown reward or setting, and for settings of a label that there is not.
    """
    from ...trainers.bench.report import Entry
    from ...trainers.rewards.registry import open_reward

    named = dict(map(_labelled, specs))
    if len(named) < len(specs):
        raise UsageError(f"two rewards have one label: write --reward OTHER=NAME; there are: {', '.join(specs)}")
    if baseline not in named:
        named = {baseline: baseline, **named}
    tables = _settings(changes)
    if strangers := [label for label in tables if label not in named]:
        raise UsageError(f"--set {strangers[0]}...: no reward has that label; there are: {', '.join(named)}")
    return [Entry(label, open_reward(name, tables.get(label, {}))) for label, name in named.items()]


def _labelled(spec: str) -> tuple[str, str]:
    label, equals, name = spec.partition("=")
    if equals and _LABEL.fullmatch(label) and name:
        return label, name
    return spec, spec


def _settings(changes: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """The settings by label and key; a label may hold dots, a key does not."""
    from ..settings import setting

    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for change in changes:
        path, value = setting(change)
        label, dot, key = path.rpartition(".")
        if not dot or not label:
            raise UsageError(f"a setting must look like LABEL.KEY=VALUE, not {change!r}")
        found[label][key] = value
    return found


def tables(report: BenchReport) -> list[Table]:
    """Every section of the report."""
    from ...trainers.bench import page

    shown = [
        page.measures(report),
        page.difference_section(report),
        page.by_difficulty(report),
        *page.by_size(report).values(),
        page.judge_section(report),
    ]
    return [_table(section) for section in shown if section and section.rows]


def _table(section: Section) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from ...trainers.bench.page import as_text

    table = Table(title=escape(section.title[:1].upper() + section.title[1:]), title_justify="left")
    table.add_column(section.first, overflow="fold")
    for column in section.columns.values():
        table.add_column(escape(column), justify="right")
    for label, cells in section.rows.items():
        lines = ("\n".join(as_text(cells[name], signed=section.signed)) for name in section.columns)
        table.add_row(escape(printable(label)), *lines)
    return table
