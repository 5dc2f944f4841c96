"""The trainer `local`: a recipe's method in this process, on a CPU or one GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ...harness.models.base import Model
from ...harness.models.transformers import TransformersModel
from ...harness.types import Json
from ..base import Progress
from ..methods.base import PlayedMethod, StagedMethod
from ..methods.registry import open_method, with_settings
from ..overlap import write_fingerprints
from ..recipe import Recipe
from ..stages import StagedTraining, stage_items
from ..synthesis.preparation import Prepared, prepare
from ..training import TrainingFolder
from .policy_gradient import PolicyGradient
from .record import Recorder
from .stages import LocalFit


def train(recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
    """Train by a recipe from a base checkpoint; write checkpoints, metrics and the end mark under `out`."""
    method = open_method(recipe)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    prepared = prepare(recipe, base, out, lambda checkpoint: TransformersModel(checkpoint, device), progress)
    training = _LocalTraining(with_settings(prepared.recipe, method), prepared, base, out, resume, progress, device)
    if isinstance(method, StagedMethod):
        training.in_stages(method)
    else:
        training.played(method)


@dataclass(frozen=True)
class _LocalTraining:
    recipe: Recipe
    prepared: Prepared
    base: Path
    out: Path
    resume: bool
    progress: Progress
    device: str

    def played(self, method: PlayedMethod) -> None:
        """Play and update, step by step."""
        training = PolicyGradient(self.recipe, method, self.base, self.device)
        steps = self.recipe.policy.steps
        with self._folder(training.recipe, training.assessor.identity()) as folder:
            write_fingerprints(self.out, training.prompts, steps, self.recipe.policy.prompts, self.base)
            recorder = Recorder(folder, training.learner, steps, self.progress)
            for step in range(recorder.restore(), steps):
                metrics = training.step(step)
                due = (step + 1) % self.recipe.checkpoint_every == 0 or step + 1 == steps
                recorder.record(step + 1, metrics, _note(metrics), due=due)
            folder.finish()

    def in_stages(self, method: StagedMethod) -> None:
        """Make and fit, stage by stage."""
        recipe, stages = self.recipe, len(method.stages)
        with self._folder(recipe, {}) as folder:
            write_fingerprints(self.out, stage_items(recipe, method), stages, recipe.collect.prompts, self.base)
            fit = LocalFit(recipe, self.device, stages * recipe.policy.steps)
            StagedTraining(recipe, method, self.base, folder, self._open, fit, self.progress).run()
            folder.finish()

    def _folder(self, recipe: Recipe, identity: Mapping[str, Json]) -> TrainingFolder:
        more = {**identity, **self.prepared.identity}
        return TrainingFolder(self.out, self.prepared.as_given(recipe), self.base, self.resume, more)

    def _open(self, checkpoint: Path) -> Model:
        return TransformersModel(checkpoint, self.device)


def _note(metrics: Mapping[str, float]) -> str:
    shown = {"reward": "reward", "majority_share": "majority"}
    return "  ".join(f"{label} {metrics[name]:.2f}" for name, label in shown.items() if name in metrics)
