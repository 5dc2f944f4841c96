"""`proctor watch`: examine every checkpoint of a folder as soon as it is complete."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, UsageError
from .options import RUNS, add_engine, add_profile, add_sampling, open_engine, open_profile, sampling


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Folder, suites, sampling, and when to stop."""
    parser.add_argument("folder", type=Path, help="a training directory, or any folder of checkpoints")
    parser.add_argument("--suite", required=True, help="one or more names, with commas between them")
    parser.add_argument("--data", type=Path, help="the items as JSONL (default: the bundled sample), for one suite")
    parser.add_argument("--protocol", default="strict", help="how to ask and judge (default strict)")
    add_profile(parser)
    parser.add_argument("--out", type=Path, default=RUNS, help="the folder of run directories (default runs)")
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="examine what is there, then stop")
    until.add_argument("--until-finished", action="store_true", help="stop when the training has ended")
    add_engine(parser)
    add_sampling(parser)


def run(args: argparse.Namespace) -> int:
    """Watch until told to stop; exit code 3 if a checkpoint could not be examined."""
    from ...benchmarks.examination import plan
    from ...trainers.experiments.watch import Watcher
    from ..runs.checkpoints import find_checkpoints
    from ..runs.evaluate import stop_signals
    from .terminal import log, log_stopping

    if args.folder.exists() and not args.folder.is_dir():
        raise UsageError(f"{args.folder} is a file: name a training directory or a folder of checkpoints")
    if args.once and not find_checkpoints(args.folder):
        itself = (args.folder / "config.json").is_file()
        hint = "it is a checkpoint itself: use `proctor eval`" if itself else "name the folder that holds them"
        raise UsageError(f"no checkpoints in {args.folder}: {hint}")
    suites = args.suite.split(",")
    if len(suites) > 1 and args.data:
        raise UsageError("--data belongs to one suite: watch for one suite at a time")
    profile = open_profile(args)
    plans = [plan(suite, args.protocol, sampling(args, profile), args.data, profile=profile) for suite in suites]
    watcher = Watcher(args.folder, args.out, plans, lambda path: open_engine(args, str(path)), log)
    with stop_signals(log_stopping) as stop:
        watcher.follow(stop, until_idle=args.once, until_finished=args.until_finished)
        if stop.is_set():
            return EXIT_INTERRUPTED
    return EXIT_INCOMPLETE if watcher.problems else EXIT_OK
