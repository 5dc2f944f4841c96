"""A staged method on OpenRLHF: the student on an engine, and each stage's SFT or DPO by OpenRLHF's own entries.

stages/1-NAME/openrlhf/rows.jsonl    the stage's examples, in the order in which they are trained on
stages/1-NAME/openrlhf/...           their pictures, the plan, the events, DeepSpeed's states, the log

The student, which is asked before and between the stages, runs on the training's own GPUs.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from ...harness.engines.base import ENGINES, Engine
from ...harness.engines.ray import open_replicas
from ...harness.errors import UsageError
from ..base import Progress
from ..base_checks import check_trainable
from ..contamination import write_fingerprints
from ..methods.base import Dpo, Stage, StagedMethod
from ..methods.stages import Fitting, StagedTraining, stage_items
from ..recipe import Recipe
from ..recipe_settings import OpenRlhfSettings
from ..synthesis.preparation import prepare
from ..training import TrainingFolder
from .arguments import FOLDER, FitPaths, command, fit_arguments, shown
from .plan import Plan
from .process import ProcessMonitor, started
from .rows import write_rows
from .states import check_loadable, check_states_room, rewind


def open_student(checkpoint: Path, settings: OpenRlhfSettings) -> Engine:
    """The student, on the GPUs that the learner has when the student is done."""
    if settings.student != "vllm":
        return ENGINES.get(settings.student)(str(checkpoint), {})
    options = {
        "tensor_parallel": str(settings.tensor_parallel),
        "gpu_memory_utilization": str(settings.gpu_memory_utilization),
        "enforce_eager": "true" if settings.enforce_eager else "false",
    }
    copies = settings.engines if settings.tensor_parallel == 1 else 1
    address = os.environ.get("RAY_ADDRESS") if copies > 1 else None
    return open_replicas(settings.student, str(checkpoint), options, copies, address)


@dataclass(frozen=True)
class Staged:
    """A recipe with all settings spelled out, and its method."""

    recipe: Recipe
    method: StagedMethod
    settings: OpenRlhfSettings

    @classmethod
    def from_recipe(cls, recipe: Recipe, method: StagedMethod, settings: OpenRlhfSettings) -> Staged:
        """Raises UsageError for settings that cannot be trained with."""
        if settings.nodes > 1:
            raise UsageError("recipe: SFT and DPO train on one node: set openrlhf.nodes = 1")
        batch, part = recipe.policy.prompts // recipe.policy.minibatches, settings.micro_train * settings.gpus
        if batch % part:
            raise UsageError(
                f"recipe: policy.prompts / policy.minibatches is {batch}, and must be a multiple of openrlhf.micro_train x "
                f"gpus, which is {part}"
            )
        recipe = dataclasses.replace(recipe.spelled_out(method=method), openrlhf=settings)
        return cls(recipe, method, settings)

    def train(self, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Go through the stages. Raises UsageError, CheckpointError, DataError, EngineError, StoreError, ..."""
        check_trainable(base)
        _check_gpus(self.settings.gpus)
        prepared = prepare(self.recipe, base, out, self._open, progress)
        recipe, method = prepared.recipe, self.method
        with TrainingFolder(out, prepared.with_given_prompts(recipe), base, resume, prepared.identity) as folder:
            prepared.lengths.write(out)
            write_fingerprints(out, stage_items(recipe, method), len(method.stages), recipe.collect.prompts, base)
            StagedTraining(recipe, method, base, folder, self._open, self._fit, progress).run()
            folder.finish()

    def _open(self, checkpoint: Path) -> Engine:
        return open_student(checkpoint, self.settings)

    def _fit(self, fitting: Fitting, folder: TrainingFolder, progress: Progress) -> None:
        """Train a stage, from its last checkpoint if there is one. The student's engine gives its memory back first."""
        gc.collect()
        torch.cuda.empty_cache()
        recipe, settings = self.recipe, self.settings
        paths = FitPaths(fitting.start.resolve(), (fitting.folder / FOLDER).resolve())
        write_rows(fitting, recipe, paths)
        done = max(0, folder.last_step() - fitting.first)
        rewind(paths.states, paths.weights, done * recipe.policy.minibatches)
        check_loadable(paths.states, settings.gpus, settings.zero_stage)
        every = recipe.checkpoint_every
        to_come = -(-fitting.steps // every) - done // every
        check_states_room(folder.path, recipe.keep, to_come, paths.states, paths.start)
        plan = Plan(
            command=command(fitting.objective),
            arguments=tuple(fit_arguments(recipe, settings, fitting.objective, paths, resume=done > 0)),
            recipe=recipe,
            base=str(paths.start),
            events=str(paths.folder / "events.jsonl"),
            gpus=settings.gpus,
            owner=os.getpid(),
            first=fitting.first,
        )
        ends, total = fitting.first + fitting.steps, len(self.method.stages) * recipe.policy.steps
        with started(paths.folder, plan, os.environ) as process:
            monitor = ProcessMonitor(
                folder, paths.folder, paths.start, ends, total, process, settings.silence, progress
            )
            monitor.to_the_end()
        for rest in (paths.states, paths.last):
            shutil.rmtree(rest, ignore_errors=True)

    def describe(self, base: Path, out: Path) -> str:
        """What each stage asks, and the command line that OpenRLHF would be given; nothing is written or started."""
        return "\n\n".join(self._described(base, out))

    def _described(self, start: Path, out: Path) -> Iterator[str]:
        steps = self.recipe.policy.steps
        for number, stage in enumerate(self.method.stages):
            paths = FitPaths(start, out / "stages" / f"{number + 1}-{stage.name}" / FOLDER)
            words = fit_arguments(self.recipe, self.settings, stage.objective, paths, resume=False)
            yield f"{self._asked(number, stage, start)}\n{shown(command(stage.objective), words)}"
            start = out / "checkpoints" / f"step-{(number + 1) * steps:06d}"

    def _asked(self, number: int, stage: Stage, start: Path) -> str:
        recipe, settings = self.recipe, self.settings
        kind = "DPO" if isinstance(stage.objective, Dpo) else "SFT"
        machine = "1 GPU" if settings.gpus == 1 else f"{settings.gpus} GPUs"
        return (
            f"# stage {number + 1}, {stage.name}: {start} is asked ({settings.student}): {recipe.collect.prompts} prompts of "
            f"{recipe.prompts.suite}, up to {recipe.sampling.n} samples\n"
            f"# at temperature {recipe.sampling.temperature:g} to each; then {kind} on {machine}, "
            f"{recipe.policy.steps} steps of {recipe.policy.prompts} examples"
        )


def _check_gpus(needed: int) -> None:
    if os.environ.get("DS_ACCELERATOR") == "cpu":  # DeepSpeed's own way to choose
        return
    if (available := torch.cuda.device_count()) < needed:
        raise UsageError(f"the recipe needs {needed} GPUs and this machine has {available}: change openrlhf.gpus")
