"""The losses of staged training: SFT and DPO (arXiv 2305.18290, eq. 7).

Log-probabilities are of given answers under a model, with gradients when those are on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...harness.engines.vlm import VisionLanguageModel
from ...harness.types import Prompt
from ..methods.base import Dpo, Example, Preference


def answer_logprobs(
    vlm: VisionLanguageModel,
    inputs: Mapping[str, Tensor],
    ids: Tensor,
    mask: Tensor,
    temperature: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Log-probability and entropy (nats) of every answer token, both (R, T), at the sampling temperature.

    `inputs` are B encoded prompts; `ids` and `mask` (R, T) are R = B x n answers, n per prompt in order. A prompt runs once.
    """
    prefix = vlm.prefill(inputs, repeat=ids.shape[0] // inputs["input_ids"].shape[0])
    logits = prefix.logits[:, None]
    if ids.shape[1] > 1:
        rest = vlm.extend(prefix, ids[:, :-1], mask[:, :-1])
        logits = torch.cat([logits, rest], 1)
    log_p = torch.log_softmax(logits.float() / temperature, -1)
    chosen = log_p.gather(2, ids[..., None])[..., 0]
    entropy = -(log_p.exp() * log_p).sum(-1)
    return chosen, entropy


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


class DpoLoss:
    """-log sigmoid(beta * (how much more than `reference` the policy prefers the chosen response)), summed over pairs.

    With a regulariser, that times the chosen response's mean negative log-probability per token is added.
    """

    measured = ("loss", "margin", "preferred_share")

    def __init__(self, policy: VisionLanguageModel, reference: VisionLanguageModel, settings: Dpo) -> None:
        self.policy = policy
        self.reference = reference
        self.settings = settings

    def weight(self, parts: Sequence[Preference]) -> Tensor:
        """Pairs."""
        return torch.tensor(len(parts))

    def __call__(self, parts: Sequence[Preference]) -> tuple[Tensor, Tensor]:
        """The loss; and the sums of it, of the margin in nats before beta, and of the pairs that are ranked as chosen."""
        chosen, tokens, rejected = self._of(self.policy, parts)
        with torch.no_grad():
            reference_chosen, _, reference_rejected = self._of(self.reference, parts)
        margin = (chosen - reference_chosen) - (rejected - reference_rejected)
        losses = -F.logsigmoid(self.settings.beta * margin) - self.settings.regulariser * chosen / tokens
        measured = (losses, margin, (margin > 0).float())
        return losses.sum(), torch.stack([value.detach().sum().cpu() for value in measured])

    def _of(self, model: VisionLanguageModel, parts: Sequence[Preference]) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities of the chosen responses, their tokens, and log-probabilities of the rejected ones, all (R,)."""
        prompts = [part.prompt for part in parts]
        both, tokens = sequence_logprobs(
            model, [*prompts, *prompts], [part.chosen for part in parts] + [part.rejected for part in parts]
        )
        return both[: len(parts)], tokens[: len(parts)], both[len(parts) :]
