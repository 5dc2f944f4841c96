"""`proctor board`: a leaderboard CSV of stored runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK, DataError
from .options import add_scoring
from .score import score_all


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
    incomplete = [one for one in scored if not one.complete]
    for one in incomplete:
        say(f"{one.run.path} is {one.status}: {_lacks(one.missing, one.unscored)}")
    if damaged:
        return DataError.exit_code
    return EXIT_INCOMPLETE if incomplete else EXIT_OK


def _lacks(missing: int, unscored: int) -> str:
    """What is to be done about an incomplete run."""
    if missing:
        return f"{missing} answers are missing; hold the examination again to finish it"
    return f"{unscored} answers need a language model's verdict; name one with --judge-model and --judge-url"
