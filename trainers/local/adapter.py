"""LoRA (arXiv 2106.09685) on peft: matrices of a low rank beside frozen weights are what is trained. Needs peft."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ...harness.errors import MissingExtraError, UsageError, install
from ..recipe_settings import LoraSettings

_NAME = "default"


class Adapter:
    """Adapters in the linear layers of a model, which is frozen but for them: drawn from `seed`, and without effect at first.

    Adapted are the layers of the language model, with `vision` those of the vision tower too, whose last names are in the
    settings' targets; all if there are none. The output layer never is.
    """

    def __init__(self, model: Any, settings: LoraSettings, seed: int, *, vision: bool) -> None:
        try:
            from peft import LoraConfig, inject_adapter_in_model  # noqa: PLC0415 - few need it
        except ImportError as error:
            raise MissingExtraError(f"[lora] needs peft: {install('adapters')} ({error})") from error
        names = list(_targets(model, settings.targets, vision=vision))
        config = LoraConfig(
            r=settings.rank, lora_alpha=settings.scale, lora_dropout=settings.dropout, target_modules=names
        )
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            inject_adapter_in_model(config, model, _NAME)
        model.eval()  # its dropout too
        self._factor = settings.scale / settings.rank
        self._layers: dict[str, Any] = {name: model.get_submodule(name) for name in names}

    @contextmanager
    def off(self) -> Iterator[None]:
        """Within it the model is the one that it was before."""
        for layer in self._layers.values():
            layer.enable_adapters(False)
        try:
            yield
        finally:
            for layer in self._layers.values():
                layer.enable_adapters(True)

    @torch.no_grad()
    def merge_into(self, model: Any) -> None:
        """Add to another copy's weights what the adapters do, computed in float32 and rounded once."""
        for name, layer in self._layers.items():
            weight = model.get_submodule(name).weight
            low, high = layer.lora_A[_NAME].weight.float(), layer.lora_B[_NAME].weight.float()
            weight.copy_(weight.float() + self._factor * (high @ low).to(weight.device))


def _targets(model: Any, wanted: tuple[str, ...], *, vision: bool) -> Iterator[str]:
    """Names of the layers to adapt. Raises UsageError for a target that is no layer's."""
    parts = ["model.language_model.", *["model.visual."] * vision]
    linear = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.startswith(tuple(parts))
    ]
    known = {name.rpartition(".")[2] for name in linear}
    if unknown := sorted({*wanted} - known):
        raise UsageError(f"lora.targets: the model has no linear layer {unknown[0]!r:.40}: {', '.join(sorted(known))}")
    return (name for name in linear if not wanted or name.rpartition(".")[2] in wanted)
