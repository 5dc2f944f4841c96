"""LMSI, language models can self-improve (arXiv 2210.11610): what most of the student's answers agree on is learnt, by SFT.

The paper draws 32 reasoning paths per question at temperature 0.7, keeps all that lead to the most frequent answer, and
trains each in four prompt formats: with worked examples before the question or without, asking for the reasoning or for the
answer alone. Ours are the two without worked examples, for models that were taught to follow instructions, and a path that
was drawn twice is trained once. The paper keeps every majority and shows that its share tells how sure it is; `least_share`
leaves out unsure ones. How MM-UPT (arXiv 2505.22453) ran it on pictures is not told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...harness.answers.formats import BOX, last_box
from ...harness.errors import UsageError
from ...harness.profiles import BOXED
from ...harness.types import Prompt
from ...harness.untrusted_text import check_template
from .base import Example, Sft, Stage, StageInput, StageOutput
from .toolbox import ResponseSet, answered

FORMATS = ("reasoning", "direct")


@dataclass(frozen=True)
class LmsiSettings:
    """Majorities of at least `least_share` of an item's responses are learnt: their distinct responses, in all `formats`.

    "reasoning" is the item's own prompt with the response as it was; "direct" asks with the text `direct` instead of
    for step by step reasoning, and only the response's box is learnt.
    """

    least_share: float = 0.0
    formats: tuple[str, ...] = FORMATS
    direct: str = "Give only your final answer, within \\boxed{}, and no reasoning."

    def __post_init__(self) -> None:
        if not 0 <= self.least_share <= 1:
            raise UsageError("least_share must be from 0 to 1")
        if not self.formats or len(set(self.formats)) < len(self.formats) or set(self.formats) - set(FORMATS):
            raise UsageError(f"formats must be one or both of: {', '.join(FORMATS)}")
        check_template("direct", self.direct)


@dataclass(frozen=True)
class Lmsi:
    """One stage, without labels."""

    settings: LmsiSettings = LmsiSettings()
    needs_gold: ClassVar[bool] = False

    @property
    def stages(self) -> Sequence[Stage]:
        """The one stage."""
        return [Stage("consistent", Sft(), self.make)]

    def make(self, stage_input: StageInput) -> StageOutput:
        """Examples of the majorities' responses. Raises UsageError, before it asks, for prompts without a direct form."""
        for item in stage_input.items:
            self._prompts(stage_input.prompt(item))
        drawn = answered(stage_input)
        sure = [group for group in drawn if group.vote.share >= self.settings.least_share]
        examples = [example for group in sure for example in self._learnt(group)]
        counts = {
            "prompts": len(drawn),
            "below least_share": len(drawn) - len(sure),
            "without a response to learn": sum(not group.majority for group in sure),
        }
        return StageOutput(examples, counts, "answers on which enough responses agree, in the form asked for")

    def _learnt(self, group: ResponseSet) -> list[Example]:
        """Each distinct, learnable response of the majority, in every format."""
        prompts = self._prompts(group.prompt)
        boxes = {text: f"{BOX}{last_box(text)}}}" for text in group.majority}
        return [
            Example(group.item.id, prompt, boxes[text] if style == "direct" else text)
            for text in group.majority
            for style, prompt in prompts.items()
        ]

    def _prompts(self, prompt: Prompt) -> dict[str, Prompt]:
        """The prompt in every format of the settings."""
        return {
            style: prompt if style == "reasoning" else _asked_directly(prompt, self.settings.direct)
            for style in self.settings.formats
        }


def _asked_directly(prompt: Prompt, direct: str) -> Prompt:
    *before, last = prompt.parts
    if not isinstance(last, str) or not last.endswith(BOXED):
        raise UsageError(
            f"method lmsi: the format direct needs prompts that end with {BOXED!r}: "
            'change the protocol, or set method_settings.formats = ["reasoning"]'
        )
    return dataclasses.replace(prompt, parts=(*before, last.removesuffix(BOXED) + direct))
