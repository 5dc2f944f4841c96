"""The loss of supervised fine-tuning."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...harness.models.vlm import VisionLanguageModel
from ...harness.types import Prompt
from ..methods.base import Example
from .logprobs import answer_logprobs


class SftLoss:
    """The negative log-probability of the responses, summed over their tokens, the end token included."""

    measured = ("loss",)

    def __init__(self, policy: VisionLanguageModel) -> None:
        self.policy = policy

    def weight(self, parts: Sequence[Example]) -> Tensor:
        """Tokens of the responses."""
        return response_tokens(self.policy, [part.response for part in parts])[1].sum()

    def __call__(self, parts: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """The loss, and the same for the record."""
        ids, mask = response_tokens(self.policy, [part.response for part in parts])
        log_p, _ = answer_logprobs(self.policy, self.policy.encode([part.prompt for part in parts]), ids, mask)
        loss = -(log_p * mask).sum()
        return loss, loss.detach().cpu()[None]


def response_tokens(policy: VisionLanguageModel, responses: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Tokens (R, T) of given responses with their end token, padded on the right, and the mask of the real ones."""
    tokenizer = policy.tokenizer
    plain = {"add_special_tokens": False, "split_special_tokens": True}  # a response may spell out a picture's token
    rows = [[*tokenizer(text, **plain).input_ids, tokenizer.eos_token_id] for text in responses]
    ids = torch.full((len(rows), max(map(len, rows))), tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids.to(policy.device), mask.to(policy.device)


def sequence_logprobs(
    policy: VisionLanguageModel, prompts: Sequence[Prompt], responses: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """Log-probability of each response (R,) with its end token, and its number of tokens (R,)."""
    ids, mask = response_tokens(policy, responses)
    log_p, _ = answer_logprobs(policy, policy.encode(prompts), ids, mask)
    return (log_p * mask).sum(1), mask.sum(1)
