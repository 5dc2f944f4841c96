"""The trainer `trl`: TRL's own GRPOTrainer in one process, with the recipe's prompts in their order, rewards and advantages.

    OUT/trl/checkpoint-N    TRL's states after N updates, the last two; a resume goes on from that of our last checkpoint

One step is a generation batch of policy.prompts x sampling.n answers, which TRL learns from in policy.minibatches updates.
Its loss is the mean over an update's tokens (loss_type bnpo) with the KL not weighted by the ratio, which is the local
trainer's; tests/trainers/trl/parity.py compares the two.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from ...harness.engines.loading import load_configuration, load_processor, scaled_size
from ...harness.engines.transformers import TransformersEngine, TransformersOptions
from ...harness.engines.vlm import VisionLanguageModel
from ...harness.errors import DataError, DivergedError, MissingExtraError, UsageError, install
from ...harness.images import decode
from ...harness.types import Item, TokenStatistics
from ..base import Progress, needs_labels
from ..base_checks import check_trainable
from ..contamination import write_fingerprints
from ..local.optimisers import open_optimiser
from ..methods.grpo import Grpo
from ..methods.registry import open_method
from ..recipe import Recipe
from ..rewards.pipeline import RewardPipeline, StepRewards
from ..rewards.registry import open_reward
from ..sampler import Batches, asking, training_prompts
from ..synthesis.preparation import prepare
from ..tokens import GroupTokens, needed, refuse_lacking
from ..training import TrainingFolder

try:
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer
except ImportError as error:
    raise MissingExtraError(f"trainer trl needs TRL: {install('trl')} ({error})") from error

STATES = "trl"
KEPT_STATES = 2
METRICS: Mapping[str, str] = {
    "kl": "kl",
    "entropy": "entropy",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "clip_ratio/region_mean": "clipped_share",
    "completions/mean_length": "response_length",
    "completions/clipped_ratio": "truncated_share",
}
"""TRL's names of what is watched, and ours."""


class Groups:
    """The training's prompts as TRL's data set, in their order, and what the recipe pays for the answers to them."""

    def __init__(self, pipeline: RewardPipeline, prompts: Batches, policy: VisionLanguageModel) -> None:
        self.pipeline = pipeline
        self.recipe = recipe = pipeline.recipe
        self.policy = policy
        self.size = recipe.policy.prompts
        self.paid: StepRewards | None = None
        self._ask = asking(recipe)
        self._batch = lru_cache(maxsize=2)(lambda step: prompts(step, self.size))
        self._shown = lru_cache(maxsize=2 * self.size)(self._conversation)

    @property
    def rows(self) -> Any:
        """All prompts as conversations with their pictures, made when they are read; `place` counts through all steps."""
        places = Dataset.from_dict({"place": range(self.recipe.policy.steps * self.size)})
        return places.with_transform(lambda rows: {"prompt": list(map(self._shown, rows["place"])), **rows})

    def _conversation(self, place: int) -> list[dict[str, Any]]:
        prompt = self._ask(self.item(place))
        return self.policy.chat.messages(prompt, [decode(image) for image in prompt.images])

    def item(self, place: int) -> Item:
        """The item of a place."""
        step, within = divmod(place, self.size)
        return self._batch(step)[within]

    def reward(self, completion_ids: Sequence[Sequence[int]], place: Sequence[int], **_: Any) -> list[float]:
        """What TRL calls with all answers of a step, n of a prompt side by side."""
        ends = {*self.policy.end_ids, self.policy.tokenizer.eos_token_id}
        texts = self.policy.tokenizer.batch_decode(completion_ids, skip_special_tokens=True)
        texts = [self.policy.chat.opening + text for text in texts]
        cut_off = [not ids or ids[-1] not in ends for ids in completion_ids]
        tokens = GroupTokens.of(list(map(len, completion_ids)), [TokenStatistics()] * len(texts), cut_off)
        items = [self.item(one) for one in place[:: self.recipe.sampling.n]]
        self.paid = self.pipeline.run(items, texts, place[0] // self.size, tokens)
        return [float(value) for row in self.paid.rewards for value in row]


class GroupTrainer(GRPOTrainer):  # type: ignore[misc]
    """TRL's trainer, but that the recipe's advantages take the place of those that it makes of the rewards."""

    def __init__(self, groups: Groups, **settings: Any) -> None:
        self.groups = groups
        super().__init__(reward_funcs=groups.reward, train_dataset=groups.rows, **settings)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        scored: dict[str, Any] = super()._generate_and_score_completions(inputs)
        if self.groups.paid is None:
            raise DataError("TRL rewarded nothing of a step")
        advantages = torch.tensor([float(value) for row in self.groups.paid.advantages for value in row])
        scored["advantages"] = advantages.to(scored["advantages"])
        return scored

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """The folder of a state without weights: our checkpoints have them."""
        Path(output_dir or self.args.output_dir).mkdir(parents=True, exist_ok=True)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Nothing: the policy was loaded from our checkpoint."""


class Recorder(TrainerCallback):
    """Writes steps and checkpoints into a training's folder; a step has `updates` of TRL's."""

    def __init__(self, folder: TrainingFolder, groups: Groups, progress: Progress) -> None:
        self.folder, self.groups, self.progress = folder, groups, progress
        self.updates = groups.recipe.policy.minibatches
        self.logged: list[Mapping[str, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, **told: Any) -> None:
        """Keep an update, and a step when it was the last of one. Raises DivergedError for what is not finite."""
        logs: Mapping[str, float] = told["logs"]
        if "loss" not in logs or self.groups.paid is None:
            return
        self.logged.append(logs)
        if state.global_step % self.updates:
            return
        step = state.global_step // self.updates
        metrics = {**self.groups.paid.metrics, **step_metrics(self.logged, self.groups.recipe.policy.kl)}
        self.logged = []
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(
                f"{self.folder.path}: {unfit[0]} is not finite at step {step}: lower optimiser.learning_rate"
            )
        self.folder.record(step, metrics)
        self.progress(step, self.groups.recipe.policy.steps, f"reward {metrics['reward']:.2f}")

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Make a checkpoint of ours, after TRL has written its state."""
        self.folder.save_checkpoint(state.global_step // self.updates, self.groups.policy, {})


def step_metrics(logged: Sequence[Mapping[str, float]], kl: float) -> dict[str, float]:
    """The means of a step's updates by our names; TRL's loss is the policy's with the KL loss added."""
    known = {ours: [one[theirs] for one in logged if theirs in one] for theirs, ours in METRICS.items()}
    means = {name: fmean(map(float, values)) for name, values in known.items() if values}
    loss = fmean(float(one["loss"]) for one in logged)
    return {"policy_loss": loss - kl * means.get("kl", 0.0), **means}


def check_recipe(recipe: Recipe) -> None:
    """Raise UsageError for what this trainer does not do, before anything is loaded."""
    if not isinstance(open_method(recipe), Grpo):
        raise UsageError(f"trainer trl has the method grpo alone, not {recipe.method}: use trainer local")
    if recipe.policy.train_on is not None:
        raise UsageError(
            "trainer trl trains on all answers that are drawn: leave out policy.train_on, or use trainer local"
        )
    if recipe.lora is not None:
        raise UsageError("trainer trl trains all weights: leave out [lora], or use trainer local")
    wanted = needed(open_reward(recipe.reward, recipe.reward_settings))
    missing = [called for name, called in wanted.items() if name != "lengths"]
    refuse_lacking(recipe.reward, missing, "trainer trl does not tell: use trainer local")
    processes, seen = int(os.environ.get("WORLD_SIZE", "1")), torch.cuda.device_count()
    if processes > 1 or seen > 1:
        where = f"is started in {processes} processes" if processes > 1 else f"sees {seen}"
        raise UsageError(
            f"trainer trl trains on one GPU, and {where}: start it once with CUDA_VISIBLE_DEVICES=0, or use trainer openrlhf"
        )


def settings(recipe: Recipe, states: Path) -> Any:
    """The recipe in TRL's words."""
    policy, sampling = recipe.policy, recipe.sampling
    on_gpu = torch.cuda.is_available()
    return GRPOConfig(
        output_dir=str(states),
        seed=recipe.seed,
        max_steps=policy.steps * policy.minibatches,
        per_device_train_batch_size=policy.prompts * sampling.n // (policy.minibatches * policy.accumulate),
        gradient_accumulation_steps=policy.accumulate,
        steps_per_generation=policy.minibatches * policy.accumulate,
        num_generations=sampling.n,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_completion_length=sampling.max_tokens,
        loss_type="bnpo",
        scale_rewards="none",
        use_bias_correction_kl=False,
        beta=policy.kl,
        epsilon=policy.clip,
        epsilon_high=policy.clip if policy.clip_high is None else policy.clip_high,
        delta=policy.dual_clip,
        max_grad_norm=recipe.optimiser.max_grad_norm,
        shuffle_dataset=False,
        remove_unused_columns=False,
        logging_steps=1,
        save_steps=recipe.checkpoint_every * policy.minibatches,
        save_total_limit=KEPT_STATES,
        gradient_checkpointing=on_gpu,
        bf16=on_gpu,
        use_cpu=not on_gpu,
        report_to=[],
        disable_tqdm=True,
    )


def open_trainer(groups: Groups, base: Path, states: Path) -> GroupTrainer:
    """TRL's trainer of a recipe's groups, with the local trainer's optimiser; the reference is the base."""
    recipe, model = groups.recipe, groups.policy.model
    model.config._name_or_path = str(base)  # where TRL loads its reference from
    model.model.visual.requires_grad_(recipe.policy.train_vision)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = open_optimiser(recipe.optimiser, trained, str(groups.policy.device))
    updates, warm_up = recipe.policy.minibatches, max(1, recipe.optimiser.warmup_steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda done: min(1.0, (done // updates + 1) / warm_up))
    rendering = asking(recipe)(groups.item(0)).rendering
    processor = load_processor(base, load_configuration(base))
    if rendering.pixels:
        processor.image_processor.size = scaled_size(processor.image_processor, dict(rendering.pixels))
    arguments = settings(recipe, states)
    arguments.chat_template_kwargs = dict(rendering.template)
    arguments.generation_kwargs = {"suppress_tokens": groups.policy.media_ids}
    return GroupTrainer(
        groups,
        model=model,
        args=arguments,
        processing_class=processor,
        optimizers=(optimiser, schedule),
    )


def train(recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
    """Train by a recipe from a base checkpoint; write checkpoints, metrics and the end mark under `out`."""
    check_recipe(recipe)
    method = open_method(recipe)
    check_trainable(base)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = TransformersOptions(device)
    prepared = prepare(recipe, base, out, lambda checkpoint: TransformersEngine(checkpoint, options), progress)
    pipeline = RewardPipeline.from_recipe(prepared.recipe.spelled_out(method=method), base)
    prompts = training_prompts(
        pipeline.recipe.prompts, recipe.seed, labels=needs_labels(pipeline.reward, pipeline.recipe)
    )
    more = {**pipeline.identity(), **prepared.identity}
    with TrainingFolder(out, prepared.with_given_prompts(pipeline.recipe), base, resume, more) as folder:
        prepared.lengths.write(out)
        write_fingerprints(out, prompts, recipe.policy.steps, recipe.policy.prompts, base, anew=folder.extended)
        last = folder.last_checkpoint()
        policy = VisionLanguageModel.load(last.path if last else base, device, "float32")
        groups = Groups(pipeline, prompts, policy)
        trainer = open_trainer(groups, base, out / STATES)
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(Recorder(folder, groups, progress))
        if folder.last_step() < recipe.policy.steps:
            trainer.train(resume_from_checkpoint=_state(folder, recipe.policy.minibatches))
        folder.finish()


def _state(folder: TrainingFolder, updates: int) -> str | None:
    """TRL's state of the last checkpoint; None before the first one. Raises DataError if it is gone."""
    if not (last := folder.last_step()):
        return None
    state = folder.path / STATES / f"checkpoint-{last * updates}"
    if not (state / "trainer_state.json").is_file():
        raise DataError(f"{state}: no state of TRL to resume from; train into another --out")
    return str(state)
