"""`proctor board`: a leaderboard CSV of stored runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK, DataError
from .options import add_scoring
from .score import score_all, tell_unscored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, protocols, output."""
    parser.add_argument("runs", nargs="+", type=Path, help="run directories, or folders of them")
    parser.add_argument("--out", type=Path, default=Path("leaderboard.csv"), help="the file (default leaderboard.csv)")
    add_scoring(parser)


def run(args: argparse.Namespace) -> int:
    """Score the runs and write the table; incomplete runs get rows without a score and exit code 3."""
    from ...leaderboards.table import rows, to_csv
    from ..files import write_atomic
    from .terminal import say, scores_table, show_table

    scored, damaged = score_all(args)
    write_atomic(args.out, to_csv(row for one in scored for row in rows(one)))
    show_table(scores_table(scored))
    print(args.out)
    for one in scored:
        if one.missing:
            say(f"{one.run.path} is {one.status}: {one.missing} answers are missing; hold the examination again")
    tell_unscored(scored)
    if damaged:
        return DataError.exit_code
    return EXIT_OK if all(one.complete for one in scored) else EXIT_INCOMPLETE
