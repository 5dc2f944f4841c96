"""`proctor eval`: hold an examination, or go on with one."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, UsageError, printable
from .options import (
    RUNS,
    add_data,
    add_engine,
    add_json,
    add_profile,
    add_sampling,
    open_engine,
    open_profile,
    sampling,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engines.base import Engine
    from ..runs.evaluate import Examination, RunOutcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, suites, data, sampling, and where the runs go."""
    parser.add_argument(
        "--model",
        required=True,
        help="a checkpoint folder; for engine openai the server's name of the model, for lmms_eval its own, for replay a run",
    )
    parser.add_argument(
        "--suite", required=True, help="one or more names, with commas between them; see `proctor suites`"
    )
    add_data(parser)
    parser.add_argument("--protocol", default="strict", help="how to ask and judge (default strict)")
    add_profile(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="ask only the first N items")
    parser.add_argument("--out", type=Path, default=RUNS, help="the folder of run directories (default runs)")
    parser.add_argument("--run", type=Path, metavar="DIR", dest="run_dir", help="this run directory, whatever its name")
    add_engine(parser)
    add_sampling(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, store, score, and say how it went."""
    from ...benchmarks.examination import plan, run_path, score_run
    from ...trainers.contamination import with_contamination
    from ...trainers.provenance import with_provenance
    from .terminal import emit_json, log, scores_table, show_table

    suites = args.suite.split(",")
    if len(suites) > 1 and (args.data or args.run_dir):
        raise UsageError("--data and --run belong to one suite: ask for one suite at a time")
    profile = open_profile(args)
    drawn = sampling(args, profile)
    plans = [
        plan(suite, args.protocol, drawn, args.data, args.limit, lock=args.lock, profile=profile) for suite in suites
    ]
    model = open_engine(args, args.model)
    plans = with_provenance([with_contamination(one, args.model) for one in plans], args.model, log)
    paths = [args.run_dir or run_path(args.out, examination, model) for examination in plans]
    outcomes = eval_all(plans, model, paths)
    scored = [score_run(outcome.path, args.protocol) for outcome in outcomes]
    if args.json:
        emit_json([one.to_json() for one in scored])
    else:
        show_table(scores_table(scored))
        for outcome in outcomes:
            print(outcome.path)
    for outcome in outcomes:
        if not outcome.complete:
            first = f" First error: {printable(outcome.errors[0])}" if outcome.errors else ""
            log(
                f"{outcome.path}: {outcome.missing} of {outcome.total} answers missing; run the same command again.{first}"
            )
    if any(outcome.stopped for outcome in outcomes):
        return EXIT_INTERRUPTED
    return EXIT_OK if all(outcome.complete for outcome in outcomes) else EXIT_INCOMPLETE


def eval_all(plans: Sequence[Examination], model: Engine, paths: Sequence[Path]) -> list[RunOutcome]:
    """Hold several examinations of a model, a progress bar each; stops after the first that was told to stop."""
    from ..runs.evaluate import run_eval, stop_signals
    from .terminal import log_stopping, progress_bars

    outcomes = []
    with progress_bars() as bars, stop_signals(log_stopping) as stop:
        for examination, path in zip(plans, paths, strict=True):
            total = len(examination.asked) * examination.sampling.n
            task = bars.add_task(f"{model.name}: {examination.suite}", total=total, note="")
            outcome = run_eval(examination, model, path, partial(bars.advance, task), stop)
            outcomes.append(outcome)
            if outcome.stopped:
                break
    return outcomes
