"""A policy with its optimiser, and the losses of staged training: SFT and DPO (arXiv 2305.18290, eq. 7).

`Learner` is what every local training does with a loss: one step of several updates. Log-probabilities are of given answers
under a model, with gradients when those are on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ...harness.engines.vlm import VisionLanguageModel
from ...harness.types import Prompt
from ..methods.base import Dpo, Example, Preference
from ..recipe import Recipe


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


Part_contra = TypeVar("Part_contra", contravariant=True)


class Loss(Protocol[Part_contra]):
    """A loss that is a sum over parts: over prompts with their answers, examples, or pairs."""

    @property
    def measured(self) -> Sequence[str]:
        """Names of what `__call__` sums beside the loss."""
        ...

    def weight(self, parts: Sequence[Part_contra]) -> Tensor:
        """What the sums over these parts are divided by: their tokens, or their number."""
        ...

    def __call__(self, parts: Sequence[Part_contra]) -> tuple[Tensor, Tensor]:
        """The loss, summed, with gradients; and the sums of what is measured, (len(measured),), on the CPU."""
        ...


Piece = TypeVar("Piece")


class Learner(Generic[Piece]):
    """A policy and AdamW over its trained weights. `learning_rate` rises over the recipe's warm-up, then stays."""

    def __init__(self, recipe: Recipe, start: Path, device: str) -> None:
        self.recipe = recipe
        self.policy = VisionLanguageModel.load(start, device)
        self.policy.model.model.visual.requires_grad_(recipe.policy.train_vision)
        self.trained = {name: p for name, p in self.policy.model.named_parameters() if p.requires_grad}
        settings = recipe.optimiser
        self.optimiser = torch.optim.AdamW(
            self.trained.values(),
            lr=settings.learning_rate,
            betas=(settings.betas[0], settings.betas[1]),
            weight_decay=settings.weight_decay,
        )

    def step(self, step: int, updates: Sequence[Sequence[Piece]], loss: Loss[Piece]) -> dict[str, float]:
        """One update for each element of `updates`; `step` counts from 0. Returns the means over the updates."""
        settings = self.recipe.optimiser
        rate = settings.learning_rate * min(1.0, (step + 1) / max(1, settings.warmup_steps))
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        sums = [self._update(pieces, loss) for pieces in updates]
        means = {name: sum(update[name] for update in sums) / len(sums) for name in sums[0]}
        return {**means, "learning_rate": rate}

    def _update(self, pieces: Sequence[Piece], loss: Loss[Piece]) -> dict[str, float]:
        """One optimiser step, in the recipe's number of backward passes."""
        self.policy.model.train()
        self.optimiser.zero_grad()
        weight = loss.weight(pieces)
        totals = torch.zeros(len(loss.measured))
        size = max(1, len(pieces) // self.recipe.policy.accumulate)
        for start in range(0, len(pieces), size):
            summed, sums = loss(pieces[start : start + size])
            (summed / weight).backward()
            totals += sums
        norm = torch.nn.utils.clip_grad_norm_(self.trained.values(), self.recipe.optimiser.max_grad_norm)
        self.optimiser.step()
        self.policy.model.eval()
        means = (totals / weight.cpu()).tolist()
        return dict(zip(loss.measured, means, strict=True)) | {"grad_norm": float(norm)}

    def state(self) -> dict[str, Tensor]:
        """The optimiser's moments by parameter name, for a checkpoint."""
        moments = {}
        for name, parameter in self.trained.items():
            for key, value in self.optimiser.state[parameter].items():
                moments[f"{key}:{name}"] = torch.as_tensor(value).clone()
        return moments

    def restore(self, checkpoint: Path, state: dict[str, Tensor]) -> None:
        """Go on from a checkpoint's weights and optimiser state."""
        loaded = VisionLanguageModel.load(checkpoint, str(self.policy.device))
        self.policy.model.load_state_dict(loaded.model.state_dict())
        for name, parameter in self.trained.items():
            moments = {key.partition(":")[0]: value for key, value in state.items() if key.partition(":")[2] == name}
            self.optimiser.state[parameter] = moments
