"""Answers token by token: greedy, or by the sampling's distribution with a seed per answer.

A row's answer depends on its logits and its seed, never on its neighbours or its place in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import NonFiniteOutputError
from ..types import Sampling, TokenStatistics

UNIFORM_BLOCK = 256


@dataclass
class DrawnTokens:
    """R answers of at most T tokens: `ids` and `mask` (R, T), the end token included; `ended` (R,) if it was drawn.

    `logprobs` and `entropies` (R, T), as `TokenStatistics` has them, are there if they were asked for.
    """

    ids: Tensor
    mask: Tensor
    ended: Tensor
    logprobs: Tensor | None = None
    entropies: Tensor | None = None

    @classmethod
    def joined(cls, parts: Sequence[DrawnTokens], padding: int) -> DrawnTokens:
        """The rows of all parts, padded on the right to the longest; with statistics if all have them."""
        if len(parts) == 1:
            return parts[0]
        width = max(part.ids.shape[1] for part in parts)

        def rows(tensors: Sequence[Tensor], value: int = 0) -> Tensor:
            return torch.cat([F.pad(tensor, (0, width - tensor.shape[1]), value=value) for tensor in tensors])

        def known(tensors: Sequence[Tensor | None]) -> Tensor | None:
            told = [one for one in tensors if one is not None]
            return rows(told) if len(told) == len(parts) else None

        return cls(
            rows([part.ids for part in parts], padding),
            rows([part.mask for part in parts]),
            torch.cat([part.ended for part in parts]),
            known([part.logprobs for part in parts]),
            known([part.entropies for part in parts]),
        )

    def statistics(self) -> list[TokenStatistics | None]:
        """Of each answer; None where they were not asked for. An engine may give no entropies."""
        if self.logprobs is None:
            return [None] * len(self.ids)
        lengths = self.mask.sum(1).tolist()
        entropies = [None] * len(lengths) if self.entropies is None else self.entropies.tolist()
        rows = zip(self.logprobs.tolist(), entropies, lengths, strict=True)
        return [TokenStatistics.rounded(one[:n], None if two is None else two[:n]) for one, two, n in rows]


def told_of(logits: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability of the tokens (R,) and entropy (nats) under a model's own logits (R, V), both (R,)."""
    log_p = torch.log_softmax(logits.float(), -1)
    return log_p.gather(1, token[:, None])[:, 0], torch.special.entr(log_p.exp()).sum(-1)


class AnswerDrawer:
    """Draws R answers side by side from their logits, a token at a time, until none is `live`.

    `seeds` has one for each row. An answer ends with a token of `end_ids`, where one of the sampling's stop texts appears in
    it, after `sampling.max_tokens` or where the model's context does: `room` (R,) is what its prompt leaves of that.
    `prompts` (R, L) with their `mask` are what a repetition penalty counts too; tokens in `banned` are never drawn.
    With `tell` the answers come with what the model's own distributions tell of their tokens.
    """

    def __init__(
        self,
        tokenizer: Any,
        sampling: Sampling,
        seeds: Sequence[int],
        *,
        end_ids: Sequence[int],
        room: Tensor,
        prompts: tuple[Tensor, Tensor] | None = None,
        banned: Sequence[int] = (),
        tell: bool = False,
    ) -> None:
        device = room.device
        self._tokenizer, self._sampling, self._seeds, self._prompts = tokenizer, sampling, seeds, prompts
        self._ends = torch.tensor(list(end_ids), device=device)
        self._banned = torch.tensor(list(banned), dtype=torch.long, device=device)
        self._room = room
        self.live = torch.ones(len(seeds), dtype=torch.bool, device=device)
        self._ended = torch.zeros_like(self.live)
        self._ids: list[Tensor] = []
        self._masks: list[Tensor] = []
        self._random = torch.empty(0)
        self._seen: Tensor | None = None
        self._tell = tell
        self._told: list[tuple[Tensor, Tensor]] = []

    @property
    def step(self) -> int:
        """How many tokens were drawn for the longest answer."""
        return len(self._ids)

    @property
    def mask(self) -> Tensor:
        """The real tokens of the answers so far (R, step)."""
        return torch.stack(self._masks, 1)

    def draw(self, logits: Tensor) -> Tensor:
        """The next token of each row (R,) from logits (R, V); the padding token for a row that has ended.

        Raises NonFiniteOutputError for the first logits if they are not finite.
        """
        step, sampling = self.step, self._sampling
        if step == 0 and not torch.isfinite(logits).all():
            raise NonFiniteOutputError(
                "the model's output is not finite: its weights are damaged, or its training diverged"
            )
        if not sampling.greedy and step % UNIFORM_BLOCK == 0:
            self._random = random_block(self._seeds, step, logits.device)
        own = logits
        if len(self._banned):
            logits = logits.index_fill(1, self._banned, -torch.inf)
        logits = self._penalised(logits)
        token = choose(logits, sampling, None if sampling.greedy else self._random[:, step % UNIFORM_BLOCK])
        token = torch.where(self.live, token, self._tokenizer.pad_token_id)
        if self._tell:
            self._told.append(told_of(own, token))
        self._ids.append(token)
        self._masks.append(self.live)
        self._ended |= self.live & torch.isin(token, self._ends)
        self.live = self.live & ~self._ended & (self._room > self.step)
        if sampling.stop:
            self._stop()
        if self.step == sampling.max_tokens:
            self.live = torch.zeros_like(self.live)
        return token

    def drawn(self) -> DrawnTokens:
        """The answers."""
        logprobs, entropies = (
            (torch.stack(rows, 1) for rows in zip(*self._told, strict=True)) if self._told else (None, None)
        )
        return DrawnTokens(torch.stack(self._ids, 1), self.mask, self._ended, logprobs, entropies)

    def _penalised(self, logits: Tensor) -> Tensor:
        """Logits after the repetition and the presence penalty."""
        sampling = self._sampling
        if sampling.repetition_penalty == 1 and sampling.presence_penalty == 0:
            return logits
        answered = torch.zeros_like(logits, dtype=torch.bool)
        for ids, mask in zip(self._ids, self._masks, strict=True):
            answered[mask.nonzero()[:, 0], ids[mask]] = True
        if self._seen is None:
            self._seen = torch.zeros_like(answered)
            if self._prompts is not None:
                ids, mask = self._prompts
                rows, places = mask.bool().nonzero(as_tuple=True)
                known = ids[rows, places] < logits.shape[1]
                self._seen[rows[known], ids[rows, places][known]] = True
        repeated = logits / sampling.repetition_penalty
        repeated = torch.where(logits > 0, repeated, logits * sampling.repetition_penalty)
        logits = torch.where(self._seen | answered, repeated, logits)
        return logits - sampling.presence_penalty * answered

    def _stop(self) -> None:
        """End the rows in whose text one of the stop texts has appeared."""
        window = 4 * max(map(len, self._sampling.stop)) + 8  # tokens; a character has at most four
        for row in self.live.nonzero()[:, 0].tolist():
            tail = [ids[row].item() for ids in self._ids[-window:]]
            text = self._tokenizer.decode(tail, skip_special_tokens=True)
            if any(stop in text for stop in self._sampling.stop):
                self._ended[row] = True
                self.live[row] = False


def end_ids(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: the tokenizer's, and what the checkpoint's generation settings add (one or a list)."""
    configured = model.generation_config.eos_token_id
    added = configured if isinstance(configured, list) else [configured]
    return sorted({one for one in (tokenizer.eos_token_id, *added) if one is not None})


def before_stop(text: str, stop: Sequence[str]) -> str:
    """The text up to the first of the stop texts in it."""
    return text[: min((place for one in stop if (place := text.find(one)) >= 0), default=len(text))]


def uniforms(seeds: Sequence[int], length: int) -> Tensor:
    """Random numbers (len(seeds), length) in [0, 1): each row depends on its own seed alone, never on the batch."""
    rows = [np.random.Generator(np.random.Philox(key=seed)).random(length, np.float32) for seed in seeds]
    return torch.from_numpy(np.stack(rows))


def random_block(seeds: Sequence[int], step: int, device: torch.device) -> Tensor:
    """The next UNIFORM_BLOCK numbers of every row; a row's block k has a seed of its own."""
    block = step // UNIFORM_BLOCK
    return uniforms([seed + (block << 64) for seed in seeds], UNIFORM_BLOCK).to(device)


def choose(logits: Tensor, sampling: Sampling, uniform: Tensor | None) -> Tensor:
    """Next tokens (R,) from logits (R, V): the most probable, or by inverse transform of `uniform` (R,)."""
    if uniform is None:
        return logits.argmax(-1)
    logits = logits.float()
    logits = logits - logits.amax(-1, keepdim=True)  # so that the division by a tiny temperature cannot overflow
    probabilities = F.softmax(logits / sampling.temperature, -1)
    if sampling.min_p > 0:
        least = sampling.min_p * probabilities.amax(-1, keepdim=True)
        probabilities = probabilities.masked_fill(probabilities < least, 0)
    if 0 < sampling.top_k < probabilities.shape[1] or sampling.top_p < 1:
        probabilities = _kept(probabilities, sampling)
    cumulative = probabilities.cumsum(-1)
    threshold = uniform[:, None] * cumulative[:, -1:] * (1 - 2**-20)  # rounding never reaches the end
    return torch.searchsorted(cumulative, threshold, right=True)[:, 0].clamp(max=logits.shape[1] - 1)


def _kept(probabilities: Tensor, sampling: Sampling) -> Tensor:
    """The `top_k` most probable, and of these the fewest whose share reaches `top_p`."""
    ranked, order = probabilities.sort(dim=-1, descending=True, stable=True)
    if sampling.top_k:
        ranked[:, sampling.top_k :] = 0
    if sampling.top_p < 1:
        total = ranked.sum(-1, keepdim=True) if sampling.top_k or sampling.min_p else 1.0
        ranked = ranked.masked_fill(ranked.cumsum(-1) - ranked >= sampling.top_p * total, 0)
    return torch.zeros_like(probabilities).scatter(-1, order, ranked)
