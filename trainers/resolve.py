"""Resolves a recipe: every default spelled out, every name looked up, and the base checkpoint found where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..benchmarks.protocols.registry import PROTOCOLS
from ..benchmarks.registry import SUITES
from ..harness.answers.formats import FORMATS
from ..harness.errors import UsageError
from ..harness.profiles import load_profile
from ..harness.registry import Registry
from ..harness.runs.hub_checkpoint import find_checkpoint
from ..harness.types import Json
from .methods.base import StagedMethod
from .methods.registry import METHODS, open_method
from .recipe import Recipe
from .rewards.advantages import ADVANTAGES, advantage
from .rewards.registry import REWARDS, TRAINERS, open_reward
from .sampler import asking
from .text_file import SUFFIX, text_sha256
from .tiny import BUNDLED, or_bundled


def resolve(recipe: Recipe) -> Recipe:
    """Every setting of its method, and, where a reward can be read, of that and its judge, as a training stores them.

    A reward's own file is executed. Raises UsageError for a method, reward, advantage, suite, protocol, model or setting that
    does not exist.
    """
    advantage(recipe.advantage, recipe.advantage_beta)
    FORMATS.load(recipe.answer_format)
    asking(recipe)
    method, reward = open_method(recipe), open_reward(recipe.reward, recipe.reward_settings)
    return recipe.spelled_out(method=method, reward=None if isinstance(method, StagedMethod) else reward)


def recipe_files(recipe: Recipe) -> dict[str, Json]:
    """The digests of the Python and text files that a recipe names: of what they hold a resume must find nothing changed.

    Like {"reward_file": {"sha256": ...}}; empty for a recipe that names none. Files that were not yet executed are.
    """
    named: Mapping[str, tuple[Registry[Any], str]] = {
        "trainer": (TRAINERS, recipe.trainer),
        "method": (METHODS, recipe.method),
        "suite": (SUITES, recipe.prompts.suite),
        "protocol": (PROTOCOLS, recipe.protocol),
        "answer_format": (FORMATS, recipe.answer_format),
        "reward": (REWARDS, recipe.reward),
        "advantage": (ADVANTAGES, recipe.advantage),
    }
    texts = {"template": recipe.prompts.template}
    judges = {"judge": recipe.judge, "guard_judge": recipe.guard.judge if recipe.guard else None}
    for name, judge in judges.items():
        if judge is not None:
            texts |= {f"{name}_prompt": judge.prompt, f"{name}_system": judge.system}
    digests = {name: registry.file_sha256(text) for name, (registry, text) in named.items()}
    digests |= {name: text_sha256(text) for name, text in texts.items() if text is not None and text.endswith(SUFFIX)}
    return {f"{name}_file": {"sha256": sha256} for name, sha256 in digests.items() if sha256}


def base_of(recipe: Recipe, named: Path | None = None) -> Path:
    """The checkpoint that is named by its folder, as bundled or as on the hub, or the bundled one of the recipe's model.

    Raises UsageError that says how to get any other model, CheckpointError for one that cannot be had.
    """
    if named is not None:
        return find_checkpoint(or_bundled(str(named)))
    if recipe.model in BUNDLED:
        return BUNDLED[recipe.model]
    profile = load_profile(recipe.model)
    folder = profile.hub.rpartition("/")[2] or "FOLDER"
    get = f"hf download {profile.hub} --local-dir {folder}, then " if profile.hub else ""
    raise UsageError(f"recipe {recipe.name} is for {profile.title}, which is not bundled: {get}--base {folder}")


def base_name(recipe: Recipe, named: Path | None = None) -> Path:
    """The same for a dry run: what is named, there or not, else the folder that a model of the hub would be fetched to."""
    if named is not None:
        return named
    if recipe.model not in BUNDLED:
        profile = load_profile(recipe.model)
        return Path(profile.hub.rpartition("/")[2] or profile.title)
    return base_of(recipe)
