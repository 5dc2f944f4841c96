"""`proctor show`: stored runs as one self-contained page to look at."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_OK, UsageError, printable
from .named_models import open_judge_model
from .named_suites import data_of, score_protocols
from .options import Verb, add, add_judge_model, add_one

if TYPE_CHECKING:
    from rich.progress import TaskID

    from ...leaderboards.board.known_items import KnownItems
    from ...leaderboards.page.document import PageOptions
    from ..runs.judging import JudgeModel

MEGABYTE = 2**20


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, the page, and what it shows besides."""
    add(parser, "runs")
    add_one(parser, "--html", default=Path("page.html"))
    parser.add_argument(
        "--title", default="Results", metavar="TEXT", help="the title of what is written (default Results)"
    )
    add_one(parser, "--score-protocol", shown="besides the one that asked")
    add(parser, "--training")
    parser.add_argument(
        "--compare-to",
        action="append",
        default=[],
        metavar="MODEL",
        help="a model that the others are compared with; may be repeated (default: the one called base, or the first)",
    )
    parser.add_argument(
        "--images-mb", type=float, default=24.0, metavar="MB", help="megabytes for pictures at most (default 24)"
    )
    parser.add_argument(
        "--beside",
        action="store_true",
        help="put questions and answers in a folder beside the page, as is always done with more than 100,000 answers",
    )
    add(parser, "--data", "--follow-links", "--lock")
    add_judge_model(parser)
    add(parser, "--json")


def _run(args: argparse.Namespace) -> int:
    """Write the page; incomplete runs stand in it without a score, and end with exit code 3."""
    from ...leaderboards.board.evidence import run_folders
    from ...leaderboards.page.beside import MOST_INSIDE, DataFolder, answers_of
    from ...leaderboards.page.document import PageOptions
    from ...trainers.provenance import training_folders
    from .terminal import emit_json, log

    if not args.images_mb >= 0:
        raise UsageError(f"--images-mb must be 0 or more, not {args.images_mb}")
    options = PageOptions(
        title=args.title,
        protocols=score_protocols(args),
        trainings=[found for path in args.training for found in training_folders([path]) or [path]],
        baselines=args.compare_to,
        picture_bytes=round(args.images_mb * MEGABYTE),
    )
    judge_model = open_judge_model(args)
    with run_folders(args.runs) as folders:
        options = replace(options, known=_known(args, folders))
        if args.beside or answers_of(folders) > MOST_INSIDE:
            options = replace(options, beside=DataFolder(args.html.with_suffix(".data")))
        lacking = write_page(args.html, folders, options, judge_model)
    if args.json:
        emit_json({"page": str(args.html), "without_score": lacking})
    else:
        print(args.html)
    for line in lacking:
        log(printable(f"no score on the page of {line}"))
    return EXIT_INCOMPLETE if lacking else EXIT_OK


def _known(args: argparse.Namespace, runs: Sequence[Path]) -> KnownItems:
    """The named data, by the suites of the runs."""
    from ...leaderboards.board.known_items import KnownItems
    from ..runs.store import Manifest

    if not args.data:
        return KnownItems()
    named = data_of(args, sorted({Manifest.read(run).suite for run in runs}))
    return KnownItems({suite: data for suite, data in named.items() if data is not None}, args.lock)


@contextmanager
def named_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A function that draws a bar for each thing that is done: told its name, how much is done, and how much there is."""
    from .terminal import progress_bars

    with progress_bars() as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, note="")
            bars.update(tasks[what], completed=done)

        yield progress


def write_page(
    file: Path, runs: Sequence[Path], options: PageOptions, judge_model: JudgeModel | None = None
) -> list[str]:
    """Write the page of these runs, with bars; returns a line for each run that has no score.

    Raises MissingExtraError without the package of the charts.
    """
    from ...leaderboards.page import document
    from ..files import write_output

    lacking: list[str] = []
    with named_bars() as progress:
        pieces = list(
            document.page(runs, options, judge_model, progress, lambda path, what: lacking.append(f"{path}: {what}"))
        )
    write_output(file, pieces)
    return lacking


VERBS = {
    "show": Verb(
        _add_arguments,
        _run,
        (
            "proctor show runs --html page.html",
            "proctor show runs --training training --compare-to base",
        ),
    ),
}
