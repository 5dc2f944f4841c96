"""`proctor board`: a leaderboard of stored runs, with the evidence that proves it; and what recipes made of a base."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK
from .options import add_json, add_scoring, open_judge_model, protocols


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, protocols, output."""
    forms = parser.add_subparsers(dest="form", metavar="FORM", required=True)
    build = forms.add_parser("build", help="a folder with board.csv and the evidence of every row")
    build.add_argument("runs", nargs="+", type=Path, help="run directories, folders of them, or boards")
    build.add_argument("--out", type=Path, default=Path("board"), metavar="DIR", help="the folder (default board)")
    build.add_argument(
        "--draft", action="store_true", help="write it although some of it cannot be published; `verify` will say so"
    )
    add_scoring(build)
    build.set_defaults(act=_build)
    recipes = forms.add_parser("recipes", help="each recipe's accuracy over its seeds, beside the untrained model's")
    recipes.add_argument("runs", nargs="+", type=Path, help="run directories, folders of them, or boards")
    recipes.add_argument("--suite", required=True, help="the suite that is compared on")
    recipes.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    add_json(recipes)
    recipes.set_defaults(act=_recipes)


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    code: int = args.act(args)
    return code


def _recipes(args: argparse.Namespace) -> int:
    """Print the table of a suite."""
    from ...leaderboards.board.evidence import run_folders
    from ...leaderboards.compare.recipe_table import recipe_table, recipes_as_markdown
    from .terminal import emit_json, recipes_table, show_table

    with run_folders(args.runs) as runs:
        table = recipe_table(runs, args.suite)
    if args.json:
        emit_json(table.to_json())
    elif args.markdown:
        print(recipes_as_markdown(table), end="")
    else:
        show_table(recipes_table(table))
    return EXIT_OK


def _build(args: argparse.Namespace) -> int:
    """Score the runs and write the board; what cannot be published is told, and nothing is written without --draft."""
    from ...leaderboards.board.build import build
    from ...leaderboards.board.evidence import run_folders
    from .terminal import board_table, log, show_table

    referee = open_judge_model(args)
    with run_folders(args.runs) as runs:
        board = build(runs, protocols(args), args.out, referee, draft=args.draft, partial=args.partial)
    for problem in board.problems:
        log(problem)
    if board.problems and not args.draft:
        log(
            f"{args.out} was not written: mend this, leave these runs out, or add --draft for a board that is not published"
        )
        return EXIT_INCOMPLETE
    show_table(board_table(board.rows))
    print(args.out)
    return EXIT_OK if all(row.status == "complete" for row in board.rows) else EXIT_INCOMPLETE
