"""`proctor score`: judge stored runs again, under any protocols, without asking the model that was examined."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_OK, DataError
from .options import add_json, add_scoring, open_judge_model, protocols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..runs.score import ScoredRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs and protocols."""
    parser.add_argument("runs", nargs="+", type=Path, help="run directories, or folders of them")
    add_scoring(parser)
    parser.add_argument("--verdicts", type=Path, metavar="FILE", help="also write every verdict to FILE as JSON lines")
    parser.add_argument("--metrics", action="store_true", help="show every metric of the suite (always in --json)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Score each run; incomplete ones end with exit code 3, damaged ones are told and left out, and end with 2."""
    from ..files import write_atomic
    from ..types import canonical_json
    from .terminal import emit_json, metrics_table, scores_table, show_table

    scored, damaged = score_all(args)
    if args.verdicts:
        lines = (
            canonical_json(
                {"run_id": one.run.manifest.run_id, "protocol": one.rules.name, **verdict.to_json()}
            ).encode()
            + b"\n"
            for one in scored
            for verdict in one.verdicts
        )
        write_atomic(args.verdicts, lines)
    if args.json:
        emit_json([one.to_json() for one in scored])
    elif scored:
        show_table(scores_table(scored))
        for one in scored if args.metrics else ():
            show_table(metrics_table(one))
    log_unscored(scored)
    if damaged:
        return DataError.exit_code
    return EXIT_OK if all(one.complete for one in scored) else EXIT_INCOMPLETE


def log_unscored(scored: Sequence[ScoredRun]) -> None:
    """Say of each score whose answers lack a verdict how many there are, and why the first does."""
    from .terminal import log

    for one in scored:
        if one.unscored:
            first = next(verdict for verdict in one.verdicts if verdict.correct is None and verdict.rule != "error")
            hint = "" if one.referee or first.rule != "judge-needed" else "; name a model with --judge-model"
            log(
                f"{one.run.path}, {one.rules.name}: {one.unscored} answers have no verdict; the first "
                f"({first.item_id}): {first.rule}: {first.reason}{hint}"
            )


def score_all(args: argparse.Namespace) -> tuple[list[ScoredRun], int]:
    """The runs that the arguments name under the protocols that they name, and how many were damaged and left out."""
    from ...benchmarks.examination import find_runs, score_under
    from .terminal import log

    referee = open_judge_model(args)
    scored: list[ScoredRun] = []
    damaged = 0
    for path in find_runs(args.runs):
        try:
            scored += score_under(path, protocols(args), referee, partial=args.partial)
        except DataError as error:
            log(f"proctor {args.verb}: {error}; left out")
            damaged += 1
    return scored, damaged
