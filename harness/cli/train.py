"""`proctor train`: train a model by a recipe."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..errors import EXIT_OK
from .options import add_changes, add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
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


def run(args: argparse.Namespace) -> int:
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
