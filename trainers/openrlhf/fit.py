"""What is changed in OpenRLHF's SFT and DPO, whose models can see while their data sets and trainers can not.

- The data sets (`fit_data`), in the order of the rows.
- The trainers hand a batch's pictures to the models, policy and reference, and tell the launcher how it goes.
- A recipe that does not train the vision tower has it frozen, for which these entries have no option.

The losses, the updates and the states are OpenRLHF's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openrlhf.datasets
import openrlhf.models
import openrlhf.utils.deepspeed
import torch
from openrlhf.models import Actor
from openrlhf.trainer import dpo_trainer, sft_trainer
from openrlhf.utils.deepspeed import DeepspeedStrategy
from torch import Tensor

from ...harness.errors import DivergedError
from .fit_data import DpoExamples, Pictures, SftExamples, joined
from .plan import Plan, tell

micro_batches = sft_trainer.iter_grad_accum_global_norm


class BlindlyCalled:
    """Hands the pictures of a batch to models that are called without them."""

    def __init__(self, *models: Any) -> None:
        self.pictures: Pictures = {}
        for model in models:
            model.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, model: Any, given: tuple[Tensor, ...], named: Mapping[str, Any]) -> Any:
        there = {name: tensor.to(given[0].device) for name, tensor in self.pictures.items()}
        return given, {**named, **there}


class Told:
    """What both trainers do after an update: tell the metrics of whole steps, and save the checkpoints that are due."""

    def begin(self) -> None:
        """Read the plan."""
        self.plan = Plan.current()
        self._updates: list[dict[str, float]] = []
        self._tell(phase="training")

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """Our metrics of an update, of this process alone."""
        raise NotImplementedError

    def save_logs_and_checkpoints(
        self: Any, args: Any, global_step: int, step_bar: Any, logs_dict: Any = None, client_states: Any = None
    ) -> None:
        """As OpenRLHF does. Raises DivergedError if a metric is not finite."""
        super().save_logs_and_checkpoints(args, global_step, step_bar, logs_dict, client_states)  # type: ignore[misc]
        ours = self.strategy.all_reduce(self.measured(logs_dict))
        self._updates.append(ours | {"grad_norm": logs_dict["grad_norm"], "learning_rate": logs_dict["lr"]})
        step, rest = divmod(global_step, self.plan.recipe.policy.minibatches)
        if rest == 0:
            self._end_step(self.plan.first + step)
        if global_step % args.ckpt.save_steps == 0:
            path = Path(self.plan.events).parent / "weights" / f"global_step{global_step}_hf"
            self.strategy.save_model(self.model, self.tokenizer, str(path))
            self._tell(checkpoint=self.plan.first + step, path=str(path))

    def _end_step(self, step: int) -> None:
        metrics = {name: sum(one[name] for one in self._updates) / len(self._updates) for name in self._updates[0]}
        self._updates.clear()
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(f"{unfit[0]} is not finite at step {step}: lower optimiser.learning_rate")
        self._tell(step=step, metrics=metrics)

    def _tell(self: Any, **event: Any) -> None:
        if self.strategy.is_rank_0():
            tell(self.plan.events, **event)


class SeeingSft(Told, sft_trainer.SFTTrainer):  # type: ignore[misc]
    """SFT on examples with pictures."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._models = BlindlyCalled(self.model)
        sft_trainer.iter_grad_accum_global_norm = self._one_by_one
        self.begin()

    def _one_by_one(self, *given: Any) -> Iterator[Any]:
        """OpenRLHF's passes of an update, each with its pictures."""
        for (ids, mask, learned, pictures), normalisers in micro_batches(*given):
            self._models.pictures = pictures
            yield (ids, mask, learned), normalisers

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """The mean over the update's tokens."""
        return {"loss": logs["loss_mean"]}


class SeeingDpo(Told, dpo_trainer.DPOTrainer):  # type: ignore[misc]
    """DPO on preferences with pictures."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._models = BlindlyCalled(self.model, self.ref_model)
        self._margins: list[float] = []
        self._chosen: list[float] = []
        self.loss_fn.register_forward_hook(self._compared)
        self.begin()

    def concatenated_forward(  # noqa: PLR0917 - OpenRLHF's signature
        self,
        model: Any,
        chosen_ids: Tensor,
        c_mask: Tensor,
        reject_ids: Tensor,
        r_mask: Tensor,
        prompt_id_lens: tuple[list[int], Pictures],
    ) -> Any:
        """The chosen ones, then the rejected ones, which have the same pictures."""
        lengths, pictures = prompt_id_lens
        self._models.pictures = joined([pictures, pictures])
        found = super().concatenated_forward(model, chosen_ids, c_mask, reject_ids, r_mask, lengths)
        if model is self.model:
            self._chosen.append(float(found[-1]))
        return found

    def _compared(self, loss: Any, given: Any, found: tuple[Tensor, Tensor, Tensor]) -> None:
        self._margins.append(float((found[1] - found[2]).mean()) / self.beta)

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """Means over the update's pairs: the loss, the margin in nats before beta, and the share ranked as chosen."""
        margin, chosen = (sum(values) / len(values) for values in (self._margins, self._chosen))
        self._margins.clear()
        self._chosen.clear()
        loss = logs["loss_mean"] + self.args.model.nll_loss_coef * chosen
        return {"loss": loss, "margin": margin, "preferred_share": logs["acc_mean"]}


class InOrder(DeepspeedStrategy):  # type: ignore[misc]
    """Takes the rows as they come."""

    def setup_dataloader(
        self, rows: Any, batch_size: int, pin_memory: bool = False, shuffle: bool = True, *more: Any, **options: Any
    ) -> Any:
        """OpenRLHF's, without its shuffling."""
        return super().setup_dataloader(
            rows, batch_size, pin_memory and torch.cuda.is_available(), False, *more, **options
        )


class SightFrozen(Actor):  # type: ignore[misc]
    """A model whose vision tower is not trained."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options, freeze_visual_encoder=True)


def install() -> None:
    """Put them in the places where OpenRLHF's command lines look for its own."""
    openrlhf.datasets.SFTDataset = SftExamples
    openrlhf.datasets.RewardDataset = DpoExamples
    openrlhf.utils.deepspeed.DeepspeedStrategy = InOrder
    sft_trainer.SFTTrainer = SeeingSft
    dpo_trainer.DPOTrainer = SeeingDpo
    if not Plan.current().recipe.policy.train_vision:
        openrlhf.models.Actor = SightFrozen
