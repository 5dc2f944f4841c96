"""`proctor iterate`: train round after round, each from the last, until the examination no longer improves."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, printable
from .eval import examine, plan_suites
from .named_models import open_profile, sampling
from .named_suites import suite_names
from .options import ENGINE, Verb, add, add_one, add_questions, add_sampling, add_style
from .train import train_to_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from ...leaderboards.compare.explain import Side
    from ...leaderboards.compare.when_to_stop import Level, SuiteChange
    from ...trainers.experiments.folder import Training
    from ...trainers.experiments.iterate import IterationFolder
    from ..runs.evaluate import Examination
    from ..types import Json

FORMAT = 1


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """The recipe, the rounds, the examination, and what counts as an improvement."""
    add(parser, "recipe")
    add_one(parser, "--out", required=True)
    add(parser, "--base")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="at most so many rounds (default 5)")
    add_one(parser, "--set", shown="e.g. policy.steps=20; round k trains with the recipe's seed + k")
    add_questions(parser)
    add_style(parser)
    parser.add_argument("--alpha", type=float, default=0.05, metavar="A", help="two-sided level of a round's test")
    parser.add_argument(
        "--power", type=float, default=0.8, metavar="P", help="the chance for which the detectable difference is told"
    )
    add(parser, *ENGINE)
    add_sampling(parser)
    add(parser, "--json")


@dataclass(frozen=True)
class _Round:
    """A round that has ended: its training, and the changes that it made, or why it failed."""

    number: int
    training: Training
    checkpoint: Path | None
    changes: tuple[SuiteChange, ...]
    failure: str | None

    @property
    def word(self) -> str:
        """What it came to, by the suite that decides."""
        return self.changes[0].word if self.changes else "diverged"

    def to_json(self, folder: Path) -> Json:
        """Paths are relative to the iteration's folder."""
        return {
            "round": self.number,
            "seed": self.training.recipe.seed,
            "checkpoint": None if self.checkpoint is None else str(self.checkpoint.relative_to(folder)),
            "word": self.word,
            "failure": self.failure,
            "suites": [one.to_json() for one in self.changes],
        }


def _run(args: argparse.Namespace) -> int:
    """Train and examine what is missing, round by round; exit code 1 if a training diverged."""
    from ...leaderboards.compare.when_to_stop import Level
    from ...trainers.experiments.iterate import Iteration, IterationFolder
    from ...trainers.resolve import base_of

    level = Level(args.alpha, args.power)
    found = Iteration.of(args.recipe, args.changes, args.rounds)
    base = base_of(found.recipe, args.base)
    plans = _plans(args)
    engine = {"name": args.engine, "options": sorted(args.engine_option)}
    what = found.identity(base, plans, engine, {"alpha": level.alpha, "power": level.power})
    with IterationFolder(args.out, found, what) as folder:
        rounds = _go(args, plans, folder, base, level)
    _report(args, rounds, base, level)
    return EXIT_CHECK_FAILED if rounds[-1].failure is not None else EXIT_OK


def _plans(args: argparse.Namespace) -> list[Examination]:
    """What the base and every round's final checkpoint are asked."""
    profile = open_profile(args)
    return plan_suites(args, suite_names(args), sampling(args, profile), profile, demanded=True)


def _go(
    args: argparse.Namespace, plans: Sequence[Examination], folder: IterationFolder, base: Path, level: Level
) -> list[_Round]:
    """The rounds up to the first that did not improve, or to the last there may be."""
    from ...leaderboards.compare.when_to_stop import changes, goes_on
    from .terminal import log

    rounds: list[_Round] = []
    best, before = base, _examined(args, plans, folder, 0, base)
    for number in range(1, args.rounds + 1):
        training = folder.training(number)
        train_to_end(training, best, f"round {number}: train")
        checkpoint, after = training.final_checkpoint(), None
        if checkpoint is not None and training.failure() is None:
            with training.failing():
                after = _examined(args, plans, folder, number, checkpoint)
        found = changes(before, after, level) if after is not None else ()
        rounds.append(_Round(number, training, checkpoint, found, training.failure()))
        folder.record([one.to_json(folder.path) for one in rounds], _best(rounds, folder.path))
        log("\n".join(_lines(rounds[-1])))
        if checkpoint is None or after is None or not goes_on(found):
            break
        best, before = checkpoint, after
    return rounds


def _examined(
    args: argparse.Namespace, plans: Sequence[Examination], folder: IterationFolder, number: int, checkpoint: Path
) -> Mapping[str, Side]:
    """The judged runs of a round's checkpoint by suite, held now if they are not complete."""
    from ...leaderboards.compare.ab_test import read_side

    runs = {one.suite: folder.runs / f"round-{number}.{one.suite}" for one in plans}
    examine(args, plans, runs, checkpoint)
    return {suite: read_side(run) for suite, run in runs.items()}


def _best(rounds: Sequence[_Round], folder: Path) -> Json:
    """The last round that improved, and its checkpoint, relative to the folder; round 0 is the base."""
    from ...leaderboards.compare.when_to_stop import IMPROVED

    improved = [one.to_json(folder) for one in rounds if one.word == IMPROVED]
    return {key: improved[-1][key] for key in ("round", "checkpoint")} if improved else {"round": 0, "checkpoint": None}


def _lines(one: _Round) -> list[str]:
    """What a round came to."""
    if one.failure is not None:
        return [f"round {one.number}: diverged: {one.failure}; to train again remove {one.training.folder}"]
    return [f"round {one.number}: {change.line}" for change in one.changes]


def _report(args: argparse.Namespace, rounds: Sequence[_Round], base: Path, level: Level) -> None:
    """Print the table of rounds, why they ended, and the best checkpoint; or all of it as JSON."""
    from .terminal import emit_json, show_table

    best, end = _best(rounds, args.out), _end(rounds[-1])
    checkpoint = args.out / best["checkpoint"] if best["round"] else base
    if args.json:
        result = {
            "format": FORMAT,
            "unit": "percentage points",
            "recipe": args.recipe,
            "out": str(args.out),
            "alpha": level.alpha,
            "power": level.power,
            "rounds": [one.to_json(args.out) for one in rounds],
            "ended": end,
            "best": {"round": best["round"], "checkpoint": str(checkpoint)},
        }
        emit_json(result)
        return
    show_table(_table(rounds, level))
    print(f"ended: {end}")
    name = f"round {best['round']}" if best["round"] else "the base"
    print(f"best: {name}, {checkpoint}")
    print(
        f"alpha {level.alpha:g}: a round that changed nothing counts as an improvement with a chance of at most "
        f"{100 * level.alpha / 2:g}%; the first that does not ends the iteration, so that this holds for all rounds together"
    )


def _end(last: _Round) -> str:
    """Why there was no further round."""
    from ...leaderboards.compare.when_to_stop import IMPROVED

    if last.failure is not None:
        return f"round {last.number} diverged: {printable(last.failure)}"
    if last.word == IMPROVED:
        return f"all rounds improved; --rounds {last.number + 1} goes on"
    return f"round {last.number}, by {printable(last.changes[0].suite)}: {last.changes[0].verdict}"


def _table(rounds: Sequence[_Round], level: Level) -> Table:
    """A row for each round and suite."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Rounds, percent right", title_justify="left", box=box.HORIZONTALS, pad_edge=False)
    for name in ("round", "suite"):
        table.add_column(name, overflow="fold")
    interval = f"{100 * (1 - level.alpha):g}% interval"
    for name in ("before", "after", "difference", interval, "p", "gained", "lost", "MDE"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in rounds:
        for change in one.changes:
            cells = _cells(change)
            table.add_row(str(one.number), Text(change.shown), *cells, change.word)
        if not one.changes:
            table.add_row(str(one.number), *[""] * 9, one.word)
    return table


def _cells(change: SuiteChange) -> list[str]:
    from ..report.text import interval, p_value

    one = change.difference
    return [
        *(f"{100 * score:.2f}" for score in change.scores),
        f"{100 * one.value:+.2f}",
        interval(one.low, one.high, 2, signed=True, clusters=one.clusters),
        p_value(change.p_holm),
        str(one.gained),
        str(one.lost),
        "none" if one.detectable == float("inf") else f"{100 * one.detectable:.2f}",
    ]


VERBS = {
    "iterate": Verb(
        _add_arguments,
        _run,
        (
            "proctor iterate mm_upt_figures --out rounds --suite figures",
            "proctor iterate mm_upt_figures --out rounds --suite figures,iconqa --rounds 3 --alpha 0.01",
        ),
    ),
}
