"""`proctor show`: stored runs as one self-contained page to look at."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK, UsageError, printable
from .options import Verb, add_judge_model, names, open_judge_model

MEGABYTE = 2**20


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, the page, and what it shows besides."""
    parser.add_argument("runs", nargs="+", type=Path, help="run directories, folders of them, or boards")
    parser.add_argument("--out", type=Path, default=Path("page.html"), help="the page (default page.html)")
    parser.add_argument("--title", default="Results", help="its title (default Results)")
    parser.add_argument("--protocol", metavar="A,B", help="judge by these protocols too (always by the one that asked)")
    parser.add_argument(
        "--training",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a training's folder, to show its curves and its examined checkpoints on them; may be repeated",
    )
    parser.add_argument(
        "--baseline",
        action="append",
        default=[],
        metavar="MODEL",
        help="what the others are compared with; may be repeated (default: the model called base, or the first)",
    )
    parser.add_argument(
        "--images-mb", type=float, default=24.0, metavar="MB", help="megabytes for pictures at most (default 24)"
    )
    add_judge_model(parser)


def _run(args: argparse.Namespace) -> int:
    """Write the page; incomplete runs stand in it without a score, and end with exit code 3."""
    from ...leaderboards.board.evidence import run_folders
    from ...leaderboards.page import document
    from ..files import write_atomic
    from .terminal import log, progress_bars

    if not args.images_mb >= 0:
        raise UsageError(f"--images-mb must be 0 or more, not {args.images_mb}")
    options = document.PageOptions(
        title=args.title,
        protocols=[name for name in names(args.protocol) if name] if args.protocol else [],
        trainings=args.training,
        baselines=args.baseline,
        picture_bytes=round(args.images_mb * MEGABYTE),
    )
    referee = open_judge_model(args)
    with run_folders(args.runs) as folders, progress_bars() as bars:
        tasks = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, note="")
            bars.update(tasks[what], completed=done)

        lacking: list[str] = []
        pieces = list(
            document.page(folders, options, referee, progress, lambda path, what: lacking.append(f"{path}: {what}"))
        )
    write_atomic(args.out, pieces)
    print(args.out)
    for line in lacking:
        log(printable(f"no score on the page of {line}"))
    return EXIT_INCOMPLETE if lacking else EXIT_OK


VERBS = {
    "show": Verb(_add_arguments, _run),
}
