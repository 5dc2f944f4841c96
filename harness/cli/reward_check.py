"""`proctor reward check`: does a reward keep its contract, on generated groups and on recorded ones?"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError, printable
from .options import add_changes, add_json

if TYPE_CHECKING:
    from rich.table import Table

    from ...trainers.rewards.check import RewardReport

MOST_RECORDED = 200
LONGEST = 240


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Reward, its settings, recorded groups, limit."""
    parser.add_argument("reward", help="a reward by name, or FILE.py:FUNCTION, which is executed")
    add_changes(parser, "a setting of the reward: votes=exact")
    parser.add_argument(
        "--groups", type=Path, metavar="RUN", help=f"a run of `proctor reward record`; {MOST_RECORDED} groups are taken"
    )
    parser.add_argument(
        "--limit", type=float, default=10.0, metavar="SECONDS", help="for 512 groups of 16 (default 10)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the generated groups (default 0)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and report; a broken contract ends with exit code 1, a reward that cannot be opened with 2."""
    from ...trainers.groups import read_groups
    from ...trainers.rewards.check import check_reward
    from ...trainers.rewards.check_groups import recorded_cases
    from ...trainers.rewards.registry import open_reward
    from ..settings import setting
    from .terminal import emit_json, show_table

    if not args.limit > 0:
        raise UsageError(f"--limit must be a positive number of seconds, not {args.limit:g}")
    reward = open_reward(args.reward, dict(map(setting, args.changes)))
    recorded = recorded_cases(read_groups(args.groups), MOST_RECORDED, args.seed) if args.groups else []
    report = check_reward(reward, recorded, seed=args.seed, limit=args.limit)
    if args.json:
        emit_json(report.to_json())
    else:
        show_table(_table(report))
        print(_summary(report))
    return EXIT_OK if report.passed else EXIT_CHECK_FAILED


def _table(report: RewardReport) -> Table:
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


def _summary(report: RewardReport) -> str:
    """What is declared, how fast it is, and the verdict."""
    from ...trainers.rewards.check import TIMED_GROUPS, TIMED_RESPONSES

    declared = ", ".join(f"{name}={value}" for name, value in dataclasses.asdict(report.declared).items())
    verdict = "keeps its contract" if report.passed else "breaks its contract"
    return (
        f"declared: {declared}\n"
        f"{TIMED_GROUPS} groups of {TIMED_RESPONSES}: {report.seconds:.2f} s\n"
        f"{printable(report.reward)} {verdict}"
    )
