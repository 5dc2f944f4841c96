"""Runs a staged method from its first stage to its last, on any trainer: ask the student, make data of its answers, train.

A stage ends with a checkpoint, and the next stage asks that. The data are written to `made.jsonl` for people; an interrupted
training makes them again from the stored answers, with the same result. A stage with too few examples ends the training and
says what was missing; nothing that was stored is lost.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ...harness.engines.base import Engine
from ...harness.errors import DataError
from ...harness.files import write_atomic
from ...harness.jsonl import json_line
from ...harness.types import Image, Item, Json, Prompt, canonical_json, sample_seed
from ..base import Progress
from ..recipe import Recipe
from ..sampler import Batches, asking, training_prompts, unlabelled
from ..training import TrainingFolder
from .base import Dpo, Example, Preference, Sft, Stage, StagedMethod, StageInput, StageOutput
from .student import StoredStudent

T = TypeVar("T")


@dataclass(frozen=True)
class Fitting:
    """One stage's training: from checkpoint `start`, on `data`, by `objective`, in steps `first`+1 to `first`+`steps`.

    `folder` is the stage's own.
    """

    name: str
    objective: Sft | Dpo
    start: Path
    data: Sequence[Example] | Sequence[Preference]
    first: int
    steps: int
    folder: Path

    def batch(self, parts: Sequence[T], step: int, size: int, seed: int) -> list[T]:
        """The `size` parts of a step of this stage (from 0): all in a random order, then all again in another one."""
        places = (divmod(place, len(parts)) for place in range(step * size, (step + 1) * size))
        return [parts[_order(seed, self.first, epoch, len(parts))[index]] for epoch, index in places]


class Fit(Protocol):
    """A backend's part: train a stage, and leave its checkpoints in the training's folder, the last step's among them."""

    def __call__(self, fitting: Fitting, folder: TrainingFolder, progress: Progress) -> None:
        """Train, from the last checkpoint within the stage if there is one."""
        ...


def _order(seed: int, first: int, epoch: int, size: int) -> list[int]:
    return random.Random(f"{seed} {first} {epoch}").sample(range(size), size)  # noqa: S311 - reproducible, not secret


def stage_items(recipe: Recipe, method: StagedMethod) -> Batches:
    """The recipe's items by stage (stage, size); with labels only for a method that declares that it needs them."""
    batches = training_prompts(recipe.prompts, recipe.seed, labels=method.needs_gold)

    def items(stage: int, size: int) -> list[Item]:
        batch = batches(stage, size)
        return batch if method.needs_gold else [unlabelled(item) for item in batch]

    return items


@dataclass(frozen=True)
class StagedTraining:
    """A recipe's stages, from checkpoint `base` on, in the training directory that is open.

    `open_model` opens a checkpoint to ask it, `fit` trains on what was made.
    """

    recipe: Recipe
    method: StagedMethod
    base: Path
    folder: TrainingFolder
    open_model: Callable[[Path], Engine]
    fit: Fit
    progress: Progress

    def run(self) -> None:
        """Go through the stages that are not done yet.

        Raises DataError for a stage that makes too little, IncompleteRunError for one whose answers cannot all be had.
        """
        steps = self.recipe.policy.steps
        items = stage_items(self.recipe, self.method)
        for number, stage in enumerate(self.method.stages):
            first = number * steps
            if self.folder.last_step() >= first + steps:
                continue
            start = self.folder.checkpoint_path(first) if number else self.base
            own = self.folder.path / "stages" / f"{number + 1}-{stage.name}"
            output = self._make(stage, self._stage_input(stage, number, items, own, start), own)
            self.fit(Fitting(stage.name, stage.objective, start, output, first, steps, own), self.folder, self.progress)

    def _stage_input(self, stage: Stage, number: int, items: Batches, own: Path, start: Path) -> StageInput:
        recipe = self.recipe
        last = len(self.method.stages) * recipe.policy.steps

        def on_progress(done: int, total: int, name: str) -> None:
            self.progress(number * recipe.policy.steps, last, f"{stage.name}: {name}, {done} of {total} answers")

        return StageInput(
            number=number,
            items=_distinct(items(number, recipe.collect.prompts)),
            prompt=asking(recipe),
            sampling=dataclasses.replace(recipe.sampling, seed=sample_seed(recipe.seed, stage.name, number) >> 1),
            student=StoredStudent(
                recipe.prompts.suite, own / "asked", lambda: self.open_model(start), on_progress, recipe.prompts.shown
            ),
            answer_format=recipe.answer_format,
            judge_prompt=recipe.judge.prompt if recipe.judge else "full",
        )

    def _make(self, stage: Stage, stage_input: StageInput, own: Path) -> Sequence[Example] | Sequence[Preference]:
        """Ask and make, and keep what was made. Raises DataError if it is too little."""
        output = stage.make(stage_input)
        shown = self.recipe.prompts.shown
        data: Any = [dataclasses.replace(part, prompt=shown(part.prompt)) for part in output.data]
        output = dataclasses.replace(output, data=data)
        if len(output.data) < self.recipe.collect.least:
            raise DataError(_too_little(output, stage, stage_input.number, self.recipe.collect.least))
        write_atomic(own / "made.jsonl", map(json_line, map(_record, output.data)))
        counts = {**output.counts, "made": len(output.data)}
        write_atomic(own / "counts.json", (canonical_json(counts) + "\n").encode())
        return output.data


def _distinct(items: Sequence[Item]) -> list[Item]:
    """The items without repeats: a set smaller than collect.prompts is asked once."""
    return list({item.id: item for item in items}.values())


def _too_little(output: StageOutput, stage: Stage, number: int, least: int) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in output.counts.items())
    return (
        f"stage {number + 1} ({stage.name}) made {len(output.data)} examples, fewer than collect.least = {least}: {counts}; "
        f"needed: {output.needed}"
    )


def _record(part: Example | Preference) -> Json:
    fields = {part_field.name: getattr(part, part_field.name) for part_field in dataclasses.fields(part)}
    return {**fields, "prompt": _prompt(part.prompt)}


def _prompt(prompt: Prompt) -> Json:
    parts = [part.to_json() if isinstance(part, Image) else part for part in prompt.parts]
    return {"parts": parts, "system": prompt.system, **prompt.rendering_json}
