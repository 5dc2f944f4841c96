"""`proctor reward check` and `record`: does a reward keep its contract; draw the answers that rewards are tried on."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, UsageError, printable
from .named_models import open_engine, sampling
from .named_suites import choice_of, data_of, one_suite
from .options import ENGINE, Verb, add, add_one, add_questions, add_sampling, offer_names

if TYPE_CHECKING:
    from rich.table import Table

    from ...trainers.recipe_settings import JudgeSettings
    from ...trainers.rewards.check import RewardReport


MOST_RECORDED = 200
LONGEST = 240


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    """Reward, its settings, recorded groups, limit."""
    reward = parser.add_argument(
        "reward", metavar="REWARD", help="a reward by name, or FILE.py:FUNCTION, which is executed"
    )
    offer_names(reward, "rewards")
    add_one(parser, "--set", shown="e.g. votes=exact")
    add_one(parser, "--groups", shown="default: none")
    parser.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS", help="for 512 groups of 16 responses (default 10)"
    )
    add(parser, "--seed", "--json")


def _check(args: argparse.Namespace) -> int:
    """Check, and report; a broken contract ends with exit code 1, a reward that cannot be opened with 2."""
    from ...trainers.rewards.check_process import CheckRequest, check_apart
    from .terminal import emit_json, show_table

    if not args.timeout > 0:
        raise UsageError(f"--timeout must be a positive number of seconds, not {args.timeout:g}")
    changes, groups, extensions = args.changes, args.groups, args.extensions
    report = check_apart(CheckRequest(args.reward, changes, groups, MOST_RECORDED, extensions, args.seed, args.timeout))
    if args.json:
        emit_json(report.to_json())
    else:
        show_table(_contract_table(report))
        print(_contract_summary(report))
    return EXIT_OK if report.passed else EXIT_CHECK_FAILED


def _contract_table(report: RewardReport) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"The contract of {escape(printable(report.reward))}", title_justify="left")
    table.add_column("check")
    table.add_column("groups", justify="right")
    table.add_column("failed", justify="right")
    table.add_column("first failure", overflow="fold")
    for name, outcome in report.checks.items():
        first = escape(printable(outcome.failures[0])[:LONGEST]) if outcome.failures else ""
        table.add_row(name, str(outcome.made or "-"), str(len(outcome.failures) or ""), first)
    return table


def _contract_summary(report: RewardReport) -> str:
    """What is declared, how fast it is, and the verdict."""
    from ...trainers.rewards.check import TIMED_GROUPS, TIMED_RESPONSES

    declared = ", ".join(f"{name}={value}" for name, value in dataclasses.asdict(report.declared).items())
    verdict = "keeps its contract" if report.passed else "breaks its contract"
    seconds = "not timed" if report.seconds is None else f"{report.seconds:.2f} s"
    return (
        f"declared: {declared}\n"
        f"{TIMED_GROUPS} groups of {TIMED_RESPONSES}: {seconds}\n"
        f"{printable(report.reward)} {verdict}"
    )


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, items, sampling, the judge, and where the run goes."""
    add_one(parser, "--model", required=True)
    add_questions(parser, "figures")
    parser.add_argument(
        "--split",
        choices=("test", "train"),
        default="test",
        help="of a drawn suite (default test)",
    )
    add_one(parser, "--run", required=True)
    add(parser, *ENGINE)
    add_sampling(parser)
    parser.add_argument(
        "--tokens",
        action="store_true",
        help="also store what the engine tells of each token: its log-probability, and the entropy at its place",
    )
    group = parser.add_argument_group("a judge, as in a recipe's [judge]")
    group.add_argument(
        "--judge",
        metavar="MODEL",
        help='a checkpoint folder, "base" (the model itself), "tiny_judge", "oracle" (a control that knows the labels), '
        "or with --judge-set url=... the server's name",
    )
    group.add_argument(
        "--judge-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="judge_changes",
        help="a setting of [judge]: prompt=short; may be repeated",
    )
    add(group, "--answer-format")
    add(parser, "--json")


def _record(args: argparse.Namespace) -> int:
    """Ask, store, judge, and say how it went."""
    from ...benchmarks.examination import read_answers
    from ...trainers.groups import plan_groups, recorded_groups, with_tokens
    from ...trainers.provenance import TrainingRecord
    from ..answers.formats import FORMATS
    from .eval import eval_all
    from .terminal import emit_json, log

    FORMATS.load(args.answer_format)
    settings = judge_settings(args)
    drawn_by = sampling(args)
    training = args.split == "train"
    suite = one_suite(args)
    data = data_of(args, [suite])[suite]
    choice = choice_of(args, [suite])
    plan = plan_groups(suite, args.protocol, drawn_by, data, training=training, lock=args.lock, choice=choice)
    model = open_engine(args, args.model)
    if args.tokens:
        plan = with_tokens(plan, model)
    [plan] = TrainingRecord.read(args.model, log).put_into([plan])
    [outcome] = eval_all([plan], [model], [args.run_dir])
    if not outcome.complete:
        first = f" First error: {printable(outcome.errors[0])}" if outcome.errors else ""
        log(f"{args.run_dir}: {outcome.missing} of {outcome.total} answers missing; run the same command again.{first}")
        return EXIT_INTERRUPTED if outcome.stopped else EXIT_INCOMPLETE
    groups = len(recorded_groups(read_answers(args.run_dir)))
    unscored = None if settings is None else _judge(args, settings, groups)
    if args.json:
        emit_json({"run": str(args.run_dir), "groups": groups, "samples": drawn_by.n, "unscored": unscored})
    else:
        print(args.run_dir)
        judged = "" if unscored is None else f", judged: {unscored} of {outcome.total} without a score"
        log(f"{groups} groups of {drawn_by.n}{judged}; next: proctor reward bench --groups {args.run_dir}")
    return EXIT_OK


def judge_settings(args: argparse.Namespace) -> JudgeSettings | None:
    """The judge that the arguments name, or None. Raises UsageError for bad settings, and for settings of no judge."""
    from ...trainers.recipe_settings import JudgeSettings
    from ..errors import UsageError
    from ..settings import read_settings, tables_of

    if args.judge is None:
        if args.judge_changes:
            raise UsageError("--judge-set needs --judge: the model that judges")
        return None
    return read_settings(JudgeSettings, {"model": args.judge, **tables_of(args.judge_changes)}, "judge")


def _judge(args: argparse.Namespace, settings: JudgeSettings, groups: int) -> int:
    """Judge the run, with a bar; the number of responses without a score."""
    from ...trainers.groups import judge_run
    from ...trainers.judge import open_judge
    from .terminal import progress_bars

    judge = open_judge(settings, Path(args.model))
    with progress_bars() as bars:
        task = bars.add_task(f"judge: {printable(settings.model)}", total=groups, note="")
        return judge_run(
            args.run_dir, judge, settings, args.answer_format, lambda judged: bars.update(task, advance=judged)
        )


VERBS = {
    "reward check": Verb(
        _check_arguments,
        _check,
        (
            "proctor reward check majority_vote --set votes=exact",
            "proctor reward check mine.py:score --groups groups",
        ),
    ),
    "reward record": Verb(
        _record_arguments,
        _record,
        (
            "proctor reward record --model DIR --split train --samples 16 --temperature 1 --run groups",
            "proctor reward record --model DIR --samples 8 --temperature 1 --run groups --judge base",
        ),
    ),
}
