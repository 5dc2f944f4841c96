"""`proctor train`, `watch`, `synthesize`: train by a recipe, examine its checkpoints, have a model write what to train on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, UsageError
from .options import (
    RUNS,
    Verb,
    add_changes,
    add_engine,
    add_json,
    add_lock,
    add_profile,
    add_sampling,
    open_engine,
    open_profile,
    sampling,
)

if TYPE_CHECKING:
    from ...trainers.experiments.folder import Training
    from ...trainers.recipe_settings import SynthesisSettings
    from ...trainers.synthesis.run import PromptBuilders


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    """Recipe, base, output."""
    parser.add_argument("recipe", help="a bundled recipe's name, or the path of a .toml file")
    parser.add_argument("--base", type=Path, help="the checkpoint to start from (default: the recipe's, if bundled)")
    parser.add_argument("--out", type=Path, required=True, help="the training directory")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
    parser.add_argument("--seed", type=int, help="the recipe's seed")
    parser.add_argument(
        "--reward", help="the reward, instead of the recipe's: a name, or FILE.py:FUNCTION, which is executed"
    )
    add_changes(parser, "change a setting: policy.steps=10")
    parser.add_argument("--dry-run", action="store_true", help="print what would be run, and run nothing")
    add_json(parser)


def _train(args: argparse.Namespace) -> int:
    """Train to the end."""
    from ...trainers.recipe import load_recipe
    from ...trainers.resolve import base_name, base_of, resolve
    from ...trainers.rewards.registry import TRAINERS
    from .terminal import emit_json, log, progress_bars

    reward = [] if args.reward is None else [f"reward={args.reward}"]
    seed = [] if args.seed is None else [f"seed={args.seed}"]
    recipe = load_recipe(args.recipe, [*reward, *args.changes, *seed])
    train = TRAINERS.load(recipe.trainer)
    if args.dry_run:
        describe = getattr(train, "describe", None)
        recipe, base = resolve(recipe), base_name(recipe, args.base)
        print(describe(recipe, base, args.out) if describe else json.dumps(recipe.to_json(), indent=1))
        return EXIT_OK
    base = base_of(recipe, args.base)
    if args.resume and not (args.out / "training.json").exists():
        log(f"{args.out} holds no training yet: it begins")
    with progress_bars() as bars:
        task = bars.add_task(f"train {recipe.name}", total=None, note="")

        def show(done: int, total: int, note: str) -> None:
            bars.update(task, completed=done, total=total, note=note)

        train(recipe, base, args.out, args.resume, show)
    if args.json:
        emit_json({"training": str(args.out), "recipe": recipe.to_json()})
    else:
        log(
            f"checkpoints: {args.out / 'checkpoints'}; examine them with: proctor watch {args.out} --suite figures --once"
        )
    return EXIT_OK


def train_to_end(training: Training, base: Path, note: str) -> None:
    """Train to the end, with a bar called `note`, unless that is done or the training failed."""
    from .terminal import progress_bars

    if training.failure() is None and training.final_checkpoint() is None:
        with progress_bars() as bars:
            task = bars.add_task(note.replace("[", r"\["), total=training.recipe.policy.steps, note="")
            training.train(base, lambda done, total, words: bars.update(task, completed=done, total=total, note=words))


def _watch_arguments(parser: argparse.ArgumentParser) -> None:
    """Folder, suites, sampling, and when to stop."""
    parser.add_argument("folder", type=Path, help="a training directory, or any folder of checkpoints")
    parser.add_argument("--suite", required=True, help="one or more names, with commas between them")
    parser.add_argument("--data", type=Path, help="the items as JSONL (default: the bundled sample), for one suite")
    parser.add_argument("--protocol", default="strict", help="how to ask and judge (default strict)")
    add_profile(parser)
    parser.add_argument("--out", type=Path, default=RUNS, help="the folder of run directories (default runs)")
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="examine what is there, then stop")
    until.add_argument("--until-finished", action="store_true", help="stop when the training has ended")
    add_engine(parser)
    add_sampling(parser)


def _watch(args: argparse.Namespace) -> int:
    """Watch until told to stop; exit code 3 if a checkpoint could not be examined."""
    from ...benchmarks.examination import plan
    from ...trainers.experiments.watch import Watcher
    from ..runs.checkpoints import find_checkpoints
    from ..runs.evaluate import stop_signals
    from .terminal import log, log_stopping

    if args.folder.exists() and not args.folder.is_dir():
        raise UsageError(f"{args.folder} is a file: name a training directory or a folder of checkpoints")
    if args.once and not find_checkpoints(args.folder):
        itself = (args.folder / "config.json").is_file()
        hint = "it is a checkpoint itself: use `proctor eval`" if itself else "name the folder that holds them"
        raise UsageError(f"no checkpoints in {args.folder}: {hint}")
    suites = args.suite.split(",")
    if len(suites) > 1 and args.data:
        raise UsageError("--data belongs to one suite: watch for one suite at a time")
    profile = open_profile(args)
    plans = [plan(suite, args.protocol, sampling(args, profile), args.data, profile=profile) for suite in suites]
    watcher = Watcher(args.folder, args.out, plans, lambda path: open_engine(args, str(path)), log)
    with stop_signals(log_stopping) as stop:
        watcher.follow(stop, until_idle=args.once, until_finished=args.until_finished)
        if stop.is_set():
            return EXIT_INTERRUPTED
    return EXIT_INCOMPLETE if watcher.problems else EXIT_OK


FLAGS = ("how", "images", "per_image", "samples", "temperature")
"""Flags that are settings of the same name."""


def _synthesize_arguments(parser: argparse.ArgumentParser) -> None:
    """Source, model, settings, and where it goes."""
    parser.add_argument(
        "source", help="a folder of pictures, or a set by name: geometry3k, geoqa, mmr1, figures, or a suite"
    )
    parser.add_argument("--how", required=True, help="direct (the picture alone) or in_context (also a question on it)")
    parser.add_argument("--model", required=True, help="the checkpoint that writes, and answers")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the questions")
    parser.add_argument("--data", type=Path, help="where the named set is (default: hub, or a suite's bundled sample)")
    add_lock(parser)
    parser.add_argument("--protocol", default="strict", help="how questions are asked (default strict)")
    add_profile(parser)
    parser.add_argument("--limit", type=int, metavar="N", dest="images", help="only the first N items or pictures")
    parser.add_argument("--per-image", type=int, metavar="K", help="questions to draw for each (default 1)")
    parser.add_argument("--samples", type=int, metavar="N", help="answers that vote on a question (default 5)")
    parser.add_argument("--temperature", type=float, metavar="T", help="of all that is drawn (default 0.7)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the samples (default 0)")
    add_changes(parser, "change a setting of the synthesis: agreed=0.5; see docs/synthesis.md")
    add_engine(parser)
    add_json(parser)


def _synthesize(args: argparse.Namespace) -> int:
    """Synthesize, or go on; say what became of the replies."""
    from ...trainers.synthesis.run import Author, Synthesis, open_source
    from ...trainers.synthesis.selection import RULES
    from .terminal import emit_json, progress_bars, show_table

    settings = _synthesis_settings(args)
    builders = _prompt_builders(args)
    source = open_source(args.source, args.data, settings.images, args.seed, args.lock)
    model = open_engine(args, args.model)
    with progress_bars() as bars:
        task = bars.add_task(f"{model.name}: synthesize", total=None, note="")

        def tell(done: int, total: int, name: str) -> None:
            bars.update(task, completed=done, total=total, note=name)

        author = Author(model.identity(), lambda: model)
        found = Synthesis(source, settings, author, builders, args.seed, tell).run(args.out)
    if args.json:
        emit_json({"path": str(args.out), **found.to_json()})
        return EXIT_OK
    from rich.table import Table

    table = Table(
        "what", "count", "why it is not kept", title=f"{found.questions} questions in {args.out}", min_width=48
    )
    for name, count in found.counts.items():
        table.add_row(name, str(count), RULES.get(name, ""))
    show_table(table)
    return EXIT_OK


def _synthesis_settings(args: argparse.Namespace) -> SynthesisSettings:
    from ...trainers.recipe_settings import SynthesisSettings
    from ..settings import read_settings, setting

    given = {name: getattr(args, name) for name in FLAGS if getattr(args, name) is not None}
    return read_settings(SynthesisSettings, {**dict(map(setting, args.changes)), **given}, "synthesis")


def _prompt_builders(args: argparse.Namespace) -> PromptBuilders:
    """The protocol's prompts, in the way of the profile if one is named."""
    from ...benchmarks.registry import SUITES
    from ...trainers.data import TITLES, data_set
    from ...trainers.synthesis.run import PromptBuilders
    from ...trainers.synthesis.stored import NAME

    profile = open_profile(args)
    request = profile.applied if profile else lambda prompt: prompt
    known = args.source in (*TITLES, *SUITES.names())
    original = data_set(args.source if known else NAME).protocol(args.protocol).prompt
    new = data_set(NAME).protocol(args.protocol).prompt
    name = f"{args.protocol} {profile.style.label if profile else 'plain'}"
    return PromptBuilders(name, lambda item: request(original(item)), lambda item: request(new(item)), request)


VERBS = {
    "train": Verb(_train_arguments, _train),
    "watch": Verb(_watch_arguments, _watch),
    "synthesize": Verb(_synthesize_arguments, _synthesize),
}
