"""Answers that were drawn to a turn's prompts, and what a model says of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...harness.engines.vlm import VisionLanguageModel
from .log_probabilities import answer_logprobs
from .micro_batches import Row, micro_batches


@dataclass(frozen=True)
class PromptAnswers:
    """Some of the answers to a prompt, by their numbers among its m, and the prompt by its number in its turn."""

    prompt: int
    answers: Sequence[int]


@dataclass(frozen=True)
class TurnAnswers:
    """The same, of the turn of that number."""

    turn: int
    answers: PromptAnswers


@dataclass(frozen=True)
class GivenAnswers:
    """m answers to each of B encoded prompts: `ids` and `mask` (R, T) of R = B x m rows."""

    inputs: Sequence[dict[str, Tensor]]
    ids: Tensor
    mask: Tensor
    m: int

    def of_prompts(self, prompts: Iterable[int]) -> list[PromptAnswers]:
        """All answers to those prompts."""
        return [PromptAnswers(prompt, range(self.m)) for prompt in prompts]

    def rows(self, some: Sequence[PromptAnswers]) -> Tensor:
        """Their rows."""
        return torch.tensor([one.prompt * self.m + k for one in some for k in one.answers])

    def told(
        self, vlm: VisionLanguageModel, some: Sequence[PromptAnswers], temperature: float
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities and entropies (nats) of their tokens, (rows, T); T is the longest's if some are left out."""
        rows = self.rows(some)
        ids, mask = self.ids[rows], self.mask[rows]
        if any(len(one.answers) < self.m for one in some):
            longest = int(mask.sum(1).max())
            ids, mask = ids[:, :longest], mask[:, :longest]
        inputs = vlm.join([self.inputs[one.prompt] for one in some])
        return answer_logprobs(vlm, inputs, ids, mask, temperature, counts=[len(one.answers) for one in some])

    def split(self, some: Sequence[PromptAnswers], most: int) -> Iterator[list[PromptAnswers]]:
        """The answers in passes of at most `most` tokens."""
        single = [(one.prompt, k) for one in some for k in one.answers]
        lengths = self.mask.sum(1).tolist()
        rows = [
            Row(prompt, self.inputs[prompt]["input_ids"].shape[1], int(lengths[prompt * self.m + k]))
            for prompt, k in single
        ]
        for places in micro_batches(rows, most):
            together: dict[int, list[int]] = {}
            for prompt, k in (single[place] for place in places):
                together.setdefault(prompt, []).append(k)
            yield [PromptAnswers(prompt, answers) for prompt, answers in together.items()]
