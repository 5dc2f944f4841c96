"""`proctor demo`: the main job on real parts, offline, on this machine's CPU.

Examine the bundled tiny model; train it without labels while a watcher examines every checkpoint; end with a table.
Everything is kept under --out, and a demo that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_OK, MissingExtraError
from .named_suites import suites_with_sample
from .options import Verb, add, add_one

if TYPE_CHECKING:
    from rich.table import Table

    from ...trainers.recipe import Recipe
    from ..runs.evaluate import Examination
    from ..runs.score import ScoredRun

FIGURES = "figures"
MAX_TOKENS = 48
CHECKPOINTS = 3
"""So many stand beside the base in a table."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Output, recipe, seed."""
    add_one(parser, "--out", default=Path("demo"))
    add_one(parser, "--recipe", default="mm_upt_figures")
    add(parser, "--seed", "--json")


def _run(args: argparse.Namespace) -> int:
    """Examine, train and watch, tabulate."""
    from ...benchmarks.examination import find_runs, plan, run_path, score_run
    from ...benchmarks.registry import SUITES
    from ...leaderboards.board.build import build
    from ...trainers.recipe import load_recipe
    from ...trainers.tiny import BASE
    from ..engines.transformers import TransformersEngine
    from ..types import Sampling
    from .eval import eval_all
    from .terminal import emit_json, log, show_table

    recipe = load_recipe(args.recipe, [f"seed={args.seed}"])
    suites = [FIGURES, *(name for name in suites_with_sample() if SUITES.get(name).sample)]
    plans = [plan(suite, "strict", Sampling(max_tokens=MAX_TOKENS)) for suite in suites]
    runs = args.out / "runs"

    log("1/3  Examine the base: drawn figures, and a bundled sample of each suite.")
    base = TransformersEngine(BASE)
    outcomes = eval_all(plans, [base] * len(plans), [run_path(runs, examination, base) for examination in plans])
    if not all(outcome.complete for outcome in outcomes):
        log("the examination of the base is incomplete; run the demo again to go on")
        return EXIT_INCOMPLETE

    training = args.out / f"{recipe.name}-seed{recipe.seed}"
    log(f"2/3  Train it without labels ({recipe.reward}), and examine every checkpoint as soon as it is written.")
    problems = _train_and_watch(recipe, BASE, training, runs, plans)

    log("3/3  The leaderboard.")
    examined = find_runs([runs])
    board = args.out / "board"
    build(examined, [None], board, draft=True)
    scored = [score_run(path) for path in examined]
    page = _page(args.out, examined)
    if args.json:
        scores = [one.to_json() for one in scored]
        emit_json({"board": str(board), "training": str(training), "page": page and str(page), "scores": scores})
    else:
        for table in _tables(scored, suites, base.name):
            show_table(table)
        print(_closing(args.out, training))
        print(_found(scored, suites, base.name, training, recipe.reward))
        if page is not None:
            print(f"\nEvery answer, chart and curve is on one page, which opens in any browser: {page}")
    for problem in problems:
        log(problem)
    return EXIT_INCOMPLETE if problems else EXIT_OK


def _page(out: Path, runs: list[Path]) -> Path | None:
    """The page of the runs and of all trainings of the demo; None without the package of its charts."""
    from ...leaderboards.page.document import PageOptions
    from ...trainers.provenance import training_folders
    from .show import write_page
    from .terminal import log

    try:
        write_page(out / "page.html", runs, PageOptions("Demo", trainings=training_folders([out])))
    except MissingExtraError as error:
        log(f"no page: {error}")
        return None
    return out / "page.html"


def _train_and_watch(recipe: Recipe, base: Path, training: Path, runs: Path, plans: list[Examination]) -> list[str]:
    """Train here while a thread watches; returns what the watcher could not examine."""
    from ...trainers.experiments.watch import Watcher
    from ...trainers.rewards.registry import TRAINERS
    from ..engines.transformers import TransformersEngine
    from .checkpoint_scores import CheckpointScores
    from .terminal import progress_bars

    stop = threading.Event()
    failures: list[Exception] = []
    steps = recipe.policy.steps
    with progress_bars() as bars:
        train_task = bars.add_task(f"train {recipe.name}", total=steps, note="")
        watch_task = bars.add_task("examine checkpoints", total=-(-steps // recipe.checkpoint_every), note="")

        def log_above_bars(message: str) -> None:
            bars.console.print(f"     {message}", highlight=False, markup=False, soft_wrap=True)

        scores = CheckpointScores(training, runs)
        watcher = Watcher(
            training, runs, plans, TransformersEngine, log_above_bars, lambda paths: scores.lines(paths[:1])
        )

        def watch() -> None:
            try:
                watcher.follow(stop, until_finished=True)
            except Exception as error:
                failures.append(error)

        def show(done: int, total: int, note: str) -> None:
            bars.update(train_task, completed=done, note=note)
            bars.update(watch_task, completed=watcher.examined())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            if not watcher.training_ended():
                TRAINERS.load(recipe.trainer)(recipe, base, training, True, show)
            show(steps, steps, "")
            while thread.is_alive():
                thread.join(0.5)
                bars.update(watch_task, completed=watcher.examined())
        finally:
            stop.set()
            thread.join()
    if failures:
        raise failures[0]
    return list(watcher.problems.values())


def _tables(scored: list[ScoredRun], suites: list[str], base: str) -> Iterator[Table]:
    """Rows: suites; columns: the base and a training's checkpoints, so many that a table fits into 80 characters."""
    cells = {(one.run.manifest.model_name, one.run.manifest.suite): one for one in scored}
    finished = sorted({name for name, _ in cells if all((name, suite) in cells for suite in suites)} - {base})
    for training in dict.fromkeys(name.rpartition("/")[0] for name in finished):
        its = [name for name in finished if name.rpartition("/")[0] == training]
        for first in range(0, len(its), CHECKPOINTS):
            yield _table(cells, suites, base, its[first : first + CHECKPOINTS], training)


def _table(
    cells: Mapping[tuple[str, str], ScoredRun], suites: list[str], base: str, names: list[str], training: str
) -> Table:
    """In each cell the score, and below its interval; of a checkpoint its paired difference to the base, and that one's."""
    from rich import box
    from rich.table import Table

    from ...benchmarks.subset import which_of
    from ...leaderboards.compare.compare import compare
    from .terminal import change, percent_interval

    caption = (
        "Percent right with its 95% interval; of a checkpoint also the paired\n"
        "difference to the base in points, with the 95% interval of that.\n"
        "* p < 0.05, ** p < 0.01, *** p < 0.001. The eight suites are small\n"
        "bundled samples: their errors are large."
    )
    table = Table(
        title=f"Leaderboard: {training}",
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=box.HORIZONTALS,
        show_lines=True,
        pad_edge=False,
    )
    table.add_column("suite")
    for name in (base, *names):
        table.add_column(name.rpartition("/")[2], justify="right", no_wrap=True)
    for suite in suites:
        one = cells[base, suite]
        which = which_of(one.run.manifest) or f"{len(one.items)} items"
        row = [f"{suite}\n({which.removeprefix('bundled sample, ')})", percent_interval(one.accuracy().estimate)]
        for name in names:
            score = f"{100 * cells[name, suite].accuracy().estimate.value:.1f}"
            row.append(f"{score}  {change(compare(one, cells[name, suite]))}")
        table.add_row(*row)
    return table


def _found(scored: list[ScoredRun], suites: list[str], base: str, training: Path, reward: str) -> str:
    """What the last checkpoint of a training is against its base, in words."""
    from .demo_findings import findings

    by_model: dict[str, dict[str, ScoredRun]] = {}
    for one in scored:
        by_model.setdefault(one.run.manifest.model_name, {})[one.run.manifest.suite] = one
    whole = [name for name, found in by_model.items() if name.startswith(f"{training.name}/") and {*suites} <= {*found}]
    lines = ["", "What was found"]
    if last := max(whole, default=None):
        sides = [{suite: by_model[name][suite] for suite in suites} for name in (base, last)]
        steps = int(last.rpartition("-")[2])
        lines += [f"  {line}" for line in findings(sides[0], sides[1], steps, reward)]
    return "\n".join(lines)


def _closing(out: Path, training: Path) -> str:
    """Where everything is, and commands that can be given as they stand."""
    program, tensorboard = _program("proctor"), _program("tensorboard")
    board, runs = out / "board", out / "runs"
    commands = "\n".join(f"  {line}" for line in closing_commands(out, training, program))
    return f"""leaderboard: {board / "board.csv"}, and the evidence of every row
curves:      {tensorboard} --logdir {training / "tensorboard"}   (or read {training / "metrics.jsonl"})
runs:        {runs}

What to try next; your own model and items: --model DIR --suite mathvision --data items.jsonl
{commands}"""


def closing_commands(out: Path, training: Path, program: str) -> list[str]:
    """What to do with what the demo left, a command a line."""
    runs = out / "runs"
    return [
        f"{program} board verify {out / 'board'}                # recompute every row from its evidence",
        f"{program} score {runs} --score-protocol strict,mm_upt   # judge the stored answers again",
        f"{program} compare {runs}@base '{runs}@{training.name}/*60'   # item by item",
        f"{program} demo --out {out} --seed 1                  # another seed beside this one",
        f"{program} train mm_upt_figures --out {out / 'control'} --set reward=random   # the control: no gain",
    ]


def _program(name: str) -> str:
    """A program of this installation as a shell finds it: by its name, or where it lies beside Python."""
    from shutil import which

    if which(name):
        return name
    place = Path(sys.executable).parent / name
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else str(place)


VERBS = {
    "demo": Verb(
        _add_arguments,
        _run,
        (
            "proctor demo",
            "proctor demo --out demo --seed 1",
        ),
    ),
}
