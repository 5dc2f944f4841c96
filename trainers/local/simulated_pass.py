"""How much memory a pass over given answers takes, found by running it on tensors that have shapes and no contents.

The model's own layers, attention, adapters and recomputation run, as a training runs them; only the masks, positions and
picture patches that go in are made up.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoModelForImageTextToText
from transformers.cache_utils import Cache

from ..recipe import Recipe
from ..recipe_settings import LocalSettings
from .adapter import Adapter
from .log_probabilities import AnswerLayer, PromptLayer, logprobs_in_chunks, logprobs_of_logits
from .master_weights import MasterWeights
from .recomputation import recompute_layers

PATCHES = 4
"""Of a picture, in a token."""


@dataclass(frozen=True)
class PassShape:
    """Prompts of so many tokens, of which some are a picture's, and so many answers of so many tokens to each."""

    prompts: int
    prompt_tokens: int
    picture_tokens: int
    answers: int
    answer_tokens: int


class SimulatedPolicy:
    """A model of a configuration, without contents, that a recipe trains in a precision."""

    def __init__(self, recipe: Recipe, config: Any, dtype: torch.dtype) -> None:
        settings = recipe.local or LocalSettings()
        with torch.device("meta"):
            how = {"attn_implementation": "eager"} if settings.attention == "eager" else {}
            self.model = AutoModelForImageTextToText.from_config(config, dtype=dtype, **how)
            vision = recipe.policy.train_vision
            self.model.model.visual.requires_grad_(vision and recipe.lora is None)
            self.linear = sum(
                layer.weight.numel()
                for layer in self.model.model.language_model.modules()
                if isinstance(layer, nn.Linear)
            )
            self.parameters = sum(one.numel() for one in self.model.parameters())
            if recipe.lora is not None:
                Adapter(self.model, recipe.lora, recipe.seed, vision=vision)
            if settings.gradient_checkpointing:
                recompute_layers(self.model)
        self._mode = FakeTensorMode()
        with self._mode:
            _shape_only(self.model)
            self.trained = {name: one for name, one in self.model.named_parameters() if one.requires_grad}
            self._masters = MasterWeights(self.trained).masters
            for master in self._masters.values():
                master.grad = torch.zeros_like(master)

    def bytes_of(self, shape: PassShape, *, train: bool) -> int:
        """The most bytes at once beside what is always there, gradients among that; with `train` forwards and backwards."""
        gradients = [master.grad for master in self._masters.values() if master.grad is not None]
        there = [*self.model.parameters(), *self.model.buffers(), *self._masters.values(), *gradients]
        self.model.train(train)
        with self._mode, torch.set_grad_enabled(train), _Meter(there) as meter:
            loss = self._told(shape).sum()
            if train:
                loss.backward()
        return int(meter.peak)

    def _told(self, shape: PassShape) -> Tensor:
        """As `answer_logprobs` has it."""
        answers, config = shape.prompts * shape.answers, self.model.config.get_text_config()
        prompt = Cache(layers=[PromptLayer() for _ in range(config.num_hidden_layers)])
        self._look_at(shape.prompts * shape.picture_tokens * PATCHES)
        hidden = self._read(shape.prompts, shape.prompt_tokens, shape.prompt_tokens, prompt)
        first = self.model.lm_head(hidden[:, -1:]).repeat_interleave(shape.answers, 0)
        ids = torch.zeros(answers, shape.answer_tokens, dtype=torch.long)
        pieces = [logprobs_of_logits(first, ids[:, :1], 1.0)]
        if shape.answer_tokens > 1:
            after = Cache(layers=[AnswerLayer(layer, shape.answers) for layer in prompt.layers])
            length = shape.answer_tokens - 1
            hidden = self._read(answers, length, shape.prompt_tokens + length, after)
            pieces += logprobs_in_chunks(self.model.lm_head, hidden, ids[:, 1:], 1.0)
        return torch.cat([logprobs for logprobs, _ in pieces], 1)

    def _read(self, rows: int, length: int, seen: int, cache: Cache) -> Tensor:
        ids = torch.zeros(rows, length, dtype=torch.long)
        hidden: Tensor = self.model.model.language_model(
            inputs_embeds=self.model.get_input_embeddings()(ids),
            attention_mask={"full_attention": torch.zeros(rows, 1, length, seen, dtype=torch.bool)},
            position_ids=torch.zeros(3, rows, length, dtype=torch.long),
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        return hidden

    def _look_at(self, patches: int) -> None:
        """The vision tower, as if all patches were of one picture; what is kept of it is kept by its output."""
        visual = self.model.model.visual
        parameter = next(visual.parameters())
        size = visual.blocks[0].norm1.weight.shape[0]
        hidden = torch.zeros(patches, size, dtype=parameter.dtype)
        hidden = hidden + parameter.flatten()[0]  # so that its gradient is asked for where the tower is trained
        angles = torch.zeros(patches, size // visual.blocks[0].attn.num_heads)
        for block in visual.blocks:
            hidden = block(hidden, cu_seqlens=_OneWindow(patches), position_embeddings=(angles, angles))
        self._seen = visual.merger(hidden)


class _OneWindow:
    """The bounds of a single window of attention, as the vision tower asks for its windows' lengths."""

    def __init__(self, patches: int) -> None:
        self._patches = patches

    def __getitem__(self, which: slice) -> _OneWindow:
        return self

    def __sub__(self, other: _OneWindow) -> _OneWindow:
        return self

    def tolist(self) -> list[int]:
        """The lengths."""
        return [self._patches]


class _Meter(TorchDispatchMode):
    """Counts the bytes of all storages that are made while it is on, for as long as they are there; not what is `there`."""

    def __init__(self, there: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known = {one.untyped_storage()._cdata for one in there}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            if isinstance(one, Tensor):
                self._count(one.untyped_storage())
        return made

    def _count(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._known:
            self._known.add(key)
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


def _shape_only(model: Any) -> None:
    """Put tensors without contents in the place of all of a model's."""
    made: dict[int, Any] = {}
    for module in model.modules():
        for kept in (module._parameters, module._buffers):
            for name, one in kept.items():
                if one is None:
                    continue
                if id(one) not in made:
                    empty = torch.empty(one.shape, dtype=one.dtype)
                    made[id(one)] = nn.Parameter(empty, one.requires_grad) if isinstance(one, nn.Parameter) else empty
                kept[name] = made[id(one)]
