"""`proctor paper`: the papers' tables as printed, checked, beside what stored runs gave, and what it takes to fill them."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, DataError, printable
from ..report.csv_cells import from_cell
from .named_models import open_judge_model
from .named_suites import one_score_protocol
from .options import Verb, add, add_json, add_judge_model, add_one

if TYPE_CHECKING:
    from ...leaderboards.papers.fill import Filled, LeftOut
    from ...leaderboards.papers.tables import Table

FORMAT_NAMES = ("text", "csv", "markdown", "latex")


def _table_arguments(parser: argparse.ArgumentParser) -> None:
    """The table, runs, and how to print it."""
    parser.add_argument(
        "table", nargs="?", metavar="TABLE", help="like mm_upt/1 (or 1 for short) or self_judge/1 (default: list them)"
    )
    add_one(parser, "runs", nargs="*")
    add_one(parser, "--format", choices=FORMAT_NAMES, default="text")
    add_one(parser, "--score-protocol", shown="e.g. mm_upt for no judge; default: the paper's")
    add_judge_model(parser)
    add(parser, "--json")


def _list(args: argparse.Namespace) -> int:
    """The tables that there are."""
    from ...leaderboards.papers.tables import open_library
    from .terminal import emit_json

    tables = open_library().tables
    if args.json:
        emit_json(
            [
                {"name": name, "title": one.title, "arxiv": one.paper.arxiv, "paper": one.paper.title}
                for name, one in tables.items()
            ]
        )
        return EXIT_OK
    for name, one in tables.items():
        print(f"{name}: {one.title} ({one.paper.title}, arXiv {one.paper.arxiv}, {len(one.rows)} rows)")
    return EXIT_OK


def _check(args: argparse.Namespace) -> int:
    """Exit code 1 for an inconsistency that is not known, and for a known one that is not there."""
    from ...leaderboards.papers.tables import check_table, open_library
    from .terminal import emit_json, log

    report = check_table(open_library())
    if args.json:
        emit_json(report.to_json())
    else:
        print(f"{report.averages} averages and {report.repeated} repeated cells checked")
        for finding in report.findings:
            print(f"{finding} ({report.known.get(finding, 'unknown')})")
    for finding in report.vanished:
        log(printable(f"listed as known, but not found: {finding}"))
    return EXIT_OK if report.passed else EXIT_CHECK_FAILED


def _table(args: argparse.Namespace) -> int:
    """Print the table, or list the tables; runs that do not count are named on stderr, and damaged ones end with 2."""
    from ...leaderboards.papers.printed import FORMATS
    from ...leaderboards.papers.tables import judged_by, open_library
    from .paper_plan import written_recipes
    from .terminal import emit_json, log

    if args.table is None:
        return _list(args)
    table = open_library(args.table).table(args.table)
    if protocol := one_score_protocol(args):
        table = judged_by(table, protocol)
    written = {name: work.steps for name, work in written_recipes([table]).items()}
    filled = _filled(args, table, written)
    if args.json:
        lines = csv.DictReader(io.StringIO(FORMATS["csv"](filled, written)))
        emit_json([{name: from_cell(cell) for name, cell in line.items()} for line in lines])
    else:
        print(FORMATS[args.format](filled, written), end="")
    for line in _by_reason(filled.left_out):
        log(printable(f"left out: {line}"))
    return DataError.exit_code if filled.damaged else EXIT_OK


def _filled(args: argparse.Namespace, table: Table, written: Mapping[str, int]) -> Filled:
    from ...benchmarks.examination import read_answers, score_answers
    from ...leaderboards.board.evidence import run_folders
    from ...leaderboards.papers.fill import Filled, fill

    if not args.runs:
        return Filled(table, {})
    judge_model = open_judge_model(args)
    with run_folders(args.runs) as runs:
        return fill(
            table, runs, written, lambda path, protocol: score_answers(read_answers(path), protocol, judge_model)
        )


def _by_reason(left_out: Sequence[LeftOut]) -> list[str]:
    """A line for each reason, with the first run that it is given for."""
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one.run)
    return [
        f"{runs[0]}: {reason}" + (f" (and {len(runs) - 1} more)" if len(runs) > 1 else "")
        for reason, runs in by_reason.items()
    ]


VERBS = {
    "paper check": Verb(
        add_json,
        _check,
        (
            "proctor paper check",
            "proctor paper check --json",
        ),
    ),
    "paper table": Verb(
        _table_arguments,
        _table,
        (
            "proctor paper table",
            "proctor paper table 1 runs --score-protocol mm_upt --format markdown",
        ),
    ),
}
