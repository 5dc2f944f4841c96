"""A stage as the command line of OpenRLHF's `train_sft` or `train_dpo`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..methods.base import Dpo, Sft
from ..recipe import Recipe
from .arguments import options
from .settings import OpenRlhfSettings


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
        "adam.lr": optimiser.learning_rate,
        "adam.betas": optimiser.betas,
        "adam.weight_decay": optimiser.weight_decay,
        "lr_scheduler": "constant_with_warmup",
        "lr_warmup_ratio": min(1.0, optimiser.warmup_steps / policy.steps),
        "max_norm": optimiser.max_grad_norm,
        "ds.attn_implementation": settings.attention,
        "ds.zero_stage": settings.zero_stage,
        "ds.param_dtype": "bf16",
        "ckpt.output_dir": paths.folder / "last",
        "ckpt.path": paths.states,
        "ckpt.save_steps": recipe.checkpoint_every * policy.minibatches,
        "ckpt.max_num": 2,
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
