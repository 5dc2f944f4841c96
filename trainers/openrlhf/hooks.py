"""What is changed in OpenRLHF's trainer, by subclasses that the driver puts in the place of its own.

A step is played by the recipe's method (`rollouts`), whose advantages OpenRLHF's learner is given as they are. OpenRLHF's own
generator, rewards (of single samples) and advantages are not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
import torch
from openrlhf.trainer import ppo_trainer
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker

from ...harness.errors import DataError, DivergedError
from ..agreement import check_vllm_kl
from ..keeping import check_room, parameters
from ..methods.base import PlayedMethod
from ..methods.playing import StepPlayer
from ..methods.registry import open_method
from ..resolve import recipe_files
from ..rewards.pipeline import RewardPipeline
from .plan import Plan, write_event
from .rollouts import Rollouts
from .rows import RenderedPrompts, read_items
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
    "timing/make_experience": "seconds_scoring",
    "timing/ppo_train": "seconds_learning",
    "timing/broadcast": "seconds_broadcasting",
}
"""OpenRLHF's names of what is watched, and ours."""


class GivenAdvantages(RemoteExperienceMaker):  # type: ignore[misc]
    """Gives each sample the advantage that stands in the place of its reward, on every token of the answer."""

    most_vllm_kl: float | None = None
    """The most nats per token by which engine and learner may differ in the next step; None once they were compared."""

    @torch.no_grad()
    def compute_advantages_and_returns(self, experiences: list[Any]) -> list[Any]:
        """Set advantages and returns.

        Raises EngineError in the first step if the learner's probabilities are not those that the engine drew by.
        """
        if self.most_vllm_kl is not None:
            check_agreement(experiences, self.most_vllm_kl)
            self.most_vllm_kl = None
        for experience in experiences:
            experience.advantages = experience.rewards[:, None] * experience.action_mask.float()
            experience.returns = experience.advantages.clone()
            experience.info["return"] = experience.rewards.clone()
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
    check_vllm_kl(vllm_kl, most, "openrlhf.most_vllm_kl")


class PlayedTrainer(PPOTrainer):  # type: ignore[misc]
    """OpenRLHF's trainer of a method that plays, which tells the launcher how it goes."""

    def __init__(self, pretrain: str, *groups: Any, **generating: Any) -> None:
        self.plan = Plan.current()
        rollouts, base = self.plan.rollouts, Path(self.plan.base)
        recipe = self.plan.recipe
        method = open_method(recipe)
        assert rollouts is not None  # the driver installs this for such a plan alone
        assert isinstance(method, PlayedMethod)
        player, folder = StepPlayer(method, RewardPipeline.from_recipe(recipe, base)), Path(rollouts.folder)
        if recipe_files(recipe) != rollouts.files:
            raise DataError("a file that the recipe names was changed since the training was started")
        super().__init__(pretrain, *groups, **generating)
        self.samples_generator: Any = Rollouts(
            self.samples_generator, player, read_items(folder), RenderedPrompts(base, folder), self._phase
        )
        self.experience_maker.__class__ = GivenAdvantages
        if recipe.openrlhf:
            self.experience_maker.most_vllm_kl = recipe.openrlhf.most_vllm_kl
        self._phase("engines are starting")

    def _phase(self, phase: str) -> None:
        write_event(self.plan.events, phase=phase)

    def init_checkpoint_states(self) -> dict[str, Any]:
        """As OpenRLHF does; a resumed training goes on with the items behind those of the steps that were done.

        OpenRLHF's own account of them is not used.
        """
        states: dict[str, Any] = super().init_checkpoint_states()
        self.samples_generator.step = states["global_step"]
        return {**states, "data_loader_state_dict": {}}

    def train_step(self, rollout_samples: list[Any], global_step: int) -> tuple[dict[str, Any], int]:
        """Learn from the step's answers."""
        self._phase(f"learning step {global_step + 1}")
        result: tuple[dict[str, Any], int] = super().train_step(rollout_samples, global_step)
        return result

    def _report(self, step: int, status: Mapping[str, Any]) -> None:
        """Tell the step's metrics. Raises DivergedError if one is not finite."""
        played = self.samples_generator
        metrics = {
            **played.metrics,
            **{ours: float(status[theirs]) for theirs, ours in METRICS.items() if theirs in status},
        }
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(
                f"{unfit[0]} is not finite at step {step} (items {', '.join(played.batch):.200}): lower "
                "optimiser.learning_rate"
            )
        write_event(self.plan.events, step=step, metrics=metrics)

    def broadcast_to_vllm(self) -> None:
        """Hand the new weights to the engines, and say so: a dead one would be waited for without end."""
        self._phase("handing the weights to the rollout engines")
        super().broadcast_to_vllm()
        self._phase("drawing answers")

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
    ppo_trainer.PPOTrainer = ray.remote(PlayedTrainer)
