"""`proctor reward regress`: train with a reward and with a baseline, several seeds each, and say which ends better."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError, printable
from ..report.text import interval
from .eval import examine, plan_suites
from .options import ENGINE, Verb, add, add_one, add_questions, offer_names, suite_names
from .train import train_to_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table
    from rich.text import Text

    from ...leaderboards.compare.ab_test import ABVerdict, Arm
    from ...leaderboards.compare.compare import SuiteComparison
    from ...leaderboards.compare.explain import Side
    from ...trainers.experiments.regress import ABTest, RegressionFolder
    from ..runs.evaluate import Examination


def _regress_arguments(parser: argparse.ArgumentParser) -> None:
    """The two rewards, the recipe, the examination, and what counts as passing."""
    reward = parser.add_argument(
        "reward", metavar="REWARD", help="the candidate: a reward by name, or FILE.py:FUNCTION, which is executed"
    )
    offer_names(reward, "rewards")
    add_one(parser, "--baseline", required=True)
    add_one(parser, "--recipe", default="mm_upt_figures")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each reward (default 3)")
    add_one(parser, "--set", shown="e.g. policy.steps=20, for both arms; seed=N is the first seed")
    parser.add_argument(
        "--set-candidate",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="candidate_changes",
        help="change a setting of the candidate alone: reward_settings.votes=exact",
    )
    add(parser, "--base")
    add_questions(parser, "figures")
    add_one(parser, "--out", default=Path("regress"))
    parser.add_argument(
        "--margin",
        type=float,
        default=1.0,
        metavar="POINTS",
        help="the difference that matters to you: the size that it takes to see it is told (default 1)",
    )
    parser.add_argument(
        "--require", choices=["better"], help="end with exit code 1 unless the candidate is better, not only if worse"
    )
    add(parser, *ENGINE, "--html", "--json")


def _regress(args: argparse.Namespace) -> int:
    """Train and examine what is missing, then compare; exit code 1 if the candidate is worse."""
    from ...leaderboards.compare.ab_test import judge_arms, read_side
    from ...trainers.experiments.regress import BASELINE, CANDIDATE, RegressionFolder, ab_test, identity
    from ...trainers.resolve import base_of
    from .terminal import log

    if not 0 < args.margin <= 100:
        raise UsageError(f"--margin must be above 0 and at most 100 points, not {args.margin:g}")
    rewards = {CANDIDATE: args.reward, BASELINE: args.baseline}
    found = ab_test(args.recipe, rewards, args.seeds, args.changes, args.candidate_changes)
    base = base_of(found.recipes[CANDIDATE], args.base)
    plans = _plans(args, found)
    engine = {"name": args.engine, "options": sorted(args.engine_option)}
    with RegressionFolder(args.out, found, identity(found, base, plans, engine)) as folder:
        runs = _runs(folder, plans, "base")
        examine(args, plans, runs, base)
        sides = {suite: read_side(run) for suite, run in runs.items()}
        trainings = folder.trainings()
        for number, training in enumerate(trainings, start=1):
            note = f"train {number} of {len(trainings)}: {training.name}, {printable(training.recipe.reward)}"
            train_to_end(training, base, note)
            checkpoint = training.final_checkpoint()
            if checkpoint is not None and training.failure() is None:
                with training.failing():
                    examine(args, plans, _runs(folder, plans, training.name), checkpoint)
            if (reason := training.failure()) is not None:
                log(f"{training.name} counts as failed: {reason}; to train again remove {training.folder}")
        arms = {arm: _arm(folder, plans, arm, rewards[arm]) for arm in rewards}
        result = judge_arms(arms[CANDIDATE], arms[BASELINE], sides, args.margin / 100)
        _report(args, result, found, folder)
        folder.decided()
    return _exit_code(result, args.require)


def _plans(args: argparse.Namespace, found: ABTest) -> list[Examination]:
    """What every final checkpoint is asked: greedily, as long as the trainings' own responses may be."""
    from ..types import Sampling

    sampling = Sampling(max_tokens=max(one.sampling.max_tokens for one in found.recipes.values()))
    return plan_suites(args, suite_names(args), sampling, demanded=True)


def _runs(folder: RegressionFolder, plans: Sequence[Examination], name: str) -> dict[str, Path]:
    return {one.suite: folder.runs / f"{name}.{one.suite}" for one in plans}


def _arm(folder: RegressionFolder, plans: Sequence[Examination], arm: str, reward: str) -> Arm:
    """An arm's examinations, and what failed of it."""
    from ...leaderboards.compare.ab_test import Arm, read_side

    finished: dict[int, Mapping[str, Side]] = {}
    failed = {}
    for training in folder.trainings():
        if training.arm != arm:
            continue
        if (reason := training.failure()) is not None:
            failed[training.recipe.seed] = reason
        else:
            runs = _runs(folder, plans, training.name)
            finished[training.recipe.seed] = {suite: read_side(run) for suite, run in runs.items()}
    return Arm(reward, finished, failed)


def _exit_code(result: ABVerdict, required: str | None) -> int:
    """1 for what is worse or could not be compared, and for anything but what is required."""
    from ...leaderboards.compare.ab_test import WORSE

    passed = result.word == required if required else result.word != WORSE and result.compared
    return EXIT_OK if passed else EXIT_CHECK_FAILED


def _report(args: argparse.Namespace, result: ABVerdict, found: ABTest, folder: RegressionFolder) -> None:
    """Print the verdict, and write the page if one is wanted."""
    from ...leaderboards.compare.ab_test import SeedCurves, page
    from ..files import write_output
    from .terminal import emit_json, log, show_table

    notes = list(_notes(found, folder))
    if args.html:
        trainings = [SeedCurves(one.arm, one.recipe.seed, one.folder) for one in folder.trainings()]
        write_output(args.html, page(result, notes, trainings))
        log(f"page: {args.html}")
    if args.json:
        emit_json({**result.to_json(), "notes": notes, "recipe": args.recipe, "out": str(args.out)})
        return
    if result.against_base:
        show_table(_table(result))
    print(
        printable(f"candidate {result.candidate.name} against baseline {result.baseline.name}: {result.word.upper()}")
    )
    for line in (*result.reasons, *notes):
        print(f"  {line}")


def _notes(found: ABTest, folder: RegressionFolder) -> Iterator[str]:
    """What a reader must know of how the two were compared."""
    if found.differing:
        yield f"the arms differ in more than the reward: {', '.join(map(printable, found.differing))}"
    if folder.raised_from:
        before = ", ".join(map(str, folder.raised_from))
        yield (
            f"the seeds were raised to {found.seeds}, after {before}: if that depended on the verdict before, a false alarm "
            "is likelier than 5 in 100"
        )


def _table(result: ABVerdict) -> Table:
    """A row for each suite and reward: its scores, and how far it is from the untrained model."""
    from rich import box
    from rich.table import Table

    table = Table(
        title="Final checkpoints, percent right",
        title_justify="left",
        caption="Intervals are of 95%, over items and seeds; those to the base are not adjusted for several suites.",
        caption_justify="left",
        box=box.HORIZONTALS,
        pad_edge=False,
    )
    for name in ("suite", "reward"):
        table.add_column(name, overflow="fold")
    for name in ("base", "mean", "each seed", "minus base", "95% interval"):
        table.add_column(name, justify="right")
    for arm, one in (("candidate", result.candidate), ("baseline", result.baseline)):
        for compared in result.against_base[arm].suites if arm in result.against_base else ():
            table.add_row(*_cells(arm, one, compared))
    return table


def _cells(arm: str, one: Arm, compared: SuiteComparison) -> tuple[str | Text, ...]:
    from rich.text import Text

    change = compared.difference
    seeds = [
        f"{100 * by_suite[compared.suite].scored.accuracy().estimate.value:.1f}" for by_suite in one.finished.values()
    ]
    return (
        Text(compared.shown_suite),
        Text(printable(f"{arm}: {one.name}")),
        f"{100 * compared.scores[0]:.1f}",
        f"{100 * compared.scores[1]:.1f}",
        " ".join([*seeds, *["failed"] * len(one.failed)]),
        f"{100 * change.value:+.1f}",
        interval(change.low, change.high, signed=True, clusters=change.clusters),
    )


VERBS = {
    "reward regress": Verb(
        _regress_arguments,
        _regress,
        (
            "proctor reward regress mine.py:score --baseline majority_vote",
            "proctor reward regress frequency --baseline majority_vote --seeds 5 --margin 2 --require better",
        ),
    ),
}
