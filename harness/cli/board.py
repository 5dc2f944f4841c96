"""`proctor board build`, `verify`, `recipes`: a leaderboard of stored runs, its proof, and what recipes made of a base."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_OK, UsageError, printable
from ..report.text import counted, first_of
from .named_models import open_judge_model
from .named_suites import data_of, one_suite, score_protocols
from .options import Verb, add, add_judge_model, add_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...leaderboards.board.known_items import KnownItems
    from ...leaderboards.board.verify import RowReport, VerifyReport

STATES = {True: "reproduced", False: "NOT REPRODUCED", None: "unverifiable"}
MOST_SHOWN = 200
"""Rows of a board that are printed when it was built; the rest are in its file."""
NAMED = 5
"""So many rows that a board no longer has are named."""


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, protocols, output."""
    add(parser, "runs")
    add_one(parser, "--out", default=Path("board"))
    parser.add_argument(
        "--draft",
        action="store_true",
        help="write it although some of it cannot be published; `board verify` will say so",
    )
    add(parser, "--score-protocol", "--partial")
    add_judge_model(parser)
    add(parser, "--json")


def _recipes_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, and the suite that is compared on."""
    add(parser, "runs")
    add_one(parser, "--suite", required=True)
    add_one(parser, "--format", choices=("text", "markdown"), default="text")
    add(parser, "--json")


def _recipes(args: argparse.Namespace) -> int:
    """Print the table of a suite."""
    from ...leaderboards.board.evidence import run_folders
    from ...leaderboards.compare.recipe_table import recipe_table, recipes_as_markdown
    from .terminal import emit_json, recipes_table, show_table

    with run_folders(args.runs) as runs:
        table = recipe_table(runs, one_suite(args))
    if args.json:
        emit_json(table.to_json())
    elif args.format == "markdown":
        print(recipes_as_markdown(table), end="")
    else:
        show_table(recipes_table(table))
    return EXIT_OK


def _build(args: argparse.Namespace) -> int:
    """Score the runs and write the board; what cannot be published is named, and nothing is written without --draft."""
    from ...leaderboards.board.build import build
    from ...leaderboards.board.evidence import run_folders
    from ..runs.score import MISSING_AS_WRONG
    from .terminal import board_table, emit_json, log, show_table

    judge_model = open_judge_model(args)
    protocols: list[str | None] = [*score_protocols(args)] or [None]
    with run_folders(args.runs) as runs:
        board = build(runs, protocols, args.out, judge_model, draft=args.draft, partial=args.partial)
    for problem in board.problems:
        log(problem)
    if board.problems and not args.draft:
        log(
            f"{args.out} was not written: mend this, leave these runs out, or add --draft for a board that is not published"
        )
        return EXIT_INCOMPLETE
    if args.json:
        rows = [dataclasses.asdict(row) for row in board.rows]
        emit_json({"board": str(args.out), "rows": rows, "problems": list(board.problems)})
    else:
        show_table(board_table(board.rows[:MOST_SHOWN]))
        if len(board.rows) > MOST_SHOWN:
            print(f"and {counted(len(board.rows) - MOST_SHOWN, 'row')} more")
        print(args.out)
    if board.before:
        lost = f"; no longer in it: {first_of(board.left_out, NAMED)}" if board.left_out else ""
        log(
            f"{args.out} was rebuilt: {counted(len(board.rows), 'row')} in place of {counted(len(board.before), 'row')}{lost}"
        )
    whole = ("complete", MISSING_AS_WRONG)
    return EXIT_OK if all(row.status in whole for row in board.rows) else EXIT_INCOMPLETE


def _site_arguments(parser: argparse.ArgumentParser) -> None:
    """The board, the folder, and what the site is called and where it will be."""
    parser.add_argument("board", type=Path, metavar="BOARD", help="a folder that `proctor board build` wrote")
    add_one(parser, "--out", default=Path("site"))
    parser.add_argument(
        "--title", default="Leaderboard", metavar="TEXT", help="the title of what is written (default Leaderboard)"
    )
    parser.add_argument(
        "--url", default="", metavar="URL", help="the site's public address, for the links of its feed (https://...)"
    )
    add(parser, "--json")


def _site(args: argparse.Namespace) -> int:
    """Write the site."""
    from ...leaderboards.site.build import build_site
    from .show import named_bars
    from .terminal import emit_json

    if args.url and not args.url.startswith(("https://", "http://")):
        raise UsageError(f"--url must begin with https:// or http://, not {args.url!r:.80}")
    url = args.url.rstrip("/") + "/" if args.url else ""
    with named_bars() as progress:
        site = build_site(args.board, args.out, args.title, url, progress)
    if args.json:
        emit_json({"site": str(args.out), "models": len(site.entries), "suites": len(site.grid.columns)})
    else:
        print(args.out / "index.html")
    return EXIT_OK


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    """The board, and data to hold its items against."""
    parser.add_argument("board", type=Path, metavar="BOARD", help="a folder that `proctor board build` wrote")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also print the rows that are reproduced, and each that cannot be told",
    )
    add(parser, "--data", "--follow-links", "--lock", "--json")


def _verify(args: argparse.Namespace) -> int:
    """Say which rows are not reproduced, and why, and how many are; exit code 1 if any is not, 4 if some are unverifiable."""
    from ...leaderboards.board.verify import verify
    from .terminal import emit_json, log

    report = verify(args.board, _known(args))
    if args.json:
        emit_json(report.to_json())
    else:
        for line in _row_lines(report, every=args.verbose):
            print(printable(line))
        for problem in report.problems:
            print(printable(f"{args.board}: {problem}"))
    for note in report.notes:
        log(note)
    untold = f", and {report.count(None)} unverifiable" if report.count(None) else ""
    log(f"{args.board}: {report.count(True)} of {counted(len(report.rows), 'row')} reproduced{untold}")
    return report.exit_code


def _row_lines(report: VerifyReport, *, every: bool) -> Iterator[str]:
    """The rows that are not reproduced or cannot be told, those with the same reasons together; or `every` row by itself."""
    groups: dict[tuple[object, ...], list[RowReport]] = {}
    for row in report.rows:
        if every or not row.reproduced:
            key = (row.number,) if every else (row.reproduced, *row.reasons)
            groups.setdefault(key, []).append(row)
    for rows in groups.values():
        first = rows[0]
        more = f" and {counted(len(rows) - 1, 'further row')} (-v names each)" if len(rows) > 1 else ""
        yield f"{STATES[first.reproduced]:<14}  {first.name}{more}"
        yield from (f"                {reason}" for reason in first.reasons)


def _known(args: argparse.Namespace) -> KnownItems:
    """The named data, by the suites of the board."""
    from ...leaderboards.board.evidence import BOARD
    from ...leaderboards.board.known_items import KnownItems
    from ...leaderboards.board.table import read_cells, read_content

    if not args.data:
        return KnownItems(lock=args.lock)
    stated = args.board / BOARD
    suites = sorted({row["suite"] for row in read_cells(read_content(stated), str(stated))})
    named = data_of(args, suites)
    return KnownItems({suite: data for suite, data in named.items() if data is not None}, args.lock)


VERBS = {
    "board build": Verb(
        _build_arguments,
        _build,
        (
            "proctor board build runs",
            "proctor board build runs --score-protocol strict,official --out board --draft",
        ),
    ),
    "board verify": Verb(
        _verify_arguments,
        _verify,
        (
            "proctor board verify board",
            "proctor board verify board --data mathvision=items.jsonl",
        ),
    ),
    "board site": Verb(
        _site_arguments,
        _site,
        (
            "proctor board site board",
            "proctor board site board --out public --title Figures --url https://example.org/figures",
        ),
    ),
    "board recipes": Verb(
        _recipes_arguments,
        _recipes,
        (
            "proctor board recipes runs --suite figures",
            "proctor board recipes board --suite figures --format markdown",
        ),
    ),
}
