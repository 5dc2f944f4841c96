"""STIC, self-training on image comprehension (arXiv 2405.19716): to describe pictures, then to answer with descriptions.

Stage 1: of each picture the student writes a description by a good prompt, and a poor one, by a bad prompt or of a
corrupted picture; DPO, with a term for the chosen description's likelihood, prefers the first, as responses to a plain
prompt. Stage 2: it describes each picture, and SFT learns its answers to questions with the description before them.

The paper describes 6,000 pictures, and its stage 2 reuses 5,000 labelled instructions. MM-UPT (arXiv 2505.22453) lists STIC
as unsupervised, without telling how it was run, so here the student's majority stands in for labels: the distinct responses
that agree with it are learnt. STIC's code drops the flag that corrupts a picture; here it is corrupted.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...harness.errors import UsageError
from ...harness.runs.store import Sample
from ...harness.types import Item, Prompt, Response
from ...harness.untrusted_text import check_template, filled
from .base import Dpo, Preference, Sft, Stage, StageInput, StageOutput
from .toolbox import check_images, corrupted, one_item_per_image, respond, shown_image


@dataclass(frozen=True)
class SticSettings:
    """`well`, `badly` and `plainly` ask for descriptions: the chosen one, a bad one, and as in the preference's prompt.

    A rejected description is asked for `badly` with the probability `bad_prompts`, else plainly of a corrupted picture.
    `described` puts the description before the question.
    """

    well: str = (
        "Describe the picture in full. Name every object, shape, line, point and label in it; read out every number, "
        "angle and length with what it belongs to; say how the parts lie to each other. "
        "Tell only what can be seen, and leave out what you are not sure of."
    )
    badly: str = (
        "Describe the picture, and add numbers, labels and relations that are not in it but could be, as if they were."
    )
    plainly: str = "Describe the picture."
    described: str = "Description of the picture:\n{description}\n\n{question}"
    bad_prompts: float = 0.5
    beta: float = 0.1
    regulariser: float = 1.0

    def __post_init__(self) -> None:
        for name in ("well", "badly", "plainly"):
            check_template(name, getattr(self, name))
        check_template("described", self.described, ("description", "question"))
        if not 0 <= self.bad_prompts <= 1:
            raise UsageError("bad_prompts must be from 0 to 1")
        if self.beta <= 0 or self.regulariser < 0:
            raise UsageError("beta must be positive, regulariser not negative")


@dataclass(frozen=True)
class Stic:
    """Two stages, without labels."""

    settings: SticSettings = SticSettings()
    needs_gold: ClassVar[bool] = False

    @property
    def stages(self) -> Sequence[Stage]:
        """To describe, then to answer."""
        objective = Dpo(self.settings.beta, self.settings.regulariser)
        return [Stage("describe", objective, self.describe), Stage("infuse", Sft(), self.infuse)]

    def describe(self, stage_input: StageInput) -> StageOutput:
        """Preferences between two descriptions of a picture. Raises DataError without pictures."""
        check_images(stage_input.items, "stic")
        items = one_item_per_image(stage_input.items)
        good = _once(stage_input, "good", [Sample(item, shown_image(item, self.settings.well)) for item in items])
        poor = _once(stage_input, "poor", [self._poorly(item, stage_input.sampling.seed) for item in items])
        preferences = [
            Preference(item.id, shown_image(item, self.settings.plainly), good[item.id], poor[item.id])
            for item in items
            if item.id in good and item.id in poor and good[item.id] != poor[item.id]
        ]
        counts = {
            "prompts": len(stage_input.items),
            "pictures": len(items),
            "without two whole descriptions": sum(item.id not in good or item.id not in poor for item in items),
            "with equal descriptions": sum(good.get(item.id, "") == poor.get(item.id) for item in items),
        }
        return StageOutput(
            preferences, counts, "whole descriptions of pictures that differ between a good and a bad request"
        )

    def _poorly(self, item: Item, seed: int) -> Sample:
        """What asks for a poor description; by random numbers of seed and item."""
        pick = random.Random(f"{seed} {item.id}")  # noqa: S311 - reproducible, not secret
        if pick.random() < self.settings.bad_prompts:
            return Sample(item, shown_image(item, self.settings.badly))
        worse = dataclasses.replace(item, images=tuple(corrupted(image, pick) for image in item.images))
        return Sample(item, shown_image(worse, self.settings.plainly))

    def infuse(self, stage_input: StageInput) -> StageOutput:
        """Examples of the majority's responses to questions that follow a description."""
        check_images(stage_input.items, "stic")
        items = stage_input.items
        descriptions = _once(
            stage_input, "descriptions", [Sample(item, shown_image(item, self.settings.well)) for item in items]
        )
        samples = [
            Sample(item, self._infused(stage_input.prompt(item), descriptions[item.id]))
            for item in items
            if item.id in descriptions
        ]
        drawn = respond(stage_input, "candidates", samples)
        examples = [example for group in drawn for example in group.examples(group.majority)]
        counts = {
            "prompts": len(stage_input.items),
            "without a whole description": len(items) - len(descriptions),
            "without a response to learn": sum(not group.majority for group in drawn),
        }
        return StageOutput(examples, counts, "whole descriptions, and answers in the form asked for")

    def _infused(self, prompt: Prompt, description: str) -> Prompt:
        """The prompt with the description before its first text."""
        parts = list(prompt.parts)
        first = next(place for place, part in enumerate(parts) if isinstance(part, str))
        text = filled(self.settings.described, description=description, question=str(parts[first]))
        return dataclasses.replace(prompt, parts=(*parts[:first], text, *parts[first + 1 :]))


def _once(stage_input: StageInput, name: str, samples: Sequence[Sample]) -> Mapping[str, str]:
    """One response to each question by item, without those that are empty or were cut off."""
    rows = stage_input.student.ask(name, samples, dataclasses.replace(stage_input.sampling, n=1))
    return {
        sample.item.id: text for sample, (reply,) in zip(samples, rows, strict=True) if (text := _complete_text(reply))
    }


def _complete_text(reply: Response) -> str:
    return "" if reply.truncated else (reply.text or "").strip()
