"""The losses of staged training: SFT and DPO (arXiv 2305.18290, eq. 7).

Log-probabilities are of given answers under a model, with gradients when those are on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...harness.engines.vlm import VisionLanguageModel
from ...harness.types import Prompt
from ..methods.base import Dpo, Example, Preference
from .log_probabilities import answer_logprobs
from .micro_batches import Row, micro_batches


class SftLoss:
    """The negative log-probability of the responses, summed over their tokens, the end token included."""

    measured = ("loss",)

    def __init__(self, policy: VisionLanguageModel) -> None:
        self.policy = policy

    def weight(self, parts: Sequence[Example]) -> Tensor:
        """Tokens of the responses."""
        return response_tokens(self.policy, [part.response for part in parts])[1].sum()

    def split(self, parts: Sequence[Example], most: int) -> Iterator[Sequence[Example]]:
        """The examples in passes of at most `most` tokens."""
        tokens = response_tokens(self.policy, [part.response for part in parts])[1].sum(1).tolist()
        lengths = prompt_tokens(self.policy, [part.prompt for part in parts])
        rows = [Row(place, *row) for place, row in enumerate(zip(lengths, tokens, strict=True))]
        return ([parts[place] for place in places] for places in micro_batches(rows, most))

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


def prompt_tokens(policy: VisionLanguageModel, prompts: Sequence[Prompt]) -> list[int]:
    """How many tokens each prompt has, its pictures' among them."""
    return [policy.encode([prompt])["input_ids"].shape[1] for prompt in prompts]


def sequence_logprobs(
    policy: VisionLanguageModel, prompts: Sequence[Prompt], responses: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """Log-probability of each response (R,) with its end token, and its number of tokens (R,)."""
    ids, mask = response_tokens(policy, responses)
    log_p, _ = answer_logprobs(policy, policy.encode(prompts), ids, mask)
    return (log_p * mask).sum(1), mask.sum(1)


class DpoLoss:
    """-log sigmoid(beta * (how much more than the reference the policy prefers the chosen response)), summed over pairs.

    With a regulariser, that times the chosen response's mean negative log-probability per token is added. The reference is
    the policy itself before it is trained: what it says of each pair is remembered then, so that no second model is needed.
    """

    measured = ("loss", "margin", "preferred_share")

    def __init__(self, policy: VisionLanguageModel, settings: Dpo) -> None:
        self.policy = policy
        self.settings = settings
        self._remembered: dict[int, tuple[Preference, Tensor, Tensor]] = {}

    def remember(self, parts: Sequence[Preference]) -> None:
        """Take what the policy says of these pairs now for what the reference says, unless they are known."""
        unknown = [part for part in parts if id(part) not in self._remembered]
        if unknown:
            with torch.no_grad():
                chosen, _, rejected = self._of(unknown)
            known = zip(unknown, chosen, rejected, strict=True)
            self._remembered |= {id(part): (part, *logprobs) for part, *logprobs in known}

    def weight(self, parts: Sequence[Preference]) -> Tensor:
        """Pairs."""
        return torch.tensor(len(parts))

    def split(self, parts: Sequence[Preference], most: int) -> Iterator[Sequence[Preference]]:
        """The pairs in passes of at most `most` tokens; a prompt runs once for each response."""
        texts = [text for part in parts for text in (part.chosen, part.rejected)]
        tokens = response_tokens(self.policy, texts)[1].sum(1).view(-1, 2).amax(1).tolist()
        lengths = prompt_tokens(self.policy, [part.prompt for part in parts])
        sizes = zip(lengths, tokens, strict=True)
        rows = [Row(place, 2 * length, 2 * longest) for place, (length, longest) in enumerate(sizes)]
        return ([parts[place] for place in places] for places in micro_batches(rows, most))

    def __call__(self, parts: Sequence[Preference]) -> tuple[Tensor, Tensor]:
        """The loss; and the sums of it, of the margin in nats before beta, and of the pairs that are ranked as chosen.

        All pairs must be remembered.
        """
        chosen, tokens, rejected = self._of(parts)
        remembered = [self._remembered[id(part)] for part in parts]
        reference_chosen = torch.stack([one for _, one, _ in remembered])
        reference_rejected = torch.stack([one for _, _, one in remembered])
        margin = (chosen - reference_chosen) - (rejected - reference_rejected)
        losses = -F.logsigmoid(self.settings.beta * margin) - self.settings.regulariser * chosen / tokens
        measured = (losses, margin, (margin > 0).float())
        return losses.sum(), torch.stack([value.detach().sum().cpu() for value in measured])

    def _of(self, parts: Sequence[Preference]) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities of the chosen responses, their tokens, and log-probabilities of the rejected ones, all (R,)."""
        prompts = [part.prompt for part in parts]
        both, tokens = sequence_logprobs(
            self.policy, [*prompts, *prompts], [part.chosen for part in parts] + [part.rejected for part in parts]
        )
        return both[: len(parts)], tokens[: len(parts)], both[len(parts) :]
