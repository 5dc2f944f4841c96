"""`proctor export`: suites in the form of another harness, which then gets the same scores."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from ..errors import EXIT_OK, UsageError
from .options import add_data, add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The forms, each with its own arguments."""
    forms = parser.add_subparsers(dest="form", metavar="FORM", required=True)
    lmms_eval = forms.add_parser("lmms-eval", help="a folder of tasks for lmms-eval's --include_path")
    lmms_eval.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write")
    lmms_eval.add_argument("--suite", help="one or more names, with commas between them (default: all)")
    add_data(lmms_eval)
    lmms_eval.add_argument("--protocol", default="strict", help="how to ask and judge (default strict)")
    lmms_eval.add_argument("--limit", type=int, metavar="N", help="only the first N items")
    lmms_eval.add_argument(
        "--max-tokens", type=int, default=1024, metavar="N", help="length limit of an answer (default 1024)"
    )
    add_json(lmms_eval)
    lmms_eval.set_defaults(write=_lmms_eval)


def run(args: argparse.Namespace) -> int:
    """Write, and say what was written."""
    code: int = args.write(args)
    return code


def _lmms_eval(args: argparse.Namespace) -> int:
    from ...benchmarks.examination import plan
    from ...benchmarks.lmms_eval.folder import TAG, write_folder
    from ...benchmarks.registry import SUITES
    from ..types import Sampling
    from .terminal import emit_json

    suites = args.suite.split(",") if args.suite else SUITES.names()
    if len(suites) > 1 and args.data:
        raise UsageError("--data belongs to one suite: export one suite at a time, into the same folder")
    sampling = Sampling(max_tokens=args.max_tokens)
    plans = [plan(suite, args.protocol, sampling, args.data, args.limit, lock=args.lock) for suite in suites]
    written = write_folder(args.out, plans)
    if args.json:
        emit_json({"folder": str(args.out), "tasks": {one.task: one.items for one in written}})
        return EXIT_OK
    for one in written:
        print(f"{one.task}: {one.items} items")
    folder = shlex.quote(str(args.out))
    print(f"run: python -m lmms_eval --include_path {folder} --tasks {TAG} --model NAME --model_args ...")
    return EXIT_OK
