"""Rejection-sampling SFT: the student's own right responses are learnt. The supervised baseline of MM-UPT (arXiv 2505.22453).

Each labelled item is answered n times; of the responses whose answer matches the label some distinct ones are kept, as in
rejection-sampling fine-tuning (RFT, arXiv 2308.01825), and learnt. MM-UPT's table does not tell how many were drawn and
kept, nor how they were learnt. RFT counts reasoning paths as distinct by their equations, here by their text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...harness.errors import DataError, UsageError
from ..base import make_group
from ..rewards.ground_truth import GroundTruth
from .base import Example, Sft, Stage, StageInput, StageOutput
from .toolbox import ResponseSet, answered, some_of


@dataclass(frozen=True)
class RejectionSettings:
    """At most `keep` distinct right responses to an item are learnt."""

    keep: int = 4

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise UsageError("keep must be at least 1")


@dataclass(frozen=True)
class Rejection:
    """One stage. Needs the gold answers."""

    settings: RejectionSettings = RejectionSettings()
    needs_gold: ClassVar[bool] = True

    @property
    def stages(self) -> Sequence[Stage]:
        """The one stage."""
        return [Stage("rejection", Sft(), self.make)]

    def make(self, stage_input: StageInput) -> StageOutput:
        """Examples of right responses. Raises DataError, before it asks, for an item without a label."""
        for item in stage_input.items:
            if not item.answer:
                raise DataError(f"sft: item {item.id} has no label: train on a set whose every item has one")
        examples: list[Example] = []
        unsolved = 0
        for group in answered(stage_input):
            texts = some_of(
                group.learnt(_right(group)),
                self.settings.keep,
                stage_input.sampling.seed,
                group.item.id,
            )
            examples += group.examples(texts)
            unsolved += not texts
        counts = {"prompts": len(stage_input.items), "without a right response to learn": unsolved}
        return StageOutput(examples, counts, "responses with the right answer in the form asked for")


def _right(group: ResponseSet) -> list[int]:
    """Which responses match the label."""
    rewards = GroundTruth()(make_group(group.item, group.texts, needs_gold=True), seed=0)
    return [index for index, reward in enumerate(rewards) if reward == 1]
