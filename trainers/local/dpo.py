"""The loss of direct preference optimisation (arXiv 2305.18290, eq. 7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...harness.models.vlm import VisionLanguageModel
from ..methods.base import Dpo, Preference
from .sft import sequence_logprobs


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
