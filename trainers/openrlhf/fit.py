"""OpenRLHF's SFT and DPO with pictures: its models can see, its data sets and trainers cannot.

- The data sets (`SftExamples`, `DpoExamples`) hold the tokens and pictures that the local trainer trains on, in the order of
  the rows. A row is encoded when its turn comes and never cut; OpenRLHF's own data sets are of texts alone, cut to a length.
- The trainers hand a batch's pictures to policy and reference, and report metrics to the launcher.
- A recipe that does not train the vision tower has it frozen, for which these entries have no option.

The losses, the updates and the states are OpenRLHF's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openrlhf.datasets
import openrlhf.models
import openrlhf.utils.deepspeed
import torch
from openrlhf.models import Actor
from openrlhf.trainer import dpo_trainer, sft_trainer
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ...harness.engines.chat import ChatTemplate
from ...harness.engines.loading import load_processors, load_trainable_configuration
from ...harness.engines.pictures import PictureProcessor
from ...harness.errors import DataError, DivergedError
from ...harness.types import Prompt
from ..keeping import check_room, parameters
from .order import SequentialStrategy
from .plan import Plan, write_event
from .rows import read_prompt
from .states import needed

Pictures = Mapping[str, Tensor]
"""Patches and grids of the pictures of a batch, in its order; empty without pictures."""


@dataclass(frozen=True)
class EncodedExample:
    """A prompt with each of its responses (L,), an end token last; the prompt has `start` tokens."""

    sequences: Sequence[Tensor]
    start: int
    pictures: Pictures


class ExampleEncoder:
    """A checkpoint's template, tokenizer and image processor."""

    def __init__(self, path: Path) -> None:
        self._tokenizer, image_processor = load_processors(path)
        self._pictures = PictureProcessor(image_processor)
        config = load_trainable_configuration(path)
        self._image_id: int = config.image_token_id
        self._context: int = config.get_text_config().max_position_embeddings
        self._chat = ChatTemplate(self._tokenizer, self._tokenizer.convert_ids_to_tokens(self._image_id))
        self.pad_id: int = self._tokenizer.pad_token_id

    def encode(self, prompt: Prompt, responses: Sequence[str]) -> EncodedExample:
        """Raises DataError if a picture cannot be decoded or a sequence does not fit into the model's context."""
        pictures = self._shown(prompt)
        counts = iter(self._pictures.counted(pictures))
        ids: list[int] = []
        for token in self._ids(self._chat.text(prompt)):
            ids.extend([token] * (next(counts) if token == self._image_id else 1))
        sequences = [torch.tensor([*ids, *self._plain_ids(text), self._tokenizer.eos_token_id]) for text in responses]
        if (longest := max(map(len, sequences))) > self._context:
            raise DataError(f"an example has {longest} tokens, and the model's context only {self._context}")
        return EncodedExample(sequences, len(ids), pictures)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return ids

    def _plain_ids(self, text: str) -> list[int]:
        """A picture's token that is spelled out in a response would be looked for among the pictures."""
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
        return ids

    def _shown(self, prompt: Prompt) -> Pictures:
        return dict(self._pictures.patches(prompt.images, prompt.rendering.pixels)) if prompt.images else {}


class Examples(torch.utils.data.Dataset[EncodedExample]):
    """In the place of OpenRLHF's data sets, whose constructors it has; the options that are about texts are not used."""

    def __init__(self, rows: Any, tokenizer: Any, max_length: int, strategy: Any, **options: Any) -> None:
        self._rows = rows
        self._encoder = ExampleEncoder(Path(strategy.args.model.model_name_or_path))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> EncodedExample:
        row = self._rows[place]
        return self._encoder.encode(read_prompt(row), row["responses"])

    def _padded(self, sequences: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Tokens (B, L), padded on the right, and the mask of the real ones."""
        mask = pad_sequence([torch.ones_like(sequence) for sequence in sequences], batch_first=True)
        return pad_sequence(list(sequences), batch_first=True, padding_value=self._encoder.pad_id), mask


class SftExamples(Examples):
    """Examples for SFT."""

    def collate_fn(self, batch: Sequence[EncodedExample]) -> tuple[Tensor, Tensor, Tensor, Pictures]:
        """Tokens, mask, loss mask (one place ahead of the response's tokens), all (B, L), and the pictures."""
        sequences = [example.sequences[0] for example in batch]
        ids, mask = self._padded(sequences)
        learned = torch.zeros(ids.shape)
        for row, example in enumerate(batch):
            learned[row, example.start - 1 : len(sequences[row]) - 1] = 1
        return ids, mask, learned, joined([example.pictures for example in batch])


class DpoExamples(Examples):
    """Preferences for DPO."""

    def collate_fn(
        self, batch: Sequence[EncodedExample]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, tuple[list[int], Pictures]]:
        """Tokens and mask of the chosen ones, of the rejected ones; then the prompts' lengths and pictures."""
        chosen, rejected = ([example.sequences[kind] for example in batch] for kind in (0, 1))
        beside = [example.start for example in batch], joined([example.pictures for example in batch])
        return (*self._padded(chosen), *self._padded(rejected), beside)


def joined(pictures: Sequence[Pictures]) -> Pictures:
    """The pictures of several rows, in order."""
    names = {name: None for inputs in pictures for name in inputs}
    return {name: torch.cat([inputs[name] for inputs in pictures if name in inputs]) for name in names}


micro_batches = sft_trainer.iter_grad_accum_global_norm


class VisionForwardHook:
    """Hands the pictures of a batch to models that are called without them."""

    def __init__(self, *models: Any) -> None:
        self.pictures: Pictures = {}
        for model in models:
            model.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, model: Any, arguments: tuple[Tensor, ...], named: Mapping[str, Any]) -> Any:
        pictures = {name: tensor.to(arguments[0].device) for name, tensor in self.pictures.items()}
        return arguments, {**named, **pictures}


class MetricsReporter:
    """What both trainers do after an update: report the metrics of whole steps, and save the checkpoints that are due."""

    def begin(self) -> None:
        """Read the plan."""
        self.plan = Plan.current()
        self._updates: list[dict[str, float]] = []
        self._write_event(phase="training")

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """Our metrics of an update, of this process alone."""
        raise NotImplementedError

    def save_logs_and_checkpoints(
        self: Any, args: Any, global_step: int, step_bar: Any, logs_dict: Any = None, client_states: Any = None
    ) -> None:
        """As OpenRLHF does. Raises DivergedError if a metric is not finite, StoreError if a checkpoint finds no room."""
        if global_step % args.ckpt.save_steps == 0:
            states = Path(args.ckpt.path)
            check_room(states.parent, needed(states, parameters(Path(self.plan.base))), f"update {global_step}")
        super().save_logs_and_checkpoints(args, global_step, step_bar, logs_dict, client_states)  # type: ignore[misc]
        ours = self.strategy.all_reduce(self.measured(logs_dict))
        self._updates.append(ours | {"grad_norm": logs_dict["grad_norm"], "learning_rate": logs_dict["lr"]})
        step, rest = divmod(global_step, self.plan.recipe.policy.minibatches)
        if rest == 0:
            self._end_step(self.plan.first + step)
        if global_step % args.ckpt.save_steps == 0:
            path = Path(self.plan.events).parent / "weights" / f"global_step{global_step}_hf"
            self.strategy.save_model(self.model, self.tokenizer, str(path))
            self._write_event(checkpoint=self.plan.first + step, path=str(path))

    def _end_step(self, step: int) -> None:
        metrics = {
            name: sum(update[name] for update in self._updates) / len(self._updates) for name in self._updates[0]
        }
        self._updates.clear()
        if unfit := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise DivergedError(f"{unfit[0]} is not finite at step {step}: lower optimiser.learning_rate")
        self._write_event(step=step, metrics=metrics)

    def _write_event(self: Any, **event: Any) -> None:
        if self.strategy.is_rank_0():
            write_event(self.plan.events, **event)


class VisionSFTTrainer(MetricsReporter, sft_trainer.SFTTrainer):  # type: ignore[misc]
    """SFT on examples with pictures."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._models = VisionForwardHook(self.model)
        sft_trainer.iter_grad_accum_global_norm = self._passes
        self.begin()

    def _passes(self, *arguments: Any) -> Iterator[Any]:
        """OpenRLHF's passes of an update, each with its pictures."""
        for (ids, mask, learned, pictures), normalisers in micro_batches(*arguments):
            self._models.pictures = pictures
            yield (ids, mask, learned), normalisers

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """The mean over the update's tokens."""
        return {"loss": logs["loss_mean"]}


class VisionDPOTrainer(MetricsReporter, dpo_trainer.DPOTrainer):  # type: ignore[misc]
    """DPO on preferences with pictures."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._models = VisionForwardHook(self.model, self.ref_model)
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
        outputs = super().concatenated_forward(model, chosen_ids, c_mask, reject_ids, r_mask, lengths)
        if model is self.model:
            self._chosen.append(float(outputs[-1]))
        return outputs

    def _compared(self, loss: Any, arguments: Any, outputs: tuple[Tensor, Tensor, Tensor]) -> None:
        self._margins.append(float((outputs[1] - outputs[2]).mean()) / self.beta)

    def measured(self, logs: Mapping[str, float]) -> dict[str, float]:
        """Means over the update's pairs: the loss, the margin in nats before beta, and the share ranked as chosen."""
        margin, chosen = (sum(values) / len(values) for values in (self._margins, self._chosen))
        self._margins.clear()
        self._chosen.clear()
        loss = logs["loss_mean"] + self.args.model.nll_loss_coef * chosen
        return {"loss": loss, "margin": margin, "preferred_share": logs["acc_mean"]}


class FrozenVisionActor(Actor):  # type: ignore[misc]
    """A model whose vision tower is not trained."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options, freeze_visual_encoder=True)


def install() -> None:
    """Put them in the places where OpenRLHF's command lines look for its own."""
    openrlhf.datasets.SFTDataset = SftExamples
    openrlhf.datasets.RewardDataset = DpoExamples
    openrlhf.utils.deepspeed.DeepspeedStrategy = SequentialStrategy
    sft_trainer.SFTTrainer = VisionSFTTrainer
    dpo_trainer.DPOTrainer = VisionDPOTrainer
    if not Plan.current().recipe.policy.train_vision:
        openrlhf.models.Actor = FrozenVisionActor
