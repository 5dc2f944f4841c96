"""A training's checkpoints are asked as the training asks, unless the command says otherwise."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from ..errors import UsageError


def ask_as_trained(args: argparse.Namespace, training: Path) -> str | None:
    """Set protocol, profile, length and pixels that the command leaves open as the recipe has them.

    Returns what was set as options, with which the base is asked the same; None if the folder is of no training. Raises
    DataError for a damaged one, UsageError for a profile of a file that is gone, and for a protocol of a file: what is stored
    names no code.
    """
    from ...trainers.provenance import recipe_of
    from ..profiles import PromptStyle, load_profile
    from ..user_file import in_file

    if (recipe := recipe_of(training)) is None:
        return None
    if "protocol" not in args.given and in_file(recipe.protocol):
        raise UsageError(
            f"{training} was trained with a protocol of a file, {recipe.protocol!r:.200}, which is not executed unless you "
            "name it: --protocol FILE.py:NAME"
        )
    style = load_profile(recipe.model).style
    wanted = {
        "protocol": recipe.protocol,
        "profile": None if style == PromptStyle(style.name) else recipe.model,
        "max_tokens": recipe.sampling.max_tokens,
        "min_pixels": recipe.prompts.min_pixels,
        "max_pixels": recipe.prompts.max_pixels,
    }
    changed = {name: value for name, value in wanted.items() if value is not None and name not in args.given}
    vars(args).update(changed)
    return shlex.join(f"--{name.replace('_', '-')}={value}" for name, value in changed.items())
