"""`proctor reward bench` and `simulate`: rewards side by side on recorded groups, and where training by each would lead."""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, UsageError, printable
from .options import Verb, add, add_one, offer_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.table import Table

    from ...trainers.bench.page import Section
    from ...trainers.bench.report import BenchReport, Entry
    from ...trainers.groups import RecordedGroup
    from ...trainers.simulation.simulate import Progress, Simulation


BASELINE = "majority_vote"
_LABEL = re.compile(r"[\w.-]+")


def _bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, rewards with their settings, baseline, advantage, and what is written."""
    add_rewards(parser, "*", " (default: every built-in one that can be benched)")
    add_one(parser, "--baseline", default=BASELINE)
    add(parser, "--html", "--json")


def add_rewards(parser: argparse.ArgumentParser, nargs: str, default: str = "") -> None:
    """The rewards with their settings, the groups that they score, and how scores become advantages."""
    rewards = parser.add_argument(
        "rewards",
        nargs=nargs,
        metavar="[LABEL=]REWARD",
        help=f"rewards by name, or FILE.py:FUNCTION, which is executed{default}",
    )
    offer_names(rewards, "rewards")
    add_one(parser, "--groups", required=True)
    add_one(parser, "--set", shown="e.g. exact.votes=exact for the reward with the label exact")
    advantage = parser.add_argument(
        "--advantage", default="group_norm", metavar="NAME", help="how scores become advantages (default group_norm)"
    )
    offer_names(advantage, "advantages")
    parser.add_argument(
        "--advantage-beta",
        type=float,
        default=1.0,
        metavar="B",
        help="beta of the advantage, if it has one (default 1)",
    )
    add(parser, "--answer-format", "--seed")


def _bench(args: argparse.Namespace) -> int:
    """Bench, print, and write the page."""
    from ...trainers.bench.page import about, page
    from ...trainers.bench.report import bench, group_sizes
    from ...trainers.groups import read_groups
    from ...trainers.rewards.advantages import advantage
    from ..files import write_output
    from .terminal import emit_json, progress_bars, show_table

    chosen = advantage(args.advantage, args.advantage_beta)
    groups = [recorded for path in args.groups for recorded in read_groups(path, args.answer_format)]
    if len({(one.item.id, one.responses) for one in groups}) < len(groups):
        raise UsageError("two of the runs hold the same responses to an item: they tell nothing twice, name one")
    if args.seed < 0:
        raise UsageError(f"--seed must be 0 or more, not {args.seed}")
    judged = all(recorded.judge_scores is not None for recorded in groups)
    entries = open_entries(args.rewards or _known(groups, judged), args.changes, args.baseline)
    rounds = len(entries) * (1 + len(group_sizes(len(groups[0].responses) if groups else 0)))
    with progress_bars() as bars:
        task = bars.add_task("bench", total=rounds, note="")
        report = bench(
            groups,
            entries,
            args.baseline,
            (args.advantage, chosen),
            seed=args.seed,
            progress=lambda done: bars.update(task, advance=1, note=done),
        )
    if args.html:
        write_output(args.html, page(report, [str(path) for path in args.groups]).encode("utf-8", "replace"))
    if args.json:
        emit_json({"runs": [str(path) for path in args.groups], **report.to_json()})
    else:
        print(about(report))
        for table in tables(report):
            show_table(table)
    return EXIT_OK


def _known(groups: Sequence[RecordedGroup], judged: bool) -> list[str]:
    """The shipped rewards, without those that need scores or token statistics which the groups lack."""
    from ...trainers.base import needs_judge
    from ...trainers.groups import lacking_tokens
    from ...trainers.rewards.registry import REWARDS, open_reward

    shipped = {name: open_reward(name, {}) for name in REWARDS.builtin}
    scorable = {name: one for name, one in shipped.items() if judged or not needs_judge(one)}
    return [name for name, one in scorable.items() if not lacking_tokens(one, groups)]


def open_entries(specs: Sequence[str], changes: Sequence[str], baseline: str) -> list[Entry]:
    """The rewards that "[LABEL=]REWARD" and "LABEL.KEY=VALUE" name; the baseline by its name if no label is its own.

    Raises UsageError for an unknown reward or setting, and for settings of a label that there is not.
    """
    from ...trainers.bench.report import Entry
    from ...trainers.rewards.registry import open_reward

    named = dict(map(_labelled, specs))
    if len(named) < len(specs):
        raise UsageError(f"two rewards have one label: write OTHER=NAME; there are: {', '.join(specs)}")
    if baseline not in named:
        named = {baseline: baseline, **named}
    tables = _settings(changes)
    if strangers := [label for label in tables if label not in named]:
        raise UsageError(f"--set {strangers[0]}...: no reward has that label; there are: {', '.join(named)}")
    return [Entry(label, open_reward(name, tables.get(label, {}))) for label, name in named.items()]


def _labelled(spec: str) -> tuple[str, str]:
    label, equals, name = spec.partition("=")
    if equals and _LABEL.fullmatch(label) and name:
        return label, name
    return spec, spec


def _settings(changes: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """The settings by label and key; a label may hold dots, a key does not."""
    from ..settings import setting

    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for change in changes:
        path, value = setting(change)
        label, dot, key = path.rpartition(".")
        if not dot or not label:
            raise UsageError(f"a setting must look like LABEL.KEY=VALUE, not {change!r}")
        found[label][key] = value
    return found


def tables(report: BenchReport) -> list[Table]:
    """Every section of the report."""
    from ...trainers.bench import page

    shown = [
        page.measures(report),
        page.difference_section(report),
        page.by_difficulty(report),
        *page.by_size(report).values(),
        *page.style_sections(report),
        page.judge_section(report),
    ]
    return [_section_table(section) for section in shown if section and section.rows]


def _section_table(section: Section) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from ...trainers.bench.page import as_text

    table = Table(title=escape(section.title[:1].upper() + section.title[1:]), title_justify="left")
    table.add_column(section.first, overflow="fold")
    for column in section.columns.values():
        table.add_column(escape(column), justify="right")
    for label, cells in section.rows.items():
        lines = ("\n".join(as_text(cells[name], signed=section.signed)) for name in section.columns)
        table.add_row(escape(printable(label)), *lines)
    return table


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the rewards, and how the simulated training goes."""
    add_rewards(parser, "+")
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="updates of every prompt (default 100)")
    parser.add_argument("--lr", type=float, default=0.06, metavar="X", help="step of the logits (default 0.06)")
    add_one(parser, "--samples", default=16)
    parser.add_argument("--kl", type=float, default=0.0, metavar="X", help="pull back to the start (default 0)")
    add(parser, "--html", "--json")


def _simulate(args: argparse.Namespace) -> int:
    """Simulate each reward on the same prompts, and show where it ends."""
    from ...trainers.groups import read_groups
    from ...trainers.simulation.policy import Prompts
    from ...trainers.simulation.simulate import MOST_CURVES, Settings, page, simulate
    from ..files import write_output
    from .terminal import emit_json, log, progress_bars, show_table

    settings = Settings(args.steps, args.samples, args.lr, args.kl, args.advantage, args.advantage_beta, args.seed)
    entries = open_entries(args.rewards, args.changes, args.rewards[0].partition("=")[0])
    if len(entries) > MOST_CURVES:
        raise UsageError(f"{len(entries)} rewards are too many at once: name {MOST_CURVES} at most")
    prompts = Prompts.from_groups([one for run in args.groups for one in read_groups(run, args.answer_format)])
    simulations: dict[str, Simulation] = {}
    with progress_bars() as bars:
        for one in entries:
            task = bars.add_task(_shown(one.label), total=settings.steps, note="")
            simulations[one.label] = simulate(prompts, one.reward, settings, _shown_in(bars, task))
    if args.html:
        html = page(", ".join(run.resolve().name for run in args.groups), settings, simulations)
        write_output(args.html, html.encode("utf-8", "backslashreplace"))
    if args.json:
        found = [{**one.to_json(), "prompts": simulations[one.label].to_json()} for one in entries]
        emit_json({"runs": [str(run) for run in args.groups], "settings": settings.to_json(), "rewards": found})
        return EXIT_OK
    show_table(_overview(simulations))
    show_table(_by_kind(simulations))
    if args.html:
        log(f"page: {args.html}")
    return EXIT_OK


def _shown_in(bars: Bars, task: TaskID) -> Progress:
    return lambda done, total: bars.update(task, completed=done, total=total)


def _overview(simulations: dict[str, Simulation]) -> Table:
    """A line per reward: what is watched after the last step; the start is the same for all but the rewards' signal."""
    from ...trainers.simulation.simulate import WATCHED

    table = _empty_table("All prompts, before and after", ["", *(name.replace("_", " ") for name in WATCHED)])
    first = next(iter(simulations.values()))
    start = {name: _number(first.curve(name)[0]) for name in WATCHED} | {"no_signal_share": ""}
    table.add_row("start", *start.values())
    for reward, simulation in simulations.items():
        table.add_row(_shown(reward), *(_number(simulation.curve(name)[-1]) for name in WATCHED))
    return table


def _by_kind(simulations: dict[str, Simulation]) -> Table:
    """A line per kind of prompts: its accuracy at the start, and after the last step under each reward."""
    first = next(iter(simulations.values()))
    table = _empty_table(
        "Accuracy by kind of prompt", ["prompts that were", "number", "start", *map(_shown, simulations)]
    )
    for kind in first.kinds:
        ends = [_number(simulation.curve("accuracy", kind.name)[-1]) for simulation in simulations.values()]
        table.add_row(kind.name, str(kind.prompts), _number(first.curve("accuracy", kind.name)[0]), *ends)
    return table


def _empty_table(title: str, columns: Sequence[str]) -> Table:
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

    return escape(printed(name))


def printed(name: str) -> str:
    """What of a label can be printed."""
    return "".join(character for character in name if character.isprintable())


VERBS = {
    "reward bench": Verb(
        _bench_arguments,
        _bench,
        (
            "proctor reward bench --groups groups --html bench.html",
            "proctor reward bench mine.py:score exact=majority_vote --set exact.votes=exact --groups groups",
        ),
    ),
    "reward simulate": Verb(
        _simulate_arguments,
        _simulate,
        (
            "proctor reward simulate majority_vote ground_truth --groups groups",
            "proctor reward simulate mine.py:score --groups groups --steps 200 --samples 8 --html page.html",
        ),
    ),
}
