"""Command lines for OpenRLHF: a recipe as `train_ppo_ray`, a stage as `train_sft` or `train_dpo`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..methods.base import Dpo, Sft
from ..recipe import Recipe
from ..recipe_settings import OpenRlhfSettings
from .states import KEPT

FOLDER = "openrlhf"
"""What OpenRLHF reads and writes, within a training's folder or a stage's."""
ORDER = "order.jsonl"
"""The ids of the items as they are trained on, in that folder."""
AGENT = Path(__file__).with_name("agent.py")


@dataclass(frozen=True)
class Paths:
    """Where OpenRLHF reads and writes: the base, and its own folder, in which the items are."""

    base: Path
    folder: Path

    @property
    def states(self) -> Path:
        """DeepSpeed's states and the weights as OpenRLHF saves them."""
        return self.folder / "states"

    @property
    def last(self) -> Path:
        """The weights at the end, which OpenRLHF saves beside those that were due."""
        return self.folder / "last"


def arguments(
    recipe: Recipe, settings: OpenRlhfSettings, paths: Paths, *, answers: int, pictures: int, resume: bool
) -> list[str]:
    """The arguments; `answers` is how many a step trains on, a multiple of its items, and `pictures` the most of a prompt.

    OpenRLHF counts a step per rollout batch, and learning-rate steps per update, of which the first of a warm-up has the
    rate 0. What it draws, and its own advantage, are replaced (`hooks`): of its data set it only counts the rows, and the
    advantage that is named matters only for the checks that go with it.
    """
    values = {
        "actor.model_name_or_path": paths.base,
        "train.agent_func_path": AGENT,
        "train.seed": recipe.seed,
        **_machines(settings),
        **_drawing(recipe, settings, paths, answers // recipe.policy.prompts, pictures),
        **_updates(recipe, settings, answers),
        "ckpt.output_dir": paths.last,
        "ckpt.path": paths.states,
        "ckpt.save_steps": recipe.checkpoint_every,
        "ckpt.max_num": KEPT,
        "logger.logging_steps": 1,
    }
    switches = {
        "algo.kl.use_loss": True,
        "ckpt.save_hf": True,
        "ckpt.load_enable": resume,
        "actor.freeze_visual_encoder": not recipe.policy.train_vision,
        "actor.gradient_checkpointing_enable": settings.gradient_checkpointing,
        "train.colocate_all": settings.colocate,
        "vllm.enable_sleep": settings.colocate,
        "ds.enable_sleep": settings.colocate,
        "vllm.enforce_eager": settings.enforce_eager,
        "vllm.enable_prefix_caching": True,
        "ds.adam_offload": settings.adam_offload,
    }
    return options(values, switches)


def _machines(settings: OpenRlhfSettings) -> dict[str, object]:
    """Where actor, reference and engines are, and how they compute."""
    return {
        "actor.num_nodes": settings.nodes,
        "actor.num_gpus_per_node": settings.gpus,
        "ref.num_nodes": settings.nodes,
        "ref.num_gpus_per_node": settings.gpus,
        "vllm.num_engines": settings.engines,
        "vllm.tensor_parallel_size": settings.tensor_parallel,
        "vllm.gpu_memory_utilization": settings.gpu_memory_utilization,
        **_deepspeed(settings),
    }


def _deepspeed(settings: OpenRlhfSettings) -> dict[str, object]:
    return {
        "ds.attn_implementation": settings.attention,
        "ds.zero_stage": settings.zero_stage,
        "ds.param_dtype": "bf16",
        "ds.grad_accum_dtype": "fp32",
    }


def _drawing(
    recipe: Recipe, settings: OpenRlhfSettings, paths: Paths, answers: int, pictures: int
) -> dict[str, object]:
    """What a step draws; `answers` is how many of an item it trains on."""
    policy, sampling = recipe.policy, recipe.sampling
    return {
        "data.prompt_dataset": paths.folder / ORDER,
        "data.input_key": "item",
        "data.max_images_per_prompt": pictures,
        "data.max_len": settings.prompt_tokens + sampling.max_tokens,
        "data.max_samples": policy.steps * policy.prompts,
        "data.dataloader_num_workers": 0,
        "rollout.batch_size": policy.prompts,
        "rollout.n_samples_per_prompt": answers,
        "rollout.micro_batch_size": settings.micro_rollout,
        "rollout.max_new_tokens": sampling.max_tokens,
        "rollout.temperature": sampling.temperature,
        "rollout.top_p": sampling.top_p,
    }


def _updates(recipe: Recipe, settings: OpenRlhfSettings, answers: int) -> dict[str, object]:
    """How the policy is updated on the answers of a step."""
    policy, optimiser = recipe.policy, recipe.optimiser
    return {
        "train.batch_size": answers // policy.minibatches,
        "train.micro_batch_size": settings.micro_train,
        "train.num_episodes": 1,
        "train.max_epochs": 1,
        **{f"actor.{name}": value for name, value in _optimiser(recipe).items()},
        "actor.max_norm": optimiser.max_grad_norm,
        "actor.eps_clip": policy.clip,
        **({} if policy.clip_high is None else {"actor.eps_clip_low_high": (policy.clip, policy.clip_high)}),
        **({} if policy.dual_clip is None else {"actor.dual_clip": policy.dual_clip}),
        "actor.entropy_coef": 0,
        "algo.advantage.estimator": "group_norm",
        "algo.advantage.is_correction_level": "token" if settings.correct_engine else "off",
        "algo.advantage.is_correction_mode": "clip",
        "algo.kl.init_coef": policy.kl,
        "algo.kl.estimator": "k3",
    }


def _optimiser(recipe: Recipe) -> dict[str, object]:
    optimiser = recipe.optimiser
    return {
        "adam.lr": optimiser.learning_rate,
        "adam.betas": optimiser.betas,
        "adam.weight_decay": optimiser.weight_decay,
        "lr_scheduler": "constant_with_warmup",
        "lr_warmup_ratio": warmup_ratio(recipe),
    }


def warmup_ratio(recipe: Recipe) -> float:
    """The share of updates that warm up, of which OpenRLHF takes the next whole number: half an update less than there are.

    Else a rounding error would add one: 7 of 25 steps would be 8.
    """
    policy = recipe.policy
    warm, updates = recipe.optimiser.warmup_steps * policy.minibatches, policy.steps * policy.minibatches
    return min(1.0, (warm - 0.5) / updates) if warm else 0.0


def options(values: Mapping[str, object], switches: Mapping[str, bool]) -> list[str]:
    """Options with their values, then those switches that are on."""
    words = [part for name, value in values.items() for part in (f"--{name}", *_texts(value))]
    return [*words, *(f"--{name}" for name, on in switches.items() if on)]


def shown(command: str, words: Sequence[str]) -> str:
    """A command line for people, an option with its values per line."""
    return f"python -m {command} \\\n  " + " \\\n  ".join(_pairs(words))


def _pairs(words: Sequence[str]) -> Iterator[str]:
    line: list[str] = []
    for part in words:
        if part.startswith("--") and line:
            yield shlex.join(line)
            line = []
        line.append(part)
    yield shlex.join(line)


def _texts(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, tuple) else [str(value)]


@dataclass(frozen=True)
class FitPaths:
    """The checkpoint that a stage starts from, and the folder of what OpenRLHF reads and writes for it."""

    start: Path
    folder: Path

    @property
    def rows(self) -> Path:
        """The examples."""
        return self.folder / "rows.jsonl"

    @property
    def states(self) -> Path:
        """DeepSpeed's states."""
        return self.folder / "states"

    @property
    def weights(self) -> Path:
        """Weights that are being saved, apart from the states, of which OpenRLHF drops the oldest folder there."""
        return self.folder / "weights"

    @property
    def last(self) -> Path:
        """The weights at the end, which OpenRLHF saves beside those that were due."""
        return self.folder / "last"


def command(objective: Sft | Dpo) -> str:
    """OpenRLHF's entry."""
    return "openrlhf.cli.train_dpo" if isinstance(objective, Dpo) else "openrlhf.cli.train_sft"


def fit_arguments(
    recipe: Recipe, settings: OpenRlhfSettings, objective: Sft | Dpo, paths: FitPaths, *, resume: bool
) -> list[str]:
    """The arguments. A step of a recipe is policy.minibatches of OpenRLHF's, of policy.prompts / policy.minibatches examples.

    The rows are already in order, and all that are needed: one epoch. Of a warm-up, the first update has the rate 0.
    """
    policy, optimiser = recipe.policy, recipe.optimiser
    values: dict[str, object] = {
        "model.model_name_or_path": paths.start,
        "data.dataset": paths.rows,
        "data.max_samples": policy.steps * policy.prompts,
        "data.dataloader_num_workers": 0,
        "train.seed": recipe.seed,
        "train.batch_size": policy.prompts // policy.minibatches,
        "train.micro_batch_size": settings.micro_train,
        "train.max_epochs": 1,
        **_optimiser(recipe),
        "max_norm": optimiser.max_grad_norm,
        **_deepspeed(settings),
        "ckpt.output_dir": paths.last,
        "ckpt.path": paths.states,
        "ckpt.save_steps": recipe.checkpoint_every * policy.minibatches,
        "ckpt.max_num": KEPT,
        "logger.logging_steps": 1,
    }
    if isinstance(objective, Dpo):
        values |= {
            "ref.model_name_or_path": paths.start,
            "model.beta": objective.beta,
            "model.nll_loss_coef": objective.regulariser,
        }
    switches = {
        "ckpt.load_enable": resume,
        "model.gradient_checkpointing_enable": settings.gradient_checkpointing,
        "ds.adam_offload": settings.adam_offload,
    }
    return options(values, switches)
