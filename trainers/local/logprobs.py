"""Log-probabilities of given answers under a model, with gradients when they are on."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...harness.models.vlm import VisionLanguageModel


def answer_logprobs(
    vlm: VisionLanguageModel,
    inputs: Mapping[str, Tensor],
    ids: Tensor,
    mask: Tensor,
    temperature: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Log-probability and entropy (nats) of every answer token, both (R, T), at the sampling temperature.

    `inputs` are B encoded prompts; `ids` and `mask` (R, T) are R = B x n answers, n per prompt in order. A prompt runs once.
    """
    prefix = vlm.prefill(inputs, repeat=ids.shape[0] // inputs["input_ids"].shape[0])
    logits = prefix.logits[:, None]
    if ids.shape[1] > 1:
        rest = vlm.extend(prefix, ids[:, :-1], mask[:, :-1])
        logits = torch.cat([logits, rest], 1)
    log_p = torch.log_softmax(logits.float() / temperature, -1)
    chosen = log_p.gather(2, ids[..., None])[..., 0]
    entropy = -(log_p.exp() * log_p).sum(-1)
    return chosen, entropy
