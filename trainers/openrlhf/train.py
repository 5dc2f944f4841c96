"""The trainer `openrlhf`: policy gradient by a method that plays (`played`), or the SFT and DPO of a staged one (`staged`).

The training directory is that of every trainer (`training`). OpenRLHF runs in processes of its own (`process`).
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from ...harness.errors import MissingExtraError, UsageError, install
from ..base import Progress
from ..methods.base import StagedMethod
from ..methods.registry import open_method
from ..recipe import Recipe
from ..recipe_settings import OpenRlhfSettings
from ..synthesis.preparation import describe_preparation
from .played import PlayedTraining
from .staged import Staged

TESTED = "0.11.2"


class OpenRlhfTrainer:
    """The trainer `openrlhf`."""

    def __call__(self, recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train to the recipe's end. Raises UsageError, MissingExtraError, CheckpointError, EngineError, StoreError, ..."""
        training = _training(recipe)
        _check_installed()
        training.train(base, out, resume, progress)

    def describe(self, recipe: Recipe, base: Path, out: Path) -> str:
        """The command lines that OpenRLHF would be given; nothing is written and nothing is started."""
        described = _training(recipe).describe(base, out)
        return "\n\n".join(filter(None, [describe_preparation(recipe, base), described]))


OPENRLHF = OpenRlhfTrainer()


def _training(recipe: Recipe) -> Staged | PlayedTraining:
    """The training of a recipe. Raises UsageError for what OpenRLHF could not train."""
    if recipe.policy.accumulate != 1:
        raise UsageError("recipe: policy.accumulate is the local trainer's: set openrlhf.micro_train instead")
    method, settings = open_method(recipe), recipe.openrlhf or OpenRlhfSettings()
    if isinstance(method, StagedMethod):
        return Staged.from_recipe(recipe, method, settings)
    return PlayedTraining.from_recipe(recipe, method, settings)


def _check_installed() -> None:
    try:
        version = importlib.metadata.version("openrlhf")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError(f"trainer openrlhf needs OpenRLHF: {install('openrlhf')}") from error
    if version != TESTED:
        raise UsageError(
            f"OpenRLHF {version} is installed, and the hooks are made for {TESTED}: pip install openrlhf=={TESTED}"
        )
