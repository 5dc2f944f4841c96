"""`proctor verify`: recompute every row of a board from its evidence, offline."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError, printable
from .options import add_json, add_lock

if TYPE_CHECKING:
    from ...leaderboards.board.known_items import KnownItems


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The board, and data to hold its items against."""
    parser.add_argument("board", type=Path, help="a folder that `proctor board build` wrote")
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="SUITE=DATA",
        help="hold the suite's items against these data, named as for `eval` (default: against the bundled ones); "
        "may be repeated",
    )
    add_lock(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Say of each row whether it is reproduced, and why not; exit code 1 if any is not."""
    from ...leaderboards.board.verify import verify
    from .terminal import emit_json, log

    report = verify(args.board, _known(args))
    if args.json:
        emit_json(report.to_json())
    else:
        for row in report.rows:
            print(printable(f"{'reproduced    ' if not row.problems else 'NOT REPRODUCED'}  {row.name}"))
            for problem in row.problems:
                print(printable(f"                {problem}"))
        for problem in report.problems:
            print(printable(f"{args.board}: {problem}"))
    for note in report.notes:
        log(note)
    log(f"{args.board}: {report.reproduced} of {len(report.rows)} rows are reproduced")
    return EXIT_OK if report.verified else EXIT_CHECK_FAILED


def _known(args: argparse.Namespace) -> KnownItems:
    from ...benchmarks.registry import SUITES
    from ...leaderboards.board.known_items import KnownItems

    data = {}
    for text in args.data:
        suite, equals, path = text.partition("=")
        if not equals or not path:
            raise UsageError(f"--data must look like mathvision=items.jsonl, not {text!r:.60}")
        data[SUITES.get(suite).name] = Path(path)
    return KnownItems(data, args.lock)
