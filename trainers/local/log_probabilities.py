"""Log-probabilities and entropies of given answers under a model, with gradients when those are on.

A prompt runs once, pictures included, and all answers to it go on from its keys and values. Nothing is written into those
after the prompt pass, so that a layer can be run again in the backward pass (`recomputation.py`). Logits are in float32 for
some tokens at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers.cache_utils import Cache, DynamicLayer

from ...harness.engines.vlm import VisionLanguageModel

LOGITS = 2**27
"""So many logits are there in float32 at a time: 512 MB, or 883 tokens of Qwen2.5-VL's vocabulary."""


def answer_logprobs(
    vlm: VisionLanguageModel,
    inputs: Mapping[str, Tensor],
    ids: Tensor,
    mask: Tensor,
    temperature: float = 1.0,
    *,
    counts: Sequence[int] = (),
) -> tuple[Tensor, Tensor]:
    """Log-probability and entropy (nats) of every answer token, both (R, T), at the sampling temperature.

    `inputs` are B encoded prompts; `ids` and `mask` (R, T) are R answers, in the order of the prompts: counts[b] to prompt b,
    or as many to each.
    """
    model = vlm.model
    repeats: int | Tensor = ids.shape[0] // inputs["input_ids"].shape[0]
    if len({*counts}) > 1:
        repeats = torch.tensor(counts, device=ids.device)
    positions = vlm.positions(inputs)
    prompt = Cache(layers=[PromptLayer() for _ in range(model.config.get_text_config().num_hidden_layers)])
    run = model.model(**inputs, position_ids=positions, past_key_values=prompt, use_cache=True)
    first = model.lm_head(run.last_hidden_state[:, -1:]).repeat_interleave(repeats, 0)
    pieces = [logprobs_of_logits(first, ids[:, :1], temperature)]
    if ids.shape[1] > 1:
        steps = torch.arange(ids.shape[1] - 1, device=ids.device)
        after = (positions[..., -1] + 1).repeat_interleave(repeats, 1)
        seen = inputs["attention_mask"].repeat_interleave(repeats, 0)
        run = model.model(
            input_ids=ids[:, :-1],
            attention_mask=torch.cat([seen, mask[:, :-1].to(seen.dtype)], 1),
            position_ids=after[..., None] + steps,
            past_key_values=Cache(layers=[AnswerLayer(layer, repeats) for layer in prompt.layers]),
            use_cache=True,
        )
        pieces += logprobs_in_chunks(model.lm_head, run.last_hidden_state, ids[:, 1:], temperature)
    logprobs, entropies = zip(*pieces, strict=True)
    return torch.cat(logprobs, 1), torch.cat(entropies, 1)


class PromptLayer(DynamicLayer):
    """A layer's keys and values of the prompts; running it again gives the same."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Keep them, and give them back."""
        self.keys, self.values, self.is_initialized = key_states, value_states, True
        return key_states, value_states


class AnswerLayer(DynamicLayer):
    """A layer's keys and values of the prompts, each as often as it has answers, before those of the answers."""

    def __init__(self, prompts: Any, repeats: int | Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._before = tuple(states.repeat_interleave(repeats, 0) for states in (prompts.keys, prompts.values))
        self.keys, self.values = self._before
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """All that the answers' tokens see; nothing is kept."""
        keys, values = self._before
        return torch.cat([keys, key_states], -2), torch.cat([values, value_states], -2)


def logprobs_in_chunks(head: Any, hidden: Tensor, ids: Tensor, temperature: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Log-probabilities and entropies (R, t) of ids (R, T) from hidden states (R, T, H), some t tokens at a time."""
    size = max(1, LOGITS // (hidden.shape[0] * head.out_features))
    chunks = list(zip(hidden.split(size, 1), ids.split(size, 1), strict=True))
    for states, tokens in chunks:
        if len(chunks) > 1 and torch.is_grad_enabled():
            yield checkpoint(_of_chunk, head, states, tokens, temperature, use_reentrant=False)
        else:
            yield _of_chunk(head, states, tokens, temperature)


def _of_chunk(head: Any, hidden: Tensor, ids: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    return logprobs_of_logits(head(hidden), ids, temperature)


def logprobs_of_logits(logits: Tensor, ids: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Log-probabilities and entropies (R, t) of ids (R, t) from logits (R, t, V), in float32."""
    log_p = torch.log_softmax(logits.float() / temperature, -1)
    return log_p.gather(2, ids[..., None])[..., 0], -(log_p.exp() * log_p).sum(-1)
