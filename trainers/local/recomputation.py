"""Gradient checkpointing: a layer's activations are not kept for the backward pass but computed again in it.

The switch of transformers takes the keys and values of the prompts away from the layers; this leaves them, since nothing is
written into them (`log_probabilities.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer


def recompute_layers(model: Any) -> None:
    """Keep only what goes into each layer of the language model and the vision tower. A deep copy does so too."""
    for layer in model.modules():
        if isinstance(layer, GradientCheckpointingLayer):
            layer.forward = partial(_recomputed, type(layer).forward, layer)


def _recomputed(forward: Callable[..., Any], layer: Any, *args: Any, **kwargs: Any) -> Any:
    if torch.is_grad_enabled():
        return checkpoint(forward, layer, *args, use_reentrant=False, **kwargs)
    return forward(layer, *args, **kwargs)
