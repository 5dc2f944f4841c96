"""Drawing answers token by token from a prompt pass: greedy, or by temperature and top-p with a seed per answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import NonFiniteOutputError
from ..types import Sampling
from .vlm import Prefix, VisionLanguageModel, uniforms

UNIFORM_BLOCK = 256


@dataclass
class Answers:
    """R answers of at most T tokens: `ids` and `mask` (R, T), the end token included; `ended` (R,) if it was drawn."""

    ids: Tensor
    mask: Tensor
    ended: Tensor


@torch.no_grad()
def draw_answers(
    vlm: VisionLanguageModel,
    prefix: Prefix,
    sampling: Sampling,
    seeds: Sequence[int],
    banned: Sequence[int] = (),
) -> Answers:
    """One answer per row of `prefix`, row r by the random numbers of seeds[r]; tokens in `banned` are never drawn.

    A row's answer depends on its prompt and seed, not on its neighbours or its place in the batch; it ends where the
    model's context does.
    """
    pad = vlm.tokenizer.pad_token_id
    logits = prefix.logits
    rows = logits.shape[0]
    if not torch.isfinite(logits).all():
        raise NonFiniteOutputError(
            "the model's output is not finite: its weights are damaged, or its training diverged"
        )
    ends = torch.tensor(vlm.end_ids, device=logits.device)
    room = vlm.context - prefix.mask.sum(1)
    live = torch.ones(rows, dtype=torch.bool, device=logits.device)
    ended = torch.zeros_like(live)
    ids: list[Tensor] = []
    masks: list[Tensor] = []
    random = torch.empty(0)
    for step in range(sampling.max_tokens):
        if not sampling.greedy and step % UNIFORM_BLOCK == 0:
            random = _random_block(seeds, step, logits.device)
        if banned:
            logits = logits.index_fill(1, torch.tensor(banned, device=logits.device), -torch.inf)
        token = _choose(logits, sampling, None if sampling.greedy else random[:, step % UNIFORM_BLOCK])
        ids.append(torch.where(live, token, pad))
        masks.append(live)
        ended |= live & torch.isin(token, ends)
        live = live & ~ended & (room > step + 1)
        if not live.any() or step + 1 == sampling.max_tokens:
            break
        answered = torch.stack(masks, 1)
        logits = vlm.extend(prefix, ids[-1][:, None], answered, start=step)[:, -1]
    return Answers(torch.stack(ids, 1), torch.stack(masks, 1), ended)


def _random_block(seeds: Sequence[int], step: int, device: torch.device) -> Tensor:
    """The next UNIFORM_BLOCK numbers of every row; a row's block k has a seed of its own."""
    block = step // UNIFORM_BLOCK
    return uniforms([seed + (block << 64) for seed in seeds], UNIFORM_BLOCK).to(device)


def _choose(logits: Tensor, sampling: Sampling, uniform: Tensor | None) -> Tensor:
    """Next tokens (R,) from logits (R, V): the most probable, or by inverse transform of `uniform` (R,)."""
    if uniform is None:
        return logits.argmax(-1)
    logits = logits.float()
    logits = logits - logits.amax(-1, keepdim=True)  # so that the division by a tiny temperature can not overflow
    probabilities = F.softmax(logits / sampling.temperature, -1)
    if sampling.top_p < 1:
        ranked, order = probabilities.sort(dim=-1, descending=True, stable=True)
        ranked = ranked.masked_fill(ranked.cumsum(-1) - ranked >= sampling.top_p, 0)
        probabilities = torch.zeros_like(probabilities).scatter(-1, order, ranked)
    cumulative = probabilities.cumsum(-1)
    threshold = uniform[:, None] * cumulative[:, -1:] * (1 - 2**-20)  # rounding never reaches the end
    return torch.searchsorted(cumulative, threshold, right=True)[:, 0].clamp(max=logits.shape[1] - 1)
