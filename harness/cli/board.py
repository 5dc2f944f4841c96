"""`proctor board`: a leaderboard CSV of stored runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, protocol, output."""
    parser.add_argument("runs", nargs="+", type=Path, help="run directories, or folders of them")
    parser.add_argument("--out", type=Path, default=Path("leaderboard.csv"), help="the file (default leaderboard.csv)")
    parser.add_argument("--protocol", help="judge by this protocol (default: the one that asked)")


def run(args: argparse.Namespace) -> int:
    """Score the runs and write the table; incomplete runs get rows without a score and exit code 3."""
    from ...benchmarks.examination import find_runs, score_run
    from ...leaderboards.table import rows, to_csv
    from ..files import write_atomic
    from .terminal import say, scores_table, show_table

    scored = [score_run(path, args.protocol) for path in find_runs(args.runs)]
    write_atomic(args.out, to_csv(row for one in scored for row in rows(one)))
    show_table(scores_table(scored))
    print(args.out)
    incomplete = [one for one in scored if not one.complete]
    for one in incomplete:
        say(f"{one.run.path} is incomplete: its rows have no score; hold the examination again to finish it")
    return EXIT_INCOMPLETE if incomplete else EXIT_OK
