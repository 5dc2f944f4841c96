"""`proctor reward regress`: train with a reward and with a baseline, several seeds each, and say which ends better.

Where neither a recipe nor a base is named, that is done on several bases of the gym, whose mistakes are known.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError, printable
from ..report.text import interval
from .eval import examine, plan_suites
from .named_suites import suite_names
from .options import ENGINE, Verb, add, add_one, add_questions, offer_names
from .train import train_to_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.table import Table
    from rich.text import Text

    from ...leaderboards.compare.ab_test import ABVerdict, Arm, SeedCurves
    from ...leaderboards.compare.compare import SuiteComparison
    from ...leaderboards.compare.condition_map import MapVerdict
    from ...leaderboards.compare.explain import Side
    from ...trainers.experiments.regress import ABTest, RegressionFolder
    from ..runs.evaluate import Examination


FIGURES = "figures"
GYM = "gym"
"""The recipe of trainings on bases of the gym."""
CONDITIONS = ("all_right", "halved", "short")
"""Where votes are mostly right, where they are wrong on two tasks of five, and where short answers agree and are wrong."""


def _regress_arguments(parser: argparse.ArgumentParser) -> None:
    """The two rewards, the recipe, the examination, and what counts as passing."""
    reward = parser.add_argument(
        "reward", metavar="REWARD", help="the candidate: a reward by name, or FILE.py:FUNCTION, which is executed"
    )
    offer_names(reward, "rewards")
    add_one(parser, "--baseline", required=True)
    add_one(parser, "--recipe", default=GYM)
    conditions = parser.add_argument(
        "--conditions",
        default=",".join(CONDITIONS),
        metavar="NAME[,NAME]",
        help="the conditions of the gym on whose bases it is done, unless --recipe or --base is named (default "
        f"{','.join(CONDITIONS)})",
    )
    offer_names(conditions, "conditions")
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
    add_questions(parser, FIGURES, "default: the recipe's own, if it is drawn, else figures")
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
    from ...leaderboards.compare.ab_test import WORSE
    from ...trainers.experiments.regress import CANDIDATE, ab_test
    from ...trainers.resolve import base_of

    if not 0 < args.margin <= 100:
        raise UsageError(f"--margin must be above 0 and at most 100 points, not {args.margin:g}")
    single = bool(args.given & {"recipe", "base"})
    if single and "conditions" in args.given:
        raise UsageError("--conditions names bases of the gym: leave out --recipe and --base, or --conditions")
    found = ab_test(args.recipe, _rewards(args), args.seeds, args.changes, args.candidate_changes)
    plans = _plans(args, found)
    if not single:
        return _on_conditions(args, found, plans)
    done = _one(args, found, plans, base_of(found.recipes[CANDIDATE], args.base), args.out)
    _report(args, done)
    passes = done.result.compared and done.result.word != WORSE
    return _exit_code(args.require, done.result.word, passes=passes)


def _rewards(args: argparse.Namespace) -> dict[str, str]:
    """The reward of each arm, as it was named."""
    from ...trainers.experiments.regress import BASELINE, CANDIDATE

    return {CANDIDATE: args.reward, BASELINE: args.baseline}


@dataclass(frozen=True)
class _Done:
    """A regression that was decided: its verdict, what a reader must know of it, and its trainings."""

    result: ABVerdict
    notes: Sequence[str]
    trainings: Sequence[SeedCurves]


def _one(args: argparse.Namespace, found: ABTest, plans: Sequence[Examination], base: Path, out: Path) -> _Done:
    """Train and examine on this base what is missing in its folder, and compare."""
    from ...leaderboards.compare.ab_test import SeedCurves, judge_arms, read_side
    from ...trainers.experiments.regress import BASELINE, CANDIDATE, RegressionFolder, identity
    from .terminal import log

    engine = {"name": args.engine, "options": sorted(args.engine_option)}
    with RegressionFolder(out, found, identity(found, base, plans, engine)) as folder:
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
        arms = {arm: _arm(folder, plans, arm, name) for arm, name in _rewards(args).items()}
        result = judge_arms(arms[CANDIDATE], arms[BASELINE], sides, args.margin / 100)
        notes = list(_notes(found, folder))
        folder.decided()
    return _Done(result, notes, [SeedCurves(one.arm, one.recipe.seed, one.folder) for one in trainings])


def _on_conditions(args: argparse.Namespace, found: ABTest, plans: Sequence[Examination]) -> int:
    """The same on each condition's base, which is made first; one verdict over all of them."""
    from ...leaderboards.compare.condition_map import judge_map
    from ...trainers.experiments.regress import CANDIDATE
    from ...trainers.gym.condition import CONDITIONS as KNOWN
    from ...trainers.gym.teach import made_base
    from .terminal import log, progress_bars

    names = args.conditions.split(",")
    if len(set(names)) < len(names):
        raise UsageError("--conditions names a condition twice")
    conditions = [KNOWN.load(name) for name in names]
    trained_on = found.recipes[CANDIDATE].prompts.suite
    if (other := next((one for one in conditions if one.suite != trained_on), None)) is not None:
        raise UsageError(
            f"condition {other.name} is of suite {other.suite}, and trained on is {trained_on}: say --set "
            f"prompts.suite={other.suite}, and name no other conditions"
        )
    done, leads_wrong = {}, {}
    for condition in conditions:
        base = args.out / "bases" / condition.name
        with progress_bars() as bars:
            task = bars.add_task(f"{condition.name}: its base", total=condition.steps, note="")

            def show(step: int, total: int, note: str, bars: Bars = bars, task: TaskID = task) -> None:
                bars.update(task, completed=step, total=total, note=note)

            card = made_base(condition, base, show)
        leads_wrong[condition.name] = card["measured"]["all"]["leads_wrong"]
        log(f"{condition.name}: {condition.summary}")
        done[condition.name] = _one(args, found, plans, base, args.out / condition.name)
    result = judge_map({name: one.result for name, one in done.items()}, leads_wrong)
    _report_map(args, result, done)
    return _exit_code(args.require, result.word, passes=result.compared and not result.worse_somewhere)


def _plans(args: argparse.Namespace, found: ABTest) -> list[Examination]:
    """What every final checkpoint is asked: greedily, as long as the trainings' own responses may be."""
    from ..types import Sampling

    sampling = Sampling(max_tokens=max(one.sampling.max_tokens for one in found.recipes.values()))
    return plan_suites(args, _suites(args, found), sampling, demanded=True)


def _suites(args: argparse.Namespace, found: ABTest) -> list[str]:
    """Those that --suite names, else the drawn one that is trained on, else its default."""
    from ...benchmarks.drawn.suite import drawn_suite
    from ...trainers.experiments.regress import CANDIDATE

    trained_on = found.recipes[CANDIDATE].prompts.suite
    return suite_names(args) if "suite" in args.given or drawn_suite(trained_on) is None else [trained_on]


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


def _exit_code(required: str | None, word: str, *, passes: bool) -> int:
    """Where a word is required that one alone passes."""
    return EXIT_OK if (word == required if required else passes) else EXIT_CHECK_FAILED


def _report(args: argparse.Namespace, done: _Done) -> None:
    """Print the verdict, and write the page if one is wanted."""
    from ...leaderboards.compare.ab_test import page
    from ..files import write_output
    from .terminal import emit_json, log, show_table

    result = done.result
    if args.html:
        write_output(args.html, page(result, done.notes, done.trainings))
        log(f"page: {args.html}")
    if args.json:
        emit_json({**result.to_json(), "notes": done.notes, "recipe": args.recipe, "out": str(args.out)})
        return
    if result.against_base:
        show_table(_table(result))
    _say(result, result.word, (*result.reasons, *done.notes))


def _say(test: ABVerdict, word: str, reasons: Sequence[str]) -> None:
    print(printable(f"candidate {test.candidate.name} against baseline {test.baseline.name}: {word.upper()}"))
    for line in reasons:
        print(f"  {line}")


def _report_map(args: argparse.Namespace, result: MapVerdict, done: Mapping[str, _Done]) -> None:
    """The same of several conditions."""
    from ...leaderboards.compare.condition_map import page
    from ..files import write_output
    from .terminal import emit_json, log, show_table

    notes = list(dict.fromkeys(note for one in done.values() for note in one.notes))
    if args.html:
        write_output(args.html, page(result, notes, {name: one.trainings for name, one in done.items()}))
        log(f"page: {args.html}")
    if args.json:
        emit_json({**result.to_json(), "notes": notes, "recipe": args.recipe, "out": str(args.out)})
        return
    for one in result.conditions:
        if one.verdict.against_base:
            show_table(_table(one.verdict, f"{one.name}: {one.word}"))
    _say(result.conditions[0].verdict, result.word, (*result.reasons, *notes))


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


def _table(result: ABVerdict, title: str = "Final checkpoints") -> Table:
    """A row for each suite and reward: its scores, and how far it is from the untrained model."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"{title}, percent right",
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
            "proctor reward regress mine.py:score --baseline majority_vote --conditions all_right,short --seeds 5",
            "proctor reward regress frequency --baseline majority_vote --recipe mm_upt_figures --require better",
        ),
    ),
}
