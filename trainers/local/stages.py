"""A stage's training in one process: SFT or DPO on what it made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...harness.models.vlm import VisionLanguageModel
from ..base import Progress
from ..methods.base import Dpo
from ..recipe import Recipe
from ..stages import Fitting
from ..training import TrainingFolder
from .dpo import DpoLoss
from .learner import Learner, Loss
from .record import Recorder
from .sft import SftLoss


@dataclass(frozen=True)
class LocalFit:
    """Trains stages of a recipe on `device`; `last` is the step that the whole training ends with."""

    recipe: Recipe
    device: str
    last: int

    def __call__(self, fitting: Fitting, folder: TrainingFolder, progress: Progress) -> None:
        """Steps of policy.prompts examples each, in policy.minibatches updates."""
        learner: Learner[Any] = Learner(self.recipe, fitting.start, self.device)
        loss = self._loss(fitting, learner.policy)
        recorder = Recorder(folder, learner, self.last, progress)
        done = recorder.restore(fitting.first)
        size = self.recipe.policy.prompts
        share = size // self.recipe.policy.minibatches
        for step in range(done, fitting.steps):
            batch = fitting.batch(fitting.made, step, size, self.recipe.seed)
            updates = [batch[start : start + share] for start in range(0, size, share)]
            metrics = learner.step(step, updates, loss)
            due = (step + 1) % self.recipe.checkpoint_every == 0 or step + 1 == fitting.steps
            recorder.record(fitting.first + step + 1, metrics, f"{fitting.name}: loss {metrics['loss']:.3f}", due=due)

    def _loss(self, fitting: Fitting, policy: VisionLanguageModel) -> Loss[Any]:
        if isinstance(fitting.objective, Dpo):
            reference = VisionLanguageModel.load(fitting.start, self.device)
            reference.model.requires_grad_(False)
            return DpoLoss(policy, reference, fitting.objective)
        return SftLoss(policy)
