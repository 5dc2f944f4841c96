"""A staged method from its first stage to its last, whoever trains: ask the student, make data of its answers, train on it.

A stage ends with a checkpoint, and the next one asks that. What was made is kept in `made.jsonl` for people; an interrupted
training makes it again of the stored answers, which gives the same. A stage that makes too little ends the training, with
what was found and what is needed; nothing that was stored is lost.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

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
    """One stage's training: from checkpoint `start`, on `made`, by `objective`, in steps `first`+1 to `first`+`steps`.

    `folder` is the stage's own.
    """

    name: str
    objective: Sft | Dpo
    start: Path
    made: Sequence[Example] | Sequence[Preference]
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
        found = batches(stage, size)
        return found if method.needs_gold else [unlabelled(item) for item in found]

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
            made = self._make(stage, self._lesson(stage, number, items, own, start), own)
            self.fit(Fitting(stage.name, stage.objective, start, made, first, steps, own), self.folder, self.progress)

    def _lesson(self, stage: Stage, number: int, items: Batches, own: Path, start: Path) -> StageInput:
        recipe = self.recipe
        last = len(self.method.stages) * recipe.policy.steps

        def tell(done: int, total: int, name: str) -> None:
            self.progress(number * recipe.policy.steps, last, f"{stage.name}: {name}, {done} of {total} answers")

        return StageInput(
            number=number,
            items=_distinct(items(number, recipe.collect.prompts)),
            prompt=asking(recipe),
            sampling=dataclasses.replace(recipe.sampling, seed=sample_seed(recipe.seed, stage.name, number) >> 1),
            student=StoredStudent(recipe.prompts.suite, own / "asked", lambda: self.open_model(start), tell),
            answer_format=recipe.answer_format,
            judge_prompt=recipe.judge.prompt if recipe.judge else "full",
        )

    def _make(self, stage: Stage, stage_input: StageInput, own: Path) -> Sequence[Example] | Sequence[Preference]:
        """Ask and make, and keep what was made. Raises DataError if it is too little."""
        found = stage.make(stage_input)
        if len(found.made) < self.recipe.collect.least:
            raise DataError(_too_little(found, stage, stage_input.number, self.recipe.collect.least))
        write_atomic(own / "made.jsonl", map(json_line, map(_record, found.made)))
        counts = {**found.counts, "made": len(found.made)}
        write_atomic(own / "counts.json", (canonical_json(counts) + "\n").encode())
        return found.made


def _distinct(items: Sequence[Item]) -> list[Item]:
    """The items without repeats: a set smaller than collect.prompts is asked once."""
    return list({item.id: item for item in items}.values())


def _too_little(found: StageOutput, stage: Stage, number: int, least: int) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    return (
        f"stage {number + 1} ({stage.name}) made {len(found.made)} examples, fewer than collect.least = {least}: {counts}; "
        f"needed: {found.needed}"
    )


def _record(part: Example | Preference) -> Json:
    fields = {one.name: getattr(part, one.name) for one in dataclasses.fields(part)}
    return {**fields, "prompt": _prompt(part.prompt)}


def _prompt(prompt: Prompt) -> Json:
    parts = [part.to_json() if isinstance(part, Image) else part for part in prompt.parts]
    return {"parts": parts, "system": prompt.system}
