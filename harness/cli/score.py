"""`proctor score`: judge stored runs again, under any protocol, without a model."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK
from .options import add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs and protocol."""
    parser.add_argument("runs", nargs="+", type=Path, help="run directories, or folders of them")
    parser.add_argument("--protocol", help="judge by this protocol (default: the one that asked)")
    parser.add_argument("--verdicts", type=Path, metavar="FILE", help="also write every verdict to FILE as JSON lines")
    parser.add_argument("--metrics", action="store_true", help="show every metric of the suite (always in --json)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Score each run; incomplete ones end with exit code 3."""
    from ...benchmarks.examination import find_runs, score_run
    from ..files import write_atomic
    from ..types import canonical_json
    from .terminal import emit_json, metrics_table, scores_table, show_table

    scored = [score_run(path, args.protocol) for path in find_runs(args.runs)]
    if args.verdicts:
        lines = (
            canonical_json({"run_id": one.run.manifest.run_id, **verdict.to_json()}).encode() + b"\n"
            for one in scored
            for verdict in one.verdicts
        )
        write_atomic(args.verdicts, lines)
    if args.json:
        emit_json([one.to_json() for one in scored])
    else:
        show_table(scores_table(scored))
        for one in scored if args.metrics else ():
            show_table(metrics_table(one))
    return EXIT_OK if all(one.complete for one in scored) else EXIT_INCOMPLETE
