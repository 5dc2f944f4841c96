"""What is changed in OpenRLHF's trainer, by subclasses that the driver puts in the place of its own.

Once all answers of a step are there, `rewards.pipeline` turns whole groups into rewards and advantages, as it does for every
trainer. OpenRLHF's own rewards (of single samples) and advantages are not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openrlhf.utils.deepspeed
import ray
import torch
from openrlhf.trainer import ppo_trainer
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker

from ...harness.answers.statements.thinking import opened_by
from ...harness.errors import DataError, DivergedError, EngineError
from ..keeping import check_room, parameters
from ..resolve import recipe_files
from ..rewards.pipeline import RewardPipeline
from ..tokens import GroupTokens
from .order import SequentialStrategy
from .plan import Plan, write_event
from .rows import read_items
from .states import needed

PPOTrainer: Any = ppo_trainer.PPOTrainer.__ray_metadata__.modified_class

METRICS: Mapping[str, str] = {
    "policy_loss": "policy_loss",
    "kl": "kl",
    "ppo_clip_ratio": "clipped_share",
    "actor_grad_norm": "grad_norm",
    "actor_lr": "learning_rate",
    "entropy_loss": "entropy",
    "vllm_kl": "vllm_kl",
    "rollout/response_length_mean": "response_length",
    "rollout/truncated_rate": "truncated_share",
    "timing/generation": "seconds_generating",
    "timing/make_experience": "seconds_scoring",
    "timing/ppo_train": "seconds_learning",
    "timing/broadcast": "seconds_broadcasting",
}
"""OpenRLHF's names of what is watched, and ours."""


MARK_TOKENS = 12
"""Tokens at the end of a prompt in which a mark that opens the thinking stands."""


def tokens_of(samples: Sequence[Any]) -> GroupTokens:
    """What OpenRLHF tells of the answers' tokens: how many, and log-probabilities if its engine was asked for them."""
    masks = [sample.action_mask[0].bool() for sample in samples]
    rows = [
        None if sample.rollout_log_probs is None else tuple(sample.rollout_log_probs[0][mask].tolist())
        for sample, mask in zip(samples, masks, strict=True)
    ]
    known = tuple(row for row in rows if row is not None)
    lengths = tuple(int(mask.sum()) for mask in masks)
    return GroupTokens(lengths, known if len(known) == len(rows) else None)


class GroupAdvantages(RemoteExperienceMaker):  # type: ignore[misc]
    """Gives each sample the advantage that its group was given, on every token of the answer."""

    advantages_by_place: Sequence[float] = ()
    most_vllm_kl: float | None = None
    """The most nats per token by which engine and learner may differ in the next step; None once they were compared."""

    @torch.no_grad()
    def compute_advantages_and_returns(self, experiences: list[Any]) -> list[Any]:
        """Set advantages and returns; a sample's place in the step's rollout is its `index`.

        Raises EngineError in the first step if the learner's probabilities are not those that the engine drew by.
        """
        if self.most_vllm_kl is not None:
            check_agreement(experiences, self.most_vllm_kl)
            self.most_vllm_kl = None
        for experience in experiences:
            advantages = torch.tensor(
                [self.advantages_by_place[place] for place in experience.index], dtype=torch.float32
            )
            experience.advantages = advantages[:, None] * experience.action_mask.float()
            experience.returns = experience.advantages.clone()
            experience.info["return"] = advantages
            experience.kl = None
        return experiences


def check_agreement(experiences: Sequence[Any], most: float) -> None:
    """Raise EngineError if the mean log-probability of the drawn tokens differs by more than `most` between the two."""
    if any(one.rollout_log_probs is None for one in experiences):
        return
    masks = [one.action_mask.float() for one in experiences]
    differences = [one.rollout_log_probs.float() - one.action_log_probs.float() for one in experiences]
    total = sum(float((difference * mask).sum()) for difference, mask in zip(differences, masks, strict=True))
    vllm_kl = total / sum(float(mask.sum()) for mask in masks)
    if not abs(vllm_kl) <= most:
        raise EngineError(
            f"learner and rollout engine do not agree: vllm_kl is {vllm_kl:.3g} nats per token in the first step, more than "
            f"openrlhf.most_vllm_kl = {most:g}. Usually one of them has other weights (the hand-over failed), is "
            "shown other pictures (another size, another background), or has a dropout or a generation_config of its own"
        )


class RewardingTrainer(PPOTrainer):  # type: ignore[misc]
    """OpenRLHF's trainer with the recipe's rewards and advantages, which tells the launcher how it goes."""

    def __init__(self, pretrain: str, *groups: Any, **generating: Any) -> None:
        self.plan = Plan.current()
        rollouts = self.plan.rollouts
        assert rollouts is not None  # the driver installs this for such a plan alone
        self._items = read_items(Path(rollouts.items))
        self._pipeline = RewardPipeline.from_recipe(self.plan.recipe, Path(self.plan.base))
        if recipe_files(self.plan.recipe) != rollouts.files:
            raise DataError("a file that the recipe names was changed since the training was started")
        super().__init__(pretrain, *groups, **generating)
        self.experience_maker.__class__ = GroupAdvantages
        if self.plan.recipe.openrlhf:
            self.experience_maker.most_vllm_kl = self.plan.recipe.openrlhf.most_vllm_kl
        write_event(self.plan.events, phase="engines are starting")

    def init_checkpoint_states(self) -> dict[str, Any]:
        """As OpenRLHF does; a resumed training goes on with the rows behind those of the steps that were done.

        It does so whatever order the rows were drawn in before: OpenRLHF's own account of them is not used.
        """
        states: dict[str, Any] = super().init_checkpoint_states()
        rows = self.prompts_dataloader.dataset
        done = states["global_step"] * self.plan.recipe.policy.prompts
        for column in (rows.datasources, rows.prompts, rows.labels, rows.images):
            del column[:done]
        return {**states, "data_loader_state_dict": {}}

    def train_step(self, rollout_samples: list[Any], global_step: int) -> tuple[dict[str, Any], int]:
        """Reward the step's answers, and learn from them."""
        write_event(self.plan.events, phase=f"rewarding step {global_step + 1}")
        self._rewarded = self._reward(rollout_samples, global_step)
        self._labels = dict.fromkeys(sample.labels[0] for sample in rollout_samples)
        write_event(self.plan.events, phase=f"learning step {global_step + 1}")
        result: tuple[dict[str, Any], int] = super().train_step(rollout_samples, global_step)
        return result

    def _report(self, step: int, status: Mapping[str, Any]) -> None:
        """Tell the step's metrics. Raises DivergedError if one is not finite."""
        metrics = dict(self._rewarded)
        metrics |= {ours: float(status[theirs]) for theirs, ours in METRICS.items() if theirs in status}
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(
                f"{unfit[0]} is not finite at step {step} (items {', '.join(self._labels):.200}): lower "
                "optimiser.learning_rate"
            )
        write_event(self.plan.events, step=step, metrics=metrics)

    def _reward(self, samples: Sequence[Any], step: int) -> dict[str, float]:
        n = self.plan.recipe.sampling.n
        labels = [sample.labels[0] for sample in samples]
        if len(samples) % n or any(len(set(labels[k : k + n])) > 1 for k in range(0, len(labels), n)):
            raise DataError(f"step {step + 1}: the answers are not in whole groups of {n}: an engine lost some")
        items = [self._items[label] for label in labels[::n]]
        texts = [self._text(sample) for sample in samples]
        rewarded = self._pipeline.run(items, texts, step, tokens_of(samples))
        rewards = np.concatenate(rewarded.rewards).tolist()
        for sample, reward in zip(samples, rewards, strict=True):
            sample.rewards = sample.scores = torch.tensor([reward], dtype=torch.float32)
            sample.info["reward"] = sample.rewards
        self.experience_maker.advantages_by_place = np.concatenate(rewarded.advantages).tolist()
        return rewarded.metrics

    def _text(self, sample: Any) -> str:
        """The answer's text: the tokens that the action mask, which is one place ahead, points at.

        It begins with the mark of a thinking that the prompt ends in, as in an examination.
        """
        sequence, answered = sample.sequences[0], sample.action_mask[0].bool()
        tokenizer: Any = getattr(self.tokenizer, "tokenizer", self.tokenizer)
        begin = int(answered.int().argmax()) + 1
        prompt = str(tokenizer.decode(sequence[max(0, begin - MARK_TOKENS) : begin]))
        return opened_by(prompt) + str(tokenizer.decode(sequence[1:][answered], skip_special_tokens=True))

    def broadcast_to_vllm(self) -> None:
        """Hand the new weights to the engines, and say so: a dead one would be waited for without end."""
        write_event(self.plan.events, phase="handing the weights to the rollout engines")
        super().broadcast_to_vllm()
        write_event(self.plan.events, phase="drawing answers")

    def save_logs_and_checkpoints(self, global_step: int, logs_dict: Any = None, client_states: Any = None) -> None:
        """Report the step, of which OpenRLHF has told all by now; save as it does, and report that the weights are there."""
        self._report(global_step, logs_dict)
        if global_step % self.args.ckpt.save_steps == 0:
            states = Path(self.args.ckpt.path)
            check_room(
                states.parent, needed(states / "_actor", parameters(Path(self.plan.base))), f"step {global_step}"
            )
        super().save_logs_and_checkpoints(global_step, logs_dict, client_states)
        if global_step % self.args.ckpt.save_steps == 0:
            path = Path(self.args.ckpt.path) / f"global_step{global_step}_hf"
            write_event(self.plan.events, checkpoint=global_step, path=str(path))


def install() -> None:
    """Put ours in the places where OpenRLHF's command line looks for its own."""
    openrlhf.utils.deepspeed.DeepspeedStrategy = SequentialStrategy
    ppo_trainer.PPOTrainer = ray.remote(RewardingTrainer)
