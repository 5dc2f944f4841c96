"""A policy with its optimiser: what every local training does with a loss, one step of several updates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from ...harness.engines.vlm import VisionLanguageModel
from ...harness.types import sample_seed
from ..keeping import state_bytes
from ..recipe import Recipe
from ..recipe_settings import LocalSettings
from .master_weights import MASTER, MasterWeights
from .optimisers import moments, open_optimiser, restore_moments
from .policy import Policy

Part = TypeVar("Part")


class Loss(Protocol[Part]):
    """A loss that is a sum over parts: over prompts with their answers, examples, or pairs."""

    @property
    def measured(self) -> Sequence[str]:
        """Names of what `__call__` sums beside the loss."""
        ...

    def weight(self, parts: Sequence[Part]) -> Tensor:
        """What the sums over these parts are divided by: their tokens, or their number."""
        ...

    def split(self, parts: Sequence[Part], most: int) -> Iterator[Sequence[Part]]:
        """The parts, or parts of those, in passes of at most `most` tokens."""
        ...

    def __call__(self, parts: Sequence[Part]) -> tuple[Tensor, Tensor]:
        """The loss, summed, with gradients; and the sums of what is measured, (len(measured),), on the CPU."""
        ...


Piece = TypeVar("Piece")


class Learner(Generic[Piece]):
    """A policy and its optimiser, over float32 masters. `learning_rate` rises over the recipe's warm-up, then stays."""

    def __init__(self, recipe: Recipe, start: Path, device: str) -> None:
        self.recipe = recipe
        self.settings = recipe.local or LocalSettings()
        self.opened = Policy.open(recipe, start, device)
        self.policy = self.opened.vlm
        self.trained = self.opened.trained()
        self.weights = MasterWeights(self.trained)
        masters = self.weights.masters.values()
        self.optimiser = open_optimiser(recipe.optimiser, masters, device)

    def step(self, step: int, updates: Sequence[Sequence[Piece]], loss: Loss[Piece]) -> dict[str, float]:
        """One update for each element of `updates`; `step` counts from 0. Returns the means over the updates."""
        settings = self.recipe.optimiser
        rate = settings.learning_rate * min(1.0, (step + 1) / max(1, settings.warmup_steps))
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        torch.manual_seed(sample_seed(self.recipe.seed, "dropout", step))
        sums = [self._update(pieces, loss) for pieces in updates]
        means = {name: sum(update[name] for update in sums) / len(sums) for name in sums[0]}
        return {**means, "learning_rate": rate}

    def passes(self, pieces: Sequence[Piece], loss: Loss[Piece]) -> Iterator[Sequence[Piece]]:
        """The pieces of an update, as they go through the model together."""
        if self.settings.micro_tokens is not None:
            yield from loss.split(pieces, self.settings.micro_tokens)
            return
        size = max(1, len(pieces) // self.recipe.policy.accumulate)
        for start in range(0, len(pieces), size):
            yield pieces[start : start + size]

    def _update(self, pieces: Sequence[Piece], loss: Loss[Piece]) -> dict[str, float]:
        """One optimiser step, of as many backward passes as there are `passes`."""
        self.policy.model.train()
        self.optimiser.zero_grad()
        weight = loss.weight(pieces)
        totals = torch.zeros(len(loss.measured))
        for part in self.passes(pieces, loss):
            summed, sums = loss(part)
            (summed / weight).backward()
            totals += sums
        norm = torch.nn.utils.clip_grad_norm_(self.weights.masters.values(), self.recipe.optimiser.max_grad_norm)
        self.optimiser.step()
        self.weights.publish()
        self.policy.model.eval()
        means = (totals / weight.cpu()).tolist()
        return dict(zip(loss.measured, means, strict=True)) | {"grad_norm": float(norm)}

    @property
    def _saved_whole(self) -> bool:
        """Whether a checkpoint's weights are the masters, so that they need not be kept beside it."""
        return self.opened.adapter is None and self.opened.stored == torch.float32

    @property
    def state_bytes(self) -> int:
        """About the size of `state` once there are moments."""
        numbers = sum(master.numel() for master in self.weights.masters.values())
        return state_bytes(numbers, self.recipe.optimiser.kind, masters=not self._saved_whole)

    def state(self) -> dict[str, Tensor]:
        """What resuming needs beside a checkpoint's weights: the optimiser's moments by parameter name, and the masters."""
        kept = {
            f"{key}:{name}": value
            for name, master in self.weights.masters.items()
            for key, value in moments(self.optimiser, master).items()
        }
        return kept if self._saved_whole else {**kept, **self.weights.state()}

    def restore(self, checkpoint: Path, state: dict[str, Tensor]) -> None:
        """Go on from a checkpoint's weights and state."""
        if self.opened.adapter is None:
            loaded = VisionLanguageModel.load(checkpoint, str(self.policy.device))
            self.policy.model.load_state_dict(loaded.model.state_dict())
        self.weights.restore(state)
        kept: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for key, value in state.items():
            kept[key.partition(":")[2]][key.partition(":")[0]] = value
        for name, master in self.weights.masters.items():
            kept[name].pop(MASTER, None)
            restore_moments(self.optimiser, master, kept[name])
