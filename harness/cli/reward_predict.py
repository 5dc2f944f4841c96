"""`proctor reward predict`: what a training by each reward will do to a base, told before it is run."""

from __future__ import annotations

import argparse

from ..errors import EXIT_OK, UsageError
from .options import Verb, add, add_one
from .reward_bench import add_rewards, open_entries, printed


def _arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the rewards, and the recipe that they would train by."""
    add_rewards(parser, "+")
    add_one(parser, "--recipe", default="gym", shown="its steps, prompts and answers count; default: gym")
    add(parser, "--json")


def _predict(args: argparse.Namespace) -> int:
    """A line for each reward."""
    from ...trainers.groups import read_groups
    from ...trainers.recipe import load_recipe
    from ...trainers.rewards.advantages import advantage
    from ...trainers.simulation.predict import Training, predict
    from .terminal import emit_json, progress_bars

    if args.seed < 0:
        raise UsageError(f"--seed must be 0 or more, not {args.seed}")
    training = Training.of(load_recipe(args.recipe))
    weigh = advantage(args.advantage, args.advantage_beta)
    entries = open_entries(args.rewards, args.changes, args.rewards[0].partition("=")[0])
    groups = [one for run in args.groups for one in read_groups(run, args.answer_format)]
    found = {}
    with progress_bars() as bars:
        task = bars.add_task("predict", total=len(entries), note="")
        for one in entries:
            found[one.label] = predict(groups, one.reward, weigh, training, args.seed)
            bars.update(task, advance=1)
    if args.json:
        emit_json([{"reward": label, **prediction.to_json()} for label, prediction in found.items()])
        return EXIT_OK
    for label, prediction in found.items():
        print(f"{printed(label)} {prediction}")
    return EXIT_OK


VERBS = {
    "reward predict": Verb(
        _arguments,
        _predict,
        (
            "proctor reward predict majority_vote --groups groups",
            "proctor reward predict majority_vote mine.py:score --groups groups --recipe mine.toml",
        ),
    ),
}
