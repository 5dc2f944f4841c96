"""A policy with its optimiser: what every local training does with a loss, one step of several updates."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from ...harness.engines.vlm import VisionLanguageModel
from ..recipe import Recipe
from .master_weights import MasterWeights

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
    """A policy and AdamW over its trained weights. `learning_rate` rises over the recipe's warm-up, then stays.

    The policy computes in the precision of the checkpoint `start`, but for one in float16: its narrow range would need a
    scaled loss, so it computes in float32. The checkpoints have the precision of `start`.
    """

    def __init__(self, recipe: Recipe, start: Path, device: str) -> None:
        self.recipe = recipe
        self.policy = VisionLanguageModel.load(start, device)
        self._stored: torch.dtype = self.policy.model.dtype
        if self._stored == torch.float16:
            self.policy.model.float()
        self.policy.model.model.visual.requires_grad_(recipe.policy.train_vision)
        self.trained = {name: p for name, p in self.policy.model.named_parameters() if p.requires_grad}
        self.weights = MasterWeights(self.trained)
        settings = recipe.optimiser
        self.optimiser = torch.optim.AdamW(
            self.weights.masters.values(),
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
        norm = torch.nn.utils.clip_grad_norm_(self.weights.masters.values(), self.recipe.optimiser.max_grad_norm)
        self.optimiser.step()
        self.weights.publish()
        self.policy.model.eval()
        means = (totals / weight.cpu()).tolist()
        return dict(zip(loss.measured, means, strict=True)) | {"grad_norm": float(norm)}

    def checkpoint(self) -> VisionLanguageModel:
        """The policy as it is saved and examined."""
        policy = self.policy
        if self._stored == policy.model.dtype:
            return policy
        rounded = copy.deepcopy(policy.model).to(self._stored)
        return VisionLanguageModel(rounded, policy.tokenizer, policy.image_processor)

    def state(self) -> dict[str, Tensor]:
        """What resuming needs beside a checkpoint's weights: the optimiser's moments by parameter name, and the masters."""
        moments = {}
        for name, master in self.weights.masters.items():
            for key, value in self.optimiser.state[master].items():
                moments[f"{key}:{name}"] = torch.as_tensor(value)
        return moments if self._stored == torch.float32 else {**moments, **self.weights.state()}

    def restore(self, checkpoint: Path, state: dict[str, Tensor]) -> None:
        """Go on from a checkpoint's weights and state."""
        loaded = VisionLanguageModel.load(checkpoint, str(self.policy.device))
        self.policy.model.load_state_dict(loaded.model.state_dict())
        self.weights.restore(state)
        for name, master in self.weights.masters.items():
            moments = {key.partition(":")[0]: value for key, value in state.items() if key.partition(":")[2] == name}
            moments.pop("master", None)
            self.optimiser.state[master] = {key: _moment(value, master) for key, value in moments.items()}


def _moment(value: Tensor, master: Tensor) -> Tensor:
    """A stored moment as AdamW wants it: beside its weight, but for the count of steps."""
    return value.to(master) if value.dim() else value
