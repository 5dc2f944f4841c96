"""GRPO in one process (arXiv 2402.03300): group advantages, PPO clipping, a k3 KL loss to the frozen base.

Everything random is drawn from (seed, step), so a training that was killed and resumed from its last checkpoint ends with
the same weights as one that was not.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...benchmarks.base import Protocol
from ...harness.errors import DivergedError
from ...harness.models.sampling import Answers, draw_answers
from ...harness.models.vlm import VisionLanguageModel
from ...harness.types import sample_seed
from ..assessment import Assessor
from ..base import Progress
from ..data import data_set
from ..overlap import write_fingerprints
from ..prompts import training_prompts
from ..recipe import Recipe
from ..training import TrainingFolder
from .logprobs import answer_logprobs


@dataclass
class Rollouts:
    """A step's B prompts with the m answers to each that are trained on (R = B x m rows), all (R, T) or (R,)."""

    inputs: list[dict[str, Tensor]]
    answers: Answers
    old: Tensor
    reference: Tensor
    advantages: Tensor
    metrics: dict[str, float]


class GrpoTraining:
    """One training in progress: the policy, its frozen reference and the optimiser."""

    def __init__(self, recipe: Recipe, base: Path, device: str) -> None:
        self.assessor = Assessor.of_recipe(recipe, base)
        self.recipe = recipe = self.assessor.recipe
        self.m = recipe.policy.train_on or recipe.sampling.n
        self.protocol: Protocol = data_set(recipe.prompts.suite).protocol(recipe.protocol)
        self.prompts = training_prompts(recipe.prompts, recipe.seed, labels=self.assessor.reward.needs_gold)
        self.policy = VisionLanguageModel.load(base, device)
        self.reference = copy.deepcopy(self.policy.model).eval().requires_grad_(False)
        self.reference_vlm = VisionLanguageModel(self.reference, self.policy.tokenizer, self.policy.image_processor)
        self.policy.model.model.visual.requires_grad_(recipe.policy.train_vision)
        self.trained = {name: p for name, p in self.policy.model.named_parameters() if p.requires_grad}
        settings = recipe.optimiser
        self.optimiser = torch.optim.AdamW(
            self.trained.values(),
            lr=settings.learning_rate,
            betas=(settings.betas[0], settings.betas[1]),
            weight_decay=settings.weight_decay,
        )

    def step(self, step: int) -> dict[str, float]:
        """Roll out, reward and update once; `step` counts from 0. Returns the step's metrics."""
        settings = self.recipe.optimiser
        rate = settings.learning_rate * min(1.0, (step + 1) / max(1, settings.warmup_steps))
        for parameters in self.optimiser.param_groups:
            parameters["lr"] = rate
        rollouts = self._roll_out(step)
        order = list(range(self.recipe.policy.prompts))
        random.Random(f"{self.recipe.seed} {step}").shuffle(order)  # noqa: S311 - reproducible, not secret
        size = len(order) // self.recipe.policy.minibatches
        parts = [order[k : k + size] for k in range(0, len(order), size)]
        updates = [self._update(rollouts, part) for part in parts]
        means = {name: sum(update[name] for update in updates) / len(updates) for name in updates[0]}
        return {**rollouts.metrics, **means, "learning_rate": rate}

    def _roll_out(self, step: int) -> Rollouts:
        recipe = self.recipe
        items = self.prompts(step, recipe.policy.prompts)
        prompts = [self.protocol.prompt(item) for item in items]
        inputs = self.policy.encode(prompts)
        seeds = [
            sample_seed(recipe.seed, f"rollout {step} {place}", k)
            for place in range(len(items))
            for k in range(recipe.sampling.n)
        ]
        with torch.no_grad():
            prefix = self.policy.prefill(inputs, recipe.sampling.n)
            drawn = draw_answers(self.policy, prefix, recipe.sampling, seeds, self.policy.media_ids)
        assessed = self.assessor.assess(items, self.policy.decode(drawn.ids, drawn.mask), step)
        lengths = {
            "response_length": float(drawn.mask.sum(1).float().mean()),
            "truncated_share": float((~drawn.ended).float().mean()),
        }
        kept = self._trained_on(drawn)
        with torch.no_grad():
            temperature = recipe.sampling.temperature
            old, entropy = answer_logprobs(self.policy, inputs, kept.ids, kept.mask, temperature)
            reference, _ = answer_logprobs(self.reference_vlm, inputs, kept.ids, kept.mask, temperature)
        metrics = {**assessed.metrics, **lengths, "entropy": float((entropy * kept.mask).sum() / kept.mask.sum())}
        each = [self.policy.encode([prompt]) for prompt in prompts]
        advantages = torch.from_numpy(np.concatenate(assessed.advantages)).to(old)
        return Rollouts(each, kept, old, reference, advantages, metrics)

    def _trained_on(self, drawn: Answers) -> Answers:
        """The first m answers to each prompt."""
        if self.recipe.policy.train_on is None:
            return drawn
        rows = torch.arange(len(drawn.ids)).view(-1, self.recipe.sampling.n)[:, : self.m].flatten()
        return Answers(drawn.ids[rows], drawn.mask[rows], drawn.ended[rows])

    def _update(self, rollouts: Rollouts, prompts: Sequence[int]) -> dict[str, float]:
        """One optimiser step on some prompts' answers; the loss is a mean over all their tokens."""
        settings = self.recipe.policy
        self.policy.model.train()
        self.optimiser.zero_grad()
        tokens = rollouts.answers.mask[_rows(prompts, self.m)].sum()
        totals = torch.zeros(3)
        size = len(prompts) // settings.accumulate
        for start in range(0, len(prompts), size):
            part = prompts[start : start + size]
            loss, sums = self._loss(rollouts, part)
            (loss / tokens).backward()
            totals += sums
        norm = torch.nn.utils.clip_grad_norm_(self.trained.values(), self.recipe.optimiser.max_grad_norm)
        self.optimiser.step()
        self.policy.model.eval()
        means = (totals / tokens.cpu()).tolist()
        return dict(zip(("policy_loss", "kl", "clipped_share"), means, strict=True)) | {"grad_norm": float(norm)}

    def _loss(self, rollouts: Rollouts, prompts: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Summed loss over tokens, and the sums of policy loss, KL and clipped tokens for the record."""
        settings = self.recipe.policy
        rows = _rows(prompts, self.m)
        mask = rollouts.answers.mask[rows]
        inputs = self.policy.join([rollouts.inputs[prompt] for prompt in prompts])
        new, _ = answer_logprobs(
            self.policy, inputs, rollouts.answers.ids[rows], mask, self.recipe.sampling.temperature
        )
        ratio = (new - rollouts.old[rows]).exp()
        gain = rollouts.advantages[rows][:, None]
        clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
        policy_loss = -torch.minimum(ratio * gain, clipped * gain)
        towards = rollouts.reference[rows] - new
        kl = towards.exp() - towards - 1
        loss = ((policy_loss + settings.kl * kl) * mask).sum()
        outside = ((ratio - 1).abs() > settings.clip).float()
        sums = torch.stack([(value.detach() * mask).sum().cpu() for value in (policy_loss, kl, outside)])
        return loss, sums

    def state(self) -> dict[str, Tensor]:
        """The optimiser's moments by parameter name, for a checkpoint."""
        found = {}
        for name, parameter in self.trained.items():
            for key, value in self.optimiser.state[parameter].items():
                found[f"{key}:{name}"] = torch.as_tensor(value).clone()
        return found

    def restore(self, checkpoint: Path, state: dict[str, Tensor]) -> None:
        """Go on from a checkpoint's weights and optimiser state."""
        loaded = VisionLanguageModel.load(checkpoint, str(self.policy.device))
        self.policy.model.load_state_dict(loaded.model.state_dict())
        for name, parameter in self.trained.items():
            moments = {key.partition(":")[0]: value for key, value in state.items() if key.partition(":")[2] == name}
            self.optimiser.state[parameter] = moments


def _rows(prompts: Sequence[int], m: int) -> Tensor:
    """The rows of those prompts' answers, m to each."""
    return torch.tensor([prompt * m + k for prompt in prompts for k in range(m)])


def train(recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
    """Train by a recipe from a base checkpoint; write checkpoints, metrics and the end mark under `out`."""
    training = GrpoTraining(recipe, base, "cuda" if torch.cuda.is_available() else "cpu")
    with TrainingFolder(out, training.recipe, base, resume, training.assessor.identity()) as folder:
        write_fingerprints(out, training.prompts, recipe.policy.steps, recipe.policy.prompts, base)
        last = folder.last_checkpoint()
        if last is not None:
            training.restore(last.path, last.state())
        steps = recipe.policy.steps
        for step in range(last.step if last else 0, steps):
            metrics = training.step(step)
            if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
                raise DivergedError(
                    f"{out}: {unfit[0]} is not finite at step {step + 1}: lower optimiser.learning_rate"
                )
            folder.record(step + 1, metrics)
            if (step + 1) % recipe.checkpoint_every == 0 or step + 1 == steps:
                folder.save_checkpoint(step + 1, training.policy, training.state())
            progress(step + 1, steps, f"reward {metrics['reward']:.2f}  majority {metrics['majority_share']:.2f}")
        folder.finish()
