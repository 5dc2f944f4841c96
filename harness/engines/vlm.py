"""A vision-language checkpoint on torch: loading, encoding of prompts, and a prompt pass whose cache serves n answers.

The prompt pass (pictures included) runs once per prompt; its key-value cache is then repeated n times, so that n answers
cost one look at the picture. The same two passes, with gradients on, give a trainer the log-probabilities of answers.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.cache_utils import DynamicCache

from ..errors import DataError
from ..runs.checkpoints import check_whole
from ..types import Prompt, Sampling
from .chat import ChatTemplate
from .drawing import AnswerDrawer, DrawnTokens, end_ids
from .loading import (
    as_checkpoint_error,
    load_processors,
    load_trainable_configuration,
    load_weights,
)
from .pictures import PictureProcessor


@dataclass
class Prefix:
    """A batch of prompts after the prompt pass, R = prompts x repeat rows.

    `logits` (R, V) of the next token; `ids` and `mask` (R, L) of the prompts, padded on the left; `next_position` (3 or 1, R)
    of the token that follows.
    """

    cache: Any
    logits: Tensor
    ids: Tensor
    mask: Tensor
    next_position: Tensor


class VisionLanguageModel:
    """Weights, tokenizer and image processor of one checkpoint of the Qwen2-VL family."""

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.image_processor = image_processor
        self.tokenizer.padding_side = "left"
        self.image_token: str = tokenizer.convert_ids_to_tokens(model.config.image_token_id)
        self.chat = ChatTemplate(tokenizer, self.image_token)
        self._picture_processor = PictureProcessor(image_processor)
        self.context: int = model.config.get_text_config().max_position_embeddings
        self.end_ids: list[int] = end_ids(model, tokenizer)
        self.media_ids: list[int] = sorted({model.config.image_token_id, model.config.video_token_id})
        self._position_inputs = frozenset(inspect.signature(model.model.get_rope_index).parameters)

    @classmethod
    def load(
        cls,
        path: Path,
        device: str = "cpu",
        dtype: str = "auto",
        *,
        attention: str = "sdpa",
        four_bit: bool = False,
    ) -> VisionLanguageModel:
        """Load from a folder in Hugging Face format, safetensors only; `attention` and `four_bit` as in `load_weights`.

        Raises CheckpointError with what is missing, UsageError for a device that this machine lacks.
        """
        check_whole(path)
        with as_checkpoint_error(path):
            return cls._assemble(path, device, dtype, attention, four_bit)

    @classmethod
    def _assemble(cls, path: Path, device: str, dtype: str, attention: str, four_bit: bool) -> VisionLanguageModel:
        load_trainable_configuration(path)
        tokenizer, image_processor = load_processors(path)
        weights = load_weights(path, device, dtype, attention=attention, four_bit=four_bit)
        vlm = cls(weights, tokenizer, image_processor)
        vlm.chat.check(path)
        return vlm

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.device
        return device

    def save(self, path: Path) -> None:
        """Write weights and processor files in Hugging Face format, complete enough for AutoProcessor."""
        self.model.save_pretrained(path)
        self.tokenizer.save_pretrained(path)
        self.image_processor.save_pretrained(path)

    def _pictures(self, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        """The patches of all pictures of the prompts and their grids, each scaled as its prompt's rendering says."""
        parts: list[Mapping[str, Tensor]] = []
        for pixels, alike in groupby(prompts, key=lambda prompt: prompt.rendering.pixels):
            if images := [image for prompt in alike for image in prompt.images]:
                parts.append(self._picture_processor.patches(images, pixels))
        return {name: torch.cat([part[name] for part in parts]) for name in ("pixel_values", "image_grid_thw") if parts}

    def encode(self, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        """Model inputs of a batch: input_ids and attention_mask (B, L), padded left, and the pictures' patches.

        Raises DataError if a picture cannot be decoded or a prompt does not fit into the model's context.
        """
        pictures = self._pictures(prompts)
        counts = iter(self._picture_processor.counted(pictures))
        texts = []
        for prompt in prompts:
            head, *rest = self.chat.text(prompt).split(self.image_token)
            texts.append(head + "".join(self.image_token * next(counts) + piece for piece in rest))
        tokens = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        longest = tokens["input_ids"].shape[1]
        if longest >= self.context:
            raise DataError(f"a prompt has {longest} tokens, and the model's context only {self.context}")
        inputs = {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"], **pictures}
        return {name: tensor.to(self.device) for name, tensor in inputs.items()}

    def join(self, batches: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """One batch of several encoded ones, padded on the left to the longest."""
        width = max(batch["input_ids"].shape[1] for batch in batches)
        padding = {"input_ids": self.tokenizer.pad_token_id, "attention_mask": 0}
        joined = {
            name: torch.cat([F.pad(batch[name], (width - batch[name].shape[1], 0), value=value) for batch in batches])
            for name, value in padding.items()
        }
        for name in ("pixel_values", "image_grid_thw"):
            if pictures := [batch[name] for batch in batches if name in batch]:
                joined[name] = torch.cat(pictures)
        return joined

    def decode(self, ids: Tensor, mask: Tensor) -> list[str]:
        """The texts of answers (R, T), without control tokens, behind the mark of a thinking that the template opened."""
        return [self.chat.opening + text for text in self.decode_plain(ids, mask)]

    def decode_plain(self, ids: Tensor, mask: Tensor) -> list[str]:
        """The texts of answers (R, T), without control tokens."""
        rows = zip(ids, mask.sum(1).tolist(), strict=True)
        texts: list[str] = self.tokenizer.batch_decode([row[:length] for row, length in rows], skip_special_tokens=True)
        return texts

    def prefill(self, inputs: Mapping[str, Tensor], repeat: int = 1) -> Prefix:
        """Run the prompts once, then stand each one `repeat` times in the batch (row = prompt x repeat + k)."""
        positions = self.positions(inputs)
        cache = DynamicCache(config=self.model.config)
        output = self.model(**inputs, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1)
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        prefix = Prefix(cache, output.logits[:, -1], ids, mask, positions[..., -1] + 1)
        if repeat > 1:
            cache.batch_repeat_interleave(repeat)
            prefix.logits = prefix.logits.repeat_interleave(repeat, 0)
            prefix.ids = prefix.ids.repeat_interleave(repeat, 0)
            prefix.mask = prefix.mask.repeat_interleave(repeat, 0)
            prefix.next_position = prefix.next_position.repeat_interleave(repeat, 1)
        return prefix

    def positions(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Rotary positions (3, B, L): time, height and width for pictures, the same count in all three for text."""
        is_image = (inputs["input_ids"] == self.model.config.image_token_id).int()
        known = {**inputs, "mm_token_type_ids": is_image}
        positions: Tensor
        positions, _ = self.model.model.get_rope_index(
            **{name: tensor for name, tensor in known.items() if name in self._position_inputs}
        )
        return positions

    def extend(self, prefix: Prefix, ids: Tensor, mask: Tensor, start: int = 0) -> Tensor:
        """Logits (R, T, V) after feeding `ids` (R, T), the answer's tokens from `start` on.

        `mask` (R, start + T) marks the real tokens of the whole answer so far.
        """
        steps = torch.arange(start, start + ids.shape[1], device=ids.device)
        output = self.model(
            input_ids=ids,
            attention_mask=torch.cat([prefix.mask, mask.to(prefix.mask.dtype)], 1),
            position_ids=prefix.next_position[..., None] + steps,
            past_key_values=prefix.cache,
            use_cache=True,
        )
        logits: Tensor = output.logits
        return logits


@torch.no_grad()
def draw_answers(
    vlm: VisionLanguageModel,
    prefix: Prefix,
    sampling: Sampling,
    seeds: Sequence[int],
    banned: Sequence[int] = (),
    *,
    tell: bool = False,
) -> DrawnTokens:
    """One answer per row of `prefix`, row r by the random numbers of seeds[r]; tokens in `banned` are never drawn.

    With `tell` the answers come with what the model's own distributions tell of their tokens.

    A row's answer depends on its prompt and seed, not on its neighbours or its place in the batch; it ends where the
    model's context does.
    """
    room = vlm.context - prefix.mask.sum(1)
    drawer = AnswerDrawer(
        vlm.tokenizer,
        sampling,
        seeds,
        end_ids=vlm.end_ids,
        room=room,
        prompts=(prefix.ids, prefix.mask),
        banned=banned,
        tell=tell,
    )
    token = drawer.draw(prefix.logits)
    while drawer.live.any():
        logits = vlm.extend(prefix, token[:, None], drawer.mask, start=drawer.step - 1)[:, -1]
        token = drawer.draw(logits)
    return drawer.drawn()
