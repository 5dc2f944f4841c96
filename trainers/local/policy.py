"""The policy of a local training: a checkpoint opened to be trained, as the recipe's [lora] and [local] say."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch.nn import Parameter

from ...harness.engines.vlm import VisionLanguageModel
from ...harness.errors import MissingExtraError
from ..recipe import Recipe
from ..recipe_settings import LocalSettings
from .adapter import Adapter
from .optimisers import bitsandbytes
from .recomputation import recompute_layers

Reference: TypeAlias = Callable[[], AbstractContextManager[VisionLanguageModel]]
"""Gives the model that a training began with, for as long as it is asked."""


@dataclass(frozen=True)
class Policy:
    """The model of checkpoint `start`, which `stored` its weights in that precision.

    It computes in that precision too, but for float16: its narrow range would need a scaled loss, so it computes in float32.
    """

    vlm: VisionLanguageModel
    start: Path
    stored: torch.dtype
    adapter: Adapter | None

    @classmethod
    def open(cls, recipe: Recipe, start: Path, device: str) -> Policy:
        """On `device`. Raises CheckpointError, UsageError, MissingExtraError."""
        settings, lora = recipe.local or LocalSettings(), recipe.lora
        if settings.attention == "flash_attention_2" and find_spec("flash_attn") is None:
            raise MissingExtraError(
                "local.attention flash_attention_2 needs flash-attn: see docs/training.md, or use sdpa"
            )
        four_bit = lora is not None and lora.four_bit
        package = bitsandbytes("lora.four_bit") if four_bit else None
        vlm = VisionLanguageModel.load(start, device, attention=settings.attention, four_bit=four_bit)
        if package is not None:
            _stay_trainable(vlm.model, package.nn.Linear4bit)
        stored: torch.dtype = vlm.model.dtype
        if stored == torch.float16 and not four_bit:
            vlm.model.float()
        vision = recipe.policy.train_vision
        vlm.model.model.visual.requires_grad_(vision and lora is None)
        adapter = None if lora is None else Adapter(vlm.model, lora, recipe.seed, vision=vision)
        if settings.gradient_checkpointing:
            recompute_layers(vlm.model)
        return cls(vlm, start, stored, adapter)

    def trained(self) -> dict[str, Parameter]:
        """The parameters that change, by name."""
        return {name: one for name, one in self.vlm.model.named_parameters() if one.requires_grad}

    def reference(self) -> Reference:
        """The model as it is now, before any update: a frozen copy, or itself without its adapter."""
        if self.adapter is not None:
            return self._without_adapter
        frozen = copy.deepcopy(self.vlm.model).eval().requires_grad_(False)
        return lambda: nullcontext(self._around(frozen))

    @contextmanager
    def _without_adapter(self) -> Iterator[VisionLanguageModel]:
        assert self.adapter is not None
        with self.adapter.off():
            yield self.vlm

    def checkpoint(self) -> VisionLanguageModel:
        """What is saved and examined: whole weights in the precision of `start`, with the adapter merged into them."""
        if self.adapter is not None:
            merged = VisionLanguageModel.load(self.start)
            self.adapter.merge_into(merged.model)
            return merged
        if self.stored == self.vlm.model.dtype:
            return self.vlm
        return self._around(copy.deepcopy(self.vlm.model).to(self.stored))

    def _around(self, model: object) -> VisionLanguageModel:
        return VisionLanguageModel(model, self.vlm.tokenizer, self.vlm.image_processor)


def _stay_trainable(model: Any, kind: type[Any]) -> None:
    """Keep bitsandbytes from packing a CPU's 4-bit weights for inference, for it cannot train those."""
    for layer in model.modules():
        if isinstance(layer, kind):
            layer.support_avx512bf16_for_cpu = False
