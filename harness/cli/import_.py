"""`proctor import`: the answers that another tool stored become a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_INCOMPLETE, EXIT_OK, printable
from .options import RUNS, add_data, add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, its suite and data, and where the run goes."""
    parser.add_argument(
        "file",
        type=Path,
        help="samples of lmms-eval (.jsonl of --log_samples) or a result of VLMEvalKit (.xlsx, .tsv or .json)",
    )
    parser.add_argument("--suite", required=True, help="whose items were asked; see `proctor suites`")
    add_data(parser)
    parser.add_argument("--from", dest="tool", choices=("lmms-eval", "vlmevalkit"), help="default: told by the content")
    parser.add_argument("--model-name", metavar="NAME", help="what the model is called (default: what the file says)")
    parser.add_argument("--protocol", default="strict", help="how to score unless told otherwise (default strict)")
    parser.add_argument(
        "--only-answered", action="store_true", help="leave out the items that the file does not have (recorded)"
    )
    parser.add_argument("--out", type=Path, default=RUNS, help="the folder of run directories (default runs)")
    parser.add_argument("--run", type=Path, metavar="DIR", dest="run_dir", help="this run directory, whatever its name")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Read, store and score. Nothing is written unless every answer in the file belongs to an item."""
    from ...benchmarks.examination import score_run
    from ...benchmarks.imports.run import read_import
    from .terminal import emit_json, log, scores_table, show_table

    found = read_import(
        args.file,
        args.suite,
        args.protocol,
        args.data,
        lock=args.lock,
        tool=args.tool,
        model_name=args.model_name,
        only_answered=args.only_answered,
    )
    outcome = found.store(args.run_dir or found.path(args.out))
    scored = score_run(outcome.path, args.protocol)
    if args.json:
        emit_json([scored.to_json()])
    else:
        show_table(scores_table([scored]))
        print(outcome.path)
    if outcome.complete:
        return EXIT_OK
    errors = f", {len(outcome.errors)} of them failures that the tool stored" if outcome.errors else ""
    first = f". First: {printable(outcome.errors[0])}" if outcome.errors else ""
    log(f"{outcome.path}: {outcome.missing} of {outcome.total} answers are missing in {args.file}{errors}{first}")
    return EXIT_INCOMPLETE
