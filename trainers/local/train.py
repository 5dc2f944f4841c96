"""The trainer `local`: a recipe's method in this process, on a CPU or one GPU.

A played method is updated step by step; a staged one makes data and is fitted to them by SFT or DPO, stage by stage. After
each step metrics are written, and a checkpoint when one is due.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...harness.engines.base import Engine
from ...harness.engines.transformers import TransformersEngine, TransformersOptions
from ...harness.errors import DivergedError, UsageError
from ...harness.types import Json
from ..base import Progress
from ..base_checks import check_trainable
from ..contamination import write_fingerprints
from ..held_out_changes import GUARD
from ..keeping import check_room_for_all, stored_bytes
from ..methods.base import Dpo, Method, PlayedMethod, StagedMethod
from ..methods.registry import open_method
from ..methods.stages import Fitting, StagedTraining, stage_items
from ..recipe import Recipe
from ..rewards.registry import open_reward
from ..synthesis.preparation import Prepared, prepare
from ..tokens import needed, refuse_lacking
from ..training import TrainingFolder
from .guarding import Guard
from .learner import Learner, Loss
from .losses import DpoLoss, SftLoss
from .policy_gradient import PolicyGradient


@dataclass(frozen=True)
class Recorder:
    """Writes the steps of a learner into a training's folder; `last` is the step that the training ends with."""

    folder: TrainingFolder
    learner: Learner[Any]
    last: int
    progress: Progress

    def restore(self, first: int = 0) -> int:
        """Go on from the last checkpoint if it is after step `first`; returns how many steps after that it is."""
        checkpoint = self.folder.last_checkpoint()
        if checkpoint is None or checkpoint.step <= first:
            return 0
        self.learner.restore(checkpoint.path, checkpoint.state())
        return checkpoint.step - first

    def record(self, step: int, metrics: Mapping[str, float], note: str, *, due: bool) -> None:
        """Keep a step, counted from 1, and a checkpoint if it is `due`. Raises DivergedError for what is not finite."""
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(
                f"{self.folder.path}: {unfit[0]} is not finite at step {step}: lower optimiser.learning_rate"
            )
        self.folder.record(step, metrics)
        if due:
            self.folder.save_checkpoint(step, self.learner.opened.checkpoint(), self.learner.state())
        self.progress(step, self.last, note)


@dataclass(frozen=True)
class LocalFit:
    """Trains stages of a recipe on `device`; `last` is the step that the whole training ends with."""

    recipe: Recipe
    device: str
    last: int

    def __call__(self, fitting: Fitting, folder: TrainingFolder, progress: Progress) -> None:
        """Steps of policy.prompts examples each, in policy.minibatches updates."""
        learner: Learner[Any] = Learner(self.recipe, fitting.start, self.device)
        loss = self._loss(fitting, learner)
        recorder = Recorder(folder, learner, self.last, progress)
        done, every = recorder.restore(fitting.first), self.recipe.checkpoint_every
        to_come = -(-fitting.steps // every) - done // every
        each = stored_bytes(fitting.start) + learner.state_bytes
        check_room_for_all(folder.path, self.recipe.keep, to_come, each)
        for step in range(done, fitting.steps):
            metrics = learner.step(step, self._updates(fitting, step), loss)
            due = (step + 1) % self.recipe.checkpoint_every == 0 or step + 1 == fitting.steps
            recorder.record(fitting.first + step + 1, metrics, f"{fitting.name}: loss {metrics['loss']:.3f}", due=due)

    def _updates(self, fitting: Fitting, step: int) -> list[list[Any]]:
        """The examples or pairs of each update of a step."""
        size = self.recipe.policy.prompts
        batch: list[Any] = fitting.batch(fitting.data, step, size, self.recipe.seed)
        share = size // self.recipe.policy.minibatches
        return [batch[start : start + share] for start in range(0, size, share)]

    def _loss(self, fitting: Fitting, learner: Learner[Any]) -> Loss[Any]:
        """The objective's; for DPO the learner, which must be untrained, is asked about all pairs to come."""
        if not isinstance(fitting.objective, Dpo):
            return SftLoss(learner.policy)
        loss = DpoLoss(learner.policy, fitting.objective)
        for step in range(fitting.steps):
            for update in self._updates(fitting, step):
                for parts in learner.passes(update, loss):
                    loss.remember(parts)
        return loss


class LocalTrainer:
    """Train by a recipe from a base checkpoint; write checkpoints, metrics and the end mark under `out`."""

    def __call__(self, recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train to the recipe's end."""
        method = open_method(recipe)
        check_rollouts(recipe, method)
        check_trainable(base)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        options = TransformersOptions(device)
        prepared = prepare(recipe, base, out, lambda checkpoint: TransformersEngine(checkpoint, options), progress)
        training = _LocalTraining(
            prepared.recipe.spelled_out(method=method), prepared, base, out, resume, progress, device
        )
        if isinstance(method, StagedMethod):
            if recipe.guard is not None:
                raise UsageError(f"[guard] is for methods that draw at every step, and {recipe.method} has stages")
            training.in_stages(method)
        else:
            training.played(method)

    def describe_memory(self, recipe: Recipe, base: Path) -> str:
        """What it would need of a device's memory, for a base that need not be here."""
        from .memory_plan import describe_memory  # noqa: PLC0415 - for dry runs alone

        return describe_memory(recipe, base)


train = LocalTrainer()


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
        training = PolicyGradient(self.recipe, method, self.base, self.device, self.out)
        steps = self.recipe.policy.steps
        with self._folder(training.recipe, training.identity()) as folder, closing(training):
            self.prepared.lengths.write(self.out)
            write_fingerprints(
                self.out, training.prompts, steps, self.recipe.policy.prompts, self.base, anew=folder.extended
            )
            recorder = Recorder(folder, training.learner, steps, self.progress)
            done, every = recorder.restore(), self.recipe.checkpoint_every
            each = stored_bytes(self.base) + training.learner.state_bytes
            guard, to_come = Guard(training, folder, done), -(-steps // every) - done // every
            check_room_for_all(self.out, self.recipe.keep, to_come, each, guarded=self.recipe.guard is not None)
            if done < steps and not guard.stops:
                folder.reopen()
            for step in range(done + 1, steps + 1):
                if guard.stops:
                    break
                metrics = {**training.step(step - 1), **guard.check(step)}
                due = step % every == 0 or step == steps or guard.stops
                recorder.record(step, metrics, guard.said(step) or _note(metrics), due=due)
            folder.finish(ended_by=GUARD if guard.stops else None)

    def in_stages(self, method: StagedMethod) -> None:
        """Make and fit, stage by stage."""
        recipe, stages = self.recipe, len(method.stages)
        with self._folder(recipe, {}) as folder:
            self.prepared.lengths.write(self.out)
            write_fingerprints(self.out, stage_items(recipe, method), stages, recipe.collect.prompts, self.base)
            fit = LocalFit(recipe, self.device, stages * recipe.policy.steps)
            StagedTraining(recipe, method, self.base, folder, self._open, fit, self.progress).run()
            folder.finish()

    def _folder(self, recipe: Recipe, identity: Mapping[str, Json]) -> TrainingFolder:
        more = {**identity, **self.prepared.identity}
        return TrainingFolder(self.out, self.prepared.with_given_prompts(recipe), self.base, self.resume, more)

    def _open(self, checkpoint: Path) -> Engine:
        return TransformersEngine(checkpoint, TransformersOptions(self.device))


def check_rollouts(recipe: Recipe, method: Method) -> None:
    """Raise UsageError for rollouts that vLLM cannot draw, MissingExtraError where it is not installed."""
    if not recipe.drawn_by_vllm:
        return
    if isinstance(method, StagedMethod):
        raise UsageError(f"[rollouts] is for methods that draw at every step, and {recipe.method} has stages")
    wanted = needed(open_reward(recipe.reward, recipe.reward_settings))
    if "entropies" in wanted:
        how = 'vLLM does not give: leave out rollouts.engine = "vllm"'
        refuse_lacking(recipe.reward, [wanted["entropies"]], how)
    from . import vllm_rollouts  # noqa: F401, PLC0415 - looks whether vLLM is there


def _note(metrics: Mapping[str, float]) -> str:
    names = {"reward": "reward", "majority_share": "majority"}
    return "  ".join(f"{label} {metrics[name]:.2f}" for name, label in names.items() if name in metrics)
