"""`proctor reward record`: draw groups of answers from a model and store them, with a judge's scores if one is named."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, printable
from .options import add_data, add_engine, add_json, add_sampling, open_engine, sampling

if TYPE_CHECKING:
    from ...trainers.recipe_settings import JudgeSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, items, sampling, the judge, and where the run goes."""
    parser.add_argument("--model", required=True, help="a checkpoint folder, or what the engine calls the model")
    parser.add_argument("--suite", default="figures", help="a suite or a training set (default figures)")
    parser.add_argument(
        "--split", choices=("test", "train"), default="test", help="of the figures: their test set, or training prompts"
    )
    add_data(parser)
    parser.add_argument("--protocol", default="strict", help="how to ask (default strict)")
    parser.add_argument("--limit", type=int, metavar="N", help="ask only the first N items")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run directory")
    add_engine(parser)
    add_sampling(parser)
    group = parser.add_argument_group("a judge, as in a recipe's [judge]")
    group.add_argument(
        "--judge",
        metavar="MODEL",
        help='a checkpoint folder, "base" (the model itself), "tiny_judge", or with --judge-set url=... the server\'s name',
    )
    group.add_argument(
        "--judge-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="judge_changes",
        help="a setting of [judge]: prompt=short; may be repeated",
    )
    group.add_argument(
        "--answer-format", default="boxed", metavar="NAME", help="the form of a response (default boxed)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, store, judge, and say how it went."""
    from ...benchmarks.examination import read_answers
    from ...trainers.contamination import with_contamination
    from ...trainers.groups import plan_groups, recorded_groups
    from ...trainers.provenance import with_provenance
    from ..answers.formats import FORMATS
    from .eval import eval_all
    from .terminal import emit_json, log

    FORMATS.load(args.answer_format)
    settings = judge_settings(args)
    drawn_by = sampling(args)
    training = args.split == "train"
    plan = plan_groups(args.suite, args.protocol, drawn_by, args.data, args.limit, training=training, lock=args.lock)
    model = open_engine(args, args.model)
    [plan] = with_provenance([with_contamination(plan, args.model)], args.model, log)
    [outcome] = eval_all([plan], model, [args.out])
    if not outcome.complete:
        first = f" First error: {printable(outcome.errors[0])}" if outcome.errors else ""
        log(f"{args.out}: {outcome.missing} of {outcome.total} answers missing; run the same command again.{first}")
        return EXIT_INTERRUPTED if outcome.stopped else EXIT_INCOMPLETE
    groups = len(recorded_groups(read_answers(args.out)))
    unscored = None if settings is None else _judge(args, settings, groups)
    if args.json:
        emit_json({"run": str(args.out), "groups": groups, "samples": drawn_by.n, "unscored": unscored})
    else:
        print(args.out)
        judged = "" if unscored is None else f", judged: {unscored} of {outcome.total} without a score"
        log(f"{groups} groups of {drawn_by.n}{judged}; next: proctor reward bench {args.out}")
    return EXIT_OK


def judge_settings(args: argparse.Namespace) -> JudgeSettings | None:
    """The judge that the arguments name, or None. Raises UsageError for bad settings, and for settings of no judge."""
    from ...trainers.recipe_settings import JudgeSettings
    from ..errors import UsageError
    from ..settings import read_settings, setting

    if args.judge is None:
        if args.judge_changes:
            raise UsageError("--judge-set needs --judge: the model that judges")
        return None
    return read_settings(JudgeSettings, {"model": args.judge, **dict(map(setting, args.judge_changes))}, "judge")


def _judge(args: argparse.Namespace, settings: JudgeSettings, groups: int) -> int:
    """Judge the run, with a bar; the number of responses without a score."""
    from ...trainers.groups import judge_run
    from ...trainers.judge import open_judge
    from .terminal import progress_bars

    judge = open_judge(settings, Path(args.model))
    with progress_bars() as bars:
        task = bars.add_task(f"judge: {printable(settings.model)}", total=groups, note="")
        return judge_run(
            args.out, judge, settings, args.answer_format, lambda judged: bars.update(task, advance=judged)
        )
