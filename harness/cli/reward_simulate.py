"""`proctor reward simulate`: what training by a reward would do to the answers that were recorded."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, UsageError
from .options import add_changes, add_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.table import Table

    from ...trainers.simulation.simulate import Progress, Simulation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the rewards, and how the simulated training goes."""
    parser.add_argument(
        "recorded", type=Path, metavar="RUN", help="a run with several samples per item: see `proctor reward record`"
    )
    parser.add_argument(
        "--reward",
        action="append",
        required=True,
        metavar="[LABEL=]REWARD",
        dest="rewards",
        help="a reward by name, or file.py:function; may be repeated",
    )
    add_changes(parser, "a setting of a reward: exact.votes=exact", "LABEL.KEY=VALUE")
    parser.add_argument("--advantage", default="group_norm", metavar="NAME", help="default group_norm")
    parser.add_argument(
        "--advantage-beta", type=float, default=1.0, metavar="B", help="its beta, if it has one (default 1)"
    )
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="updates of every prompt (default 100)")
    parser.add_argument("--lr", type=float, default=0.06, metavar="X", help="step of the logits (default 0.06)")
    parser.add_argument("--n", type=int, default=16, metavar="N", help="answers in a group (default 16)")
    parser.add_argument("--kl", type=float, default=0.0, metavar="X", help="pull back to the start (default 0)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the groups (default 0)")
    parser.add_argument(
        "--answer-format", default="boxed", metavar="NAME", help="the form of a response (default boxed)"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the curves as one self-contained page")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Simulate each reward on the same prompts, and show where it ends."""
    from ...trainers.groups import read_groups
    from ...trainers.simulation.page import MOST_CURVES, page
    from ...trainers.simulation.policy import Prompts
    from ...trainers.simulation.simulate import Settings, simulate
    from ..files import write_atomic
    from .reward_bench import open_entries
    from .terminal import emit_json, log, progress_bars, show_table

    settings = Settings(args.steps, args.n, args.lr, args.kl, args.advantage, args.advantage_beta, args.seed)
    entries = open_entries(args.rewards, args.changes, args.rewards[0].partition("=")[0])
    if len(entries) > MOST_CURVES:
        raise UsageError(f"{len(entries)} rewards are too many at once: name {MOST_CURVES} at most")
    prompts = Prompts.of_groups(read_groups(args.recorded, args.answer_format))
    courses: dict[str, Simulation] = {}
    with progress_bars() as bars:
        for one in entries:
            task = bars.add_task(_shown(one.label), total=settings.steps, note="")
            courses[one.label] = simulate(prompts, one.reward, settings, _shown_in(bars, task))
    if args.html:
        html = page(args.recorded.resolve().name, settings, courses)
        write_atomic(args.html, html.encode("utf-8", "backslashreplace"))
    if args.json:
        found = [{**one.to_json(), "prompts": courses[one.label].to_json()} for one in entries]
        emit_json({"run": str(args.recorded), "settings": settings.to_json(), "rewards": found})
        return EXIT_OK
    show_table(_overview(courses))
    show_table(_by_kind(courses))
    if args.html:
        log(f"page: {args.html}")
    return EXIT_OK


def _shown_in(bars: Bars, task: TaskID) -> Progress:
    return lambda done, total: bars.update(task, completed=done, total=total)


def _overview(courses: dict[str, Simulation]) -> Table:
    """A line per reward: what is watched after the last step; the start is the same for all but the rewards' signal."""
    from ...trainers.simulation.simulate import WATCHED

    table = _table("All prompts, before and after", ["", *(name.replace("_", " ") for name in WATCHED)])
    first = next(iter(courses.values()))
    start = {name: _number(first.curve(name)[0]) for name in WATCHED} | {"no_signal_share": ""}
    table.add_row("start", *start.values())
    for reward, course in courses.items():
        table.add_row(_shown(reward), *(_number(course.curve(name)[-1]) for name in WATCHED))
    return table


def _by_kind(courses: dict[str, Simulation]) -> Table:
    """A line per kind of prompts: its accuracy at the start, and after the last step under each reward."""
    first = next(iter(courses.values()))
    table = _table("Accuracy by kind of prompt", ["prompts that were", "number", "start", *map(_shown, courses)])
    for kind in first.kinds:
        ends = [_number(course.curve("accuracy", kind.name)[-1]) for course in courses.values()]
        table.add_row(kind.name, str(kind.prompts), _number(first.curve("accuracy", kind.name)[0]), *ends)
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column(columns[0], overflow="fold")
    for name in columns[1:]:
        table.add_column(name, justify="right")
    return table


def _number(value: float) -> str:
    return f"{value:.3f}"


def _shown(name: str) -> str:
    from rich.markup import escape

    return escape("".join(character for character in name if character.isprintable()))
