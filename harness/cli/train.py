"""`proctor train`, `watch`, `synthesize`: train by a recipe, examine its checkpoints, have a model write what to train on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, UsageError
from .named_models import open_engine, open_profile, sampling
from .named_suites import data_of, suite_names
from .options import ENGINE, RUNS, Verb, add, add_one, add_questions, add_sampling, add_style, offer_names

if TYPE_CHECKING:
    from threading import Event

    from ...trainers.experiments.folder import Training
    from ...trainers.recipe_settings import SynthesisSettings
    from ...trainers.synthesis.run import PromptBuilders
    from ..runs.evaluate import Examination


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    """Recipe, base, output."""
    add(parser, "recipe", "--base")
    add_one(parser, "--out", required=True)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
    add_one(parser, "--seed", default=None, shown="default: the recipe's")
    reward = parser.add_argument(
        "--reward",
        metavar="REWARD",
        help="the reward: a name, or FILE.py:FUNCTION, which is executed (default: the recipe's)",
    )
    offer_names(reward, "rewards")
    add_one(parser, "--set", shown="e.g. policy.steps=10")
    add(parser, "--follow-links", "--dry-run", "--json")


def _train(args: argparse.Namespace) -> int:
    """Train to the end."""
    from ...trainers.guard import stored_alarm
    from ...trainers.lengths import left_out_of
    from ...trainers.recipe import load_recipe
    from ...trainers.resolve import base_name, base_of, resolve
    from ...trainers.rewards.registry import TRAINERS
    from .terminal import emit_json, log, progress_bars

    reward = [] if args.reward is None else [f"reward={args.reward}"]
    seed = [] if args.seed is None else [f"seed={args.seed}"]
    recipe = load_recipe(args.recipe, [*reward, *args.changes, *seed])
    base = None if args.dry_run else base_of(recipe, args.base)  # before the seconds that a trainer takes to load
    train = TRAINERS.load(recipe.trainer)
    if base is None:
        describe = getattr(train, "describe", None)
        recipe, base = resolve(recipe), base_name(recipe, args.base)
        print(describe(recipe, base, args.out) if describe else json.dumps(recipe.to_json(), indent=1))
        if (describe_memory := getattr(train, "describe_memory", None)) is not None:
            log(describe_memory(recipe, base))
        return EXIT_OK
    if args.resume and not (args.out / "training.json").exists():
        log(f"{args.out} holds no training yet: it begins")
    with progress_bars() as bars:
        task = bars.add_task(f"train {recipe.name}", total=None, note="")

        def show(done: int, total: int, note: str) -> None:
            bars.update(task, completed=done, total=total, note=note)

        train(recipe, base, args.out, args.resume, show)
    if (said := left_out_of(args.out)) is not None:
        log(said)
    if (alarm := stored_alarm(args.out)) is not None:
        log(str(alarm))
    if args.json:
        alarmed = {} if alarm is None else {"alarm": alarm.to_json()}
        emit_json({"training": str(args.out), "recipe": recipe.to_json(), **alarmed})
    else:
        log(
            f"checkpoints: {args.out / 'checkpoints'}; examine them with: "
            f"proctor watch {args.out} --suite {recipe.prompts.suite} --once"
        )
    return EXIT_CHECK_FAILED if alarm is not None and alarm.stopped else EXIT_OK


def train_to_end(training: Training, base: Path, note: str) -> None:
    """Train to the end, with a bar called `note`, unless that is done or the training failed; tell what its guard says."""
    from ...trainers.guard import stored_alarm
    from .terminal import log, progress_bars

    if training.failure() is None and training.final_checkpoint() is None:
        with progress_bars() as bars:
            task = bars.add_task(note.replace("[", r"\["), total=training.recipe.policy.steps, note="")
            training.train(base, lambda done, total, words: bars.update(task, completed=done, total=total, note=words))
        if (alarm := stored_alarm(training.folder)) is not None:
            log(f"{note}: {alarm}")


def _watch_arguments(parser: argparse.ArgumentParser) -> None:
    """Folder, suites, sampling, and when to stop."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a training directory, or any folder of checkpoints"
    )
    add_questions(parser)
    add_style(parser)
    add_one(parser, "--out", default=RUNS)
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="examine what is there, then stop")
    until.add_argument("--until-finished", action="store_true", help="stop when the training has ended")
    add(parser, *ENGINE)
    add_sampling(parser)


def _watch(args: argparse.Namespace) -> int:
    """Watch until told to stop; exit code 3 if a checkpoint could not be examined."""
    from ...trainers.experiments.watch import Watcher
    from ...trainers.guard import stored_alarm
    from ..runs.checkpoints import find_checkpoints
    from ..runs.evaluate import stop_signals
    from .asked_as_trained import ask_as_trained
    from .checkpoint_scores import CheckpointScores
    from .eval import plan_suites
    from .terminal import log, log_stopping

    if args.folder.exists() and not args.folder.is_dir():
        raise UsageError(f"{args.folder} is a file: name a training directory or a folder of checkpoints")
    if args.once and not find_checkpoints(args.folder):
        itself = (args.folder / "config.json").is_file()
        hint = "it is a checkpoint itself: use `proctor eval`" if itself else "name the folder that holds them"
        raise UsageError(f"no checkpoints in {args.folder}: {hint}")

    def planned() -> list[Examination]:
        profile = open_profile(args)
        return plan_suites(args, suite_names(args), sampling(args, profile), profile, demanded=True)

    asked = ask_as_trained(args, args.folder)
    plans = planned()  # what is wrong with the command is told before anything is waited for
    scores = CheckpointScores(args.folder, args.out)
    with stop_signals(log_stopping) as stop:
        if not find_checkpoints(args.folder):
            log(f"no checkpoints in {args.folder} yet: waiting for them; Ctrl-C stops")
        if asked is None and _is_begun(args.folder, stop):
            asked = ask_as_trained(args, args.folder)
            plans = planned() if asked else plans
        if asked:
            log(f"asking as the training does; to compare, ask its base with: {asked}")
        watcher = Watcher(args.folder, args.out, plans, lambda path: open_engine(args, str(path)), log, scores.lines)
        watcher.follow(stop, until_idle=args.once, until_finished=args.until_finished)
        if (alarm := stored_alarm(args.folder)) is not None:
            log(str(alarm))
        if stop.is_set():
            return EXIT_INTERRUPTED
    if not watcher.examined() and not watcher.problems:
        log(f"{args.folder}: the training ended without a checkpoint")
        return EXIT_INCOMPLETE
    return EXIT_INCOMPLETE if watcher.problems else EXIT_OK


def _is_begun(folder: Path, stop: Event) -> bool:
    """Wait for a training or a checkpoint in the folder; False if `stop` was set before."""
    from ..runs.checkpoints import find_checkpoints

    while not (folder / "training.json").is_file() and not find_checkpoints(folder):
        if stop.wait(1.0):
            return False
    return True


FLAGS = {"how": "how", "limit": "images", "per_image": "per_image", "samples": "samples", "temperature": "temperature"}
"""Options that are settings, and the settings' names."""


def _synthesize_arguments(parser: argparse.ArgumentParser) -> None:
    """Source, model, settings, and where it goes."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder of pictures, or a set by name: geometry3k, geoqa, mmr1, figures, or a suite",
    )
    parser.add_argument(
        "--how",
        required=True,
        choices=("direct", "in_context"),
        help="what a question is written on: direct is the picture alone, in_context also the set's own question",
    )
    add_one(parser, "--model", required=True)
    add_one(parser, "--out", required=True)
    add_one(parser, "--data", shown="default: the hub, or a suite's bundled sample")
    add(parser, "--follow-links", "--lock", "--protocol", "--limit")
    add_style(parser)
    parser.add_argument(
        "--per-image", type=int, metavar="K", help="questions drawn for each item or picture (default 1)"
    )
    add_one(parser, "--samples", default=None, shown="default 5")
    add_one(parser, "--temperature", shown="default 0.7")
    add(parser, "--seed")
    add_one(parser, "--set", shown="e.g. agreed=0.5; see docs/synthesis.md")
    add(parser, *ENGINE, "--json")


def _synthesize(args: argparse.Namespace) -> int:
    """Synthesize, or go on; say what became of the replies."""
    from ...trainers.synthesis.run import Author, Synthesis, open_source
    from ...trainers.synthesis.selection import RULES
    from .terminal import emit_json, progress_bars, show_table

    settings = _synthesis_settings(args)
    builders = _prompt_builders(args)
    source = open_source(args.source, data_of(args, [args.source])[args.source], settings.images, args.seed, args.lock)
    model = open_engine(args, args.model)
    with progress_bars() as bars:
        task = bars.add_task(f"{model.name}: synthesize", total=None, note="")

        def progress(done: int, total: int, name: str) -> None:
            bars.update(task, completed=done, total=total, note=name)

        author = Author(model.identity(), lambda: model)
        found = Synthesis(source, settings, author, builders, args.seed, progress).run(args.out)
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

    given = {name: getattr(args, option) for option, name in FLAGS.items() if getattr(args, option) is not None}
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
    "train": Verb(
        _train_arguments,
        _train,
        (
            "proctor train mm_upt_figures --out training",
            "proctor train mm_upt_figures --out training --resume",
            "proctor train mm_upt_figures --out control --set reward=random",
        ),
    ),
    "watch": Verb(
        _watch_arguments,
        _watch,
        (
            "proctor watch training --suite figures --until-finished",
            "proctor watch training --suite figures,mathvision --data mathvision=items.jsonl --once",
        ),
    ),
    "synthesize": Verb(
        _synthesize_arguments,
        _synthesize,
        (
            "proctor synthesize pictures --how direct --model DIR --out questions",
            "proctor synthesize geometry3k --how in_context --model DIR --out questions --limit 100",
        ),
    ),
}
