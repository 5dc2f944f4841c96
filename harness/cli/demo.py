"""`proctor demo`: the main job on real parts, offline, on this machine's CPU.

Examine the bundled tiny model; train it without labels while a watcher examines every checkpoint; end with a table.
Everything is kept under --out, and a demo that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_OK
from .options import Verb, add, add_one, suites_with_sample

if TYPE_CHECKING:
    from rich.table import Table

    from ...trainers.recipe import Recipe
    from ..runs.evaluate import Examination
    from ..runs.score import ScoredRun

FIGURES = "figures"
MAX_TOKENS = 48


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Output, recipe, seed."""
    add_one(parser, "--out", default=Path("demo"))
    add_one(parser, "--recipe", default="mm_upt_figures")
    add(parser, "--seed", "--json")


def _run(args: argparse.Namespace) -> int:
    """Examine, train and watch, tabulate."""
    from ...benchmarks.examination import find_runs, plan, run_path, score_run
    from ...leaderboards.board.build import build
    from ...trainers.recipe import load_recipe
    from ...trainers.tiny import BASE
    from ..engines.transformers import TransformersEngine
    from ..types import Sampling
    from .eval import eval_all
    from .terminal import emit_json, log, show_table

    recipe = load_recipe(args.recipe, [f"seed={args.seed}"])
    suites = [FIGURES, *(name for name in suites_with_sample() if name != FIGURES)]
    plans = [plan(suite, "strict", Sampling(max_tokens=MAX_TOKENS)) for suite in suites]
    runs = args.out / "runs"

    log("1/3  Examine the base: drawn figures, and a bundled sample of each suite.")
    base = TransformersEngine(BASE)
    outcomes = eval_all(plans, base, [run_path(runs, examination, base) for examination in plans])
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
    if args.json:
        emit_json({"board": str(board), "training": str(training), "scores": [one.to_json() for one in scored]})
    else:
        show_table(_table(scored, suites, base.name))
        print(_closing(board, training, runs))
    for problem in problems:
        log(problem)
    return EXIT_INCOMPLETE if problems else EXIT_OK


def _train_and_watch(recipe: Recipe, base: Path, training: Path, runs: Path, plans: list[Examination]) -> list[str]:
    """Train here while a thread watches; returns what the watcher could not examine."""
    from ...trainers.experiments.watch import Watcher
    from ...trainers.rewards.registry import TRAINERS
    from ..engines.transformers import TransformersEngine
    from .terminal import progress_bars

    stop = threading.Event()
    failures: list[Exception] = []
    steps = recipe.policy.steps
    with progress_bars() as bars:
        train_task = bars.add_task(f"train {recipe.name}", total=steps, note="")
        watch_task = bars.add_task("examine checkpoints", total=-(-steps // recipe.checkpoint_every), note="")

        def log_above_bars(message: str) -> None:
            bars.console.print(f"     {message}", highlight=False, markup=False)

        watcher = Watcher(training, runs, plans, TransformersEngine, log_above_bars)

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


def _table(scored: list[ScoredRun], suites: list[str], base: str) -> Table:
    """Rows: base and checkpoints; columns: suites; in each cell the score and its paired difference to the base."""
    from rich import box
    from rich.table import Table

    from ...benchmarks.subset import which_of
    from ...leaderboards.compare.compare import compare
    from .terminal import change, percent_interval

    cells = {(one.run.manifest.model_name, one.run.manifest.suite): one for one in scored}
    finished = {name for name, _ in cells if all((name, suite) in cells for suite in suites)}
    names = sorted(finished, key=lambda name: (name != base, name))
    caption = (
        "Percent right and its 95% interval; below, the paired difference to the base and its 95% interval.\n"
        "* p < 0.05, ** p < 0.01, *** p < 0.001. The eight suites are small bundled samples: their errors are large."
    )
    table = Table(
        title="Leaderboard",
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=box.HORIZONTALS,
        show_lines=True,
        pad_edge=False,
    )
    table.add_column("checkpoint")
    for suite in suites:
        found = which_of(cells[base, suite].run.manifest) or f"{len(cells[base, suite].items)} items"
        table.add_column("\n".join((suite, *f"({found})".split(" ", 1))), justify="right", no_wrap=True)
    for name in names:
        row = [name.replace("/", "\n")]
        for suite in suites:
            one = cells[name, suite]
            difference = "" if name == base else "\n" + change(compare(cells[base, suite], one))
            row.append(percent_interval(one.accuracy().estimate) + difference)
        table.add_row(*row)
    return table


def _closing(board: Path, training: Path, runs: Path) -> str:
    return f"""leaderboard: {board / "board.csv"}, and the evidence of every row
curves:      tensorboard --logdir {training / "tensorboard"}   (or read {training / "metrics.jsonl"})

What to try next:
  proctor board verify {board}                      recompute every row from its evidence
  proctor show {runs} --training {training} --html demo.html    look at charts, curves and every answer
  proctor demo --out {board.parent} --seed 1          the same with another seed; the table grows
  proctor train mm_upt_figures --out control --set reward=random      the control: no reward, no gain
  proctor eval --model DIR --suite mathvision --data items.jsonl      your model on real items
  proctor score {runs}          judge the stored answers again"""


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
