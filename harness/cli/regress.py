"""`proctor regress`: train with a reward and with a baseline, several seeds each, and say which ends better."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError, printable
from .campaign import examine, suite_names, train
from .options import add_changes, add_data, add_engine, add_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...leaderboards.compare.ab_test import ABVerdict, Arm
    from ...leaderboards.compare.explain import Side
    from ...trainers.experiments.regress import ABTest, RegressionFolder
    from ..runs.evaluate import Examination


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two rewards, the recipe, the examination, and what counts as passing."""
    parser.add_argument("reward", help="the candidate: a reward's name, or FILE.py:FUNCTION")
    parser.add_argument("--baseline", required=True, metavar="REWARD", help="what it is compared with")
    parser.add_argument("--recipe", default="mm_upt_figures", help="what both train by (default mm_upt_figures)")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each reward (default 3)")
    add_changes(parser, "change a setting of both arms: policy.steps=20; seed=N is the first seed")
    parser.add_argument(
        "--set-candidate",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="candidate_changes",
        help="change a setting of the candidate alone: reward_settings.votes=exact",
    )
    parser.add_argument("--base", type=Path, help="the checkpoint to start from (default: the bundled tiny model)")
    parser.add_argument("--suite", default="figures", help="one or more names, with commas (default figures)")
    add_data(parser)
    parser.add_argument("--protocol", default="strict", help="how to ask and judge (default strict)")
    parser.add_argument("--out", type=Path, default=Path("regress"), help="where everything is kept (default regress)")
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
    add_engine(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with the verdict and training curves")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Train and examine what is missing, then compare; exit code 1 if the candidate is worse."""
    from ...leaderboards.compare.ab_test import judge_arms, read_side
    from ...trainers.experiments.regress import BASELINE, CANDIDATE, RegressionFolder, ab_test, identity
    from ...trainers.resolve import base_of
    from .regress_report import report
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
            train(training, base, note)
            checkpoint = training.final_checkpoint()
            if checkpoint is not None and training.failure() is None:
                with training.failing():
                    examine(args, plans, _runs(folder, plans, training.name), checkpoint)
            if (reason := training.failure()) is not None:
                log(f"{training.name} counts as failed: {reason}; to train again remove {training.folder}")
        arms = {arm: _contender(folder, plans, arm, rewards[arm]) for arm in rewards}
        result = judge_arms(arms[CANDIDATE], arms[BASELINE], sides, args.margin / 100)
        report(args, result, found, folder)
        folder.decided()
    return _exit_code(result, args.require)


def _plans(args: argparse.Namespace, found: ABTest) -> list[Examination]:
    """What every final checkpoint is asked: greedily, as long as the trainings' own responses may be."""
    from ...benchmarks.examination import plan
    from ..types import Sampling

    sampling = Sampling(max_tokens=max(one.sampling.max_tokens for one in found.recipes.values()))
    return [plan(suite, args.protocol, sampling, args.data, lock=args.lock) for suite in suite_names(args)]


def _runs(folder: RegressionFolder, plans: Sequence[Examination], name: str) -> dict[str, Path]:
    return {one.suite: folder.runs / f"{name}.{one.suite}" for one in plans}


def _contender(folder: RegressionFolder, plans: Sequence[Examination], arm: str, reward: str) -> Arm:
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
