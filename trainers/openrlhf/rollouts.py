"""A step as OpenRLHF's trainer takes it: its engines draw what the method asks for, and its learner is given the turns.

`Rollouts` stands in the place of OpenRLHF's generator of samples. That draws each prompt of a file once; a method may draw
several times in a step, the later ones by what was said before.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ray
import torch
from openrlhf.trainer.ppo_utils.experience import Experience
from openrlhf.trainer.ray.vllm_engine import batch_vllm_engine_call

from ...harness.answers.statements.thinking import opened_by
from ...harness.errors import DataError, UsageError
from ...harness.types import Item, Prompt
from ..methods.base import Drawn, Turn
from ..methods.playing import Answered, StepPlayer
from ..tokens import GroupTokens
from .rows import RenderedPrompts

MARK_TOKENS = 12
"""Tokens at the end of a prompt in which a mark that opens the thinking stands."""


@dataclass(frozen=True)
class DrawnSamples:
    """n answers to each of B prompts, as OpenRLHF has them (B, n), and their texts."""

    samples: Sequence[Sequence[Experience]]
    texts: Sequence[tuple[str, ...]]


class Rollouts:
    """Plays the steps of a training, from `step` on, which counts from 0.

    `generator` is OpenRLHF's own, which asks the engines; `items` are those of all steps, in order. `phase` is told what is
    going on. `batch` and `metrics` are the items' ids and the metrics of the last step.
    """

    def __init__(
        self,
        generator: Any,
        player: StepPlayer,
        items: Sequence[Item],
        prompts: RenderedPrompts,
        phase: Callable[[str], None],
    ) -> None:
        self._generator = generator
        self._player = player
        self._items = items
        self._prompts = prompts
        self._phase = phase
        self.step = 0
        self.batch: list[str] = []
        self.metrics: Mapping[str, float] = {}

    def generate_samples(self, **generating: Any) -> tuple[list[Experience], None, int, bool]:
        """The next step's answers, as OpenRLHF asks for them: none, and True, when all items have been drawn."""
        size = self._player.recipe.policy.prompts
        batch = self._items[self.step * size : (self.step + 1) * size]
        if not batch:
            return [], None, 0, True
        self.batch = [item.id for item in batch]
        self._sleeping("wake_up")
        samples, self.metrics = self._played(batch, generating)
        self._sleeping("sleep")
        self.step += 1
        return samples, None, len(batch), False

    def _sleeping(self, call: str) -> None:
        if self._generator.args.vllm.enable_sleep:
            batch_vllm_engine_call(self._generator.vllm_engines, call)

    def _played(
        self, batch: Sequence[Item], generating: Mapping[str, Any]
    ) -> tuple[list[Experience], dict[str, float]]:
        drawn: list[Experience] = []
        seconds = 0.0

        def draw(name: str, prompts: Sequence[Prompt], n: int, answered: Answered) -> DrawnSamples:
            nonlocal seconds
            self._phase(f"drawing answers of step {self.step + 1} ({name})")
            started = time.monotonic()
            answers = self._draw(prompts, n, generating, answered)
            seconds += time.monotonic() - started
            drawn.extend(sample for row in answers.samples for sample in row)
            self._phase(f"rewarding step {self.step + 1}")
            return answers

        played = self._player.play(self.step, batch, draw, tokens_of)
        samples = filled_up(learnt(played.turns), self._player.answers)
        return samples, {**played.metrics, **_lengths(drawn), "seconds_generating": seconds}

    def _draw(
        self, prompts: Sequence[Prompt], n: int, generating: Mapping[str, Any], answered: Answered
    ) -> DrawnSamples:
        """n answers to each prompt, in order, of the engines that have the least to do; told of as they come."""
        generator = self._generator
        texts, images = zip(*map(self._prompts.rendered, prompts), strict=True)
        labels = [str(place) for place in range(len(prompts))]
        told = {**generating, "n_samples_per_prompt": n}
        pending = generator._dispatch_prompts_to_vllm(list(texts), labels, images=list(images), **told)
        places = {one: place for place, one in enumerate(pending)}
        rows: dict[int, tuple[list[Experience], tuple[str, ...]]] = {}
        while pending:
            (done,), pending = ray.wait(pending, num_returns=1)
            row = [generator._process_response_into_experience(response, **told) for response in ray.get(done)]
            rows[places[done]] = row, tuple(self._text(sample) for sample in row)
            answered(places[done], rows[places[done]][1])
        ordered = [rows[place] for place in range(len(rows))]
        return DrawnSamples([row for row, _ in ordered], [said for _, said in ordered])

    def _text(self, sample: Experience) -> str:
        """The answer's text: the tokens that the action mask, which is one place ahead, points at.

        It begins with the mark of a thinking that the prompt ends in, as in an examination.
        """
        sequence, answered = sample.sequences[0], sample.action_mask[0].bool()
        tokenizer: Any = getattr(self._generator.tokenizer, "tokenizer", self._generator.tokenizer)
        begin = int(answered.int().argmax()) + 1
        prompt = str(tokenizer.decode(sequence[max(0, begin - MARK_TOKENS) : begin]))
        return opened_by(prompt) + str(tokenizer.decode(sequence[1:][answered], skip_special_tokens=True))


def tokens_of(drawn: Drawn | None) -> GroupTokens | None:
    """What OpenRLHF tells of the answers' tokens: how many, and log-probabilities if its engine was asked for them."""
    if not isinstance(drawn, DrawnSamples):
        return None
    samples = [sample for row in drawn.samples for sample in row]
    masks = [sample.action_mask[0].bool() for sample in samples]
    rows = [
        None if sample.rollout_log_probs is None else tuple(sample.rollout_log_probs[0][mask].tolist())
        for sample, mask in zip(samples, masks, strict=True)
    ]
    known = tuple(row for row in rows if row is not None)
    lengths = tuple(int(mask.sum()) for mask in masks)
    return GroupTokens(lengths, known if len(known) == len(rows) else None)


def learnt(turns: Sequence[Turn]) -> list[Experience]:
    """The answers that are trained on, each with its advantage in the place of a reward, which OpenRLHF has to have."""
    samples = []
    for turn in turns:
        if not isinstance(turn.drawn, DrawnSamples):
            raise TypeError("a turn is made of what the step's draw returned")
        for row, advantages in zip(turn.drawn.samples, turn.advantages, strict=True):
            for sample, advantage in zip(row, advantages.tolist(), strict=False):
                samples.append(_with_advantage(sample, advantage))
    return samples


def _with_advantage(sample: Experience, advantage: float) -> Experience:
    given = torch.tensor([advantage], dtype=torch.float32)
    return dataclasses.replace(sample, rewards=given, scores=given, info={**sample.info, "reward": given})


def filled_up(samples: Sequence[Experience], rows: int) -> list[Experience]:
    """So many `rows`, since each of OpenRLHF's updates takes the same number of them: some samples twice, evenly spread.

    The second time a sample is its prompt with the first token of its answer, and has no advantage: it costs little, and
    weighs as much as one token in the KL loss. (Without any token its means would be 0 / 0.) It follows the first, so that it
    shares what the learner is shown of its pictures. Raises UsageError if there are more than `rows`, or none.
    """
    missing = rows - len(samples)
    if missing < 0:
        raise UsageError(
            f"the method trains on {len(samples)} answers of a step, more than the {rows} that its counts allow"
        )
    if not samples:
        raise DataError("the method trains on no answer of a step")
    filled = []
    for place, sample in enumerate(samples):
        filled.append(sample)
        times = (place + 1) * missing // len(samples) - place * missing // len(samples)
        filled += [_first_token(sample) for _ in range(times)]
    return filled


def _first_token(sample: Experience) -> Experience:
    """The sample up to the first token of its answer, without an advantage."""
    end = int(sample.action_mask[0].int().argmax()) + 1
    engine = sample.rollout_log_probs
    cut = dataclasses.replace(
        sample,
        sequences=sample.sequences[:, : end + 1],
        attention_mask=sample.attention_mask[:, : end + 1],
        action_mask=sample.action_mask[:, :end],
        rollout_log_probs=None if engine is None else engine[:, :end],
        response_length=torch.ones_like(sample.response_length),
        total_length=torch.full_like(sample.total_length, end + 1),
    )
    return _with_advantage(cut, 0.0)


def _lengths(drawn: Sequence[Experience]) -> dict[str, float]:
    """Mean tokens of all answers drawn, and the share of those that were cut off."""
    tokens = torch.cat([sample.response_length for sample in drawn]).float()
    cut_off = torch.cat([sample.truncated for sample in drawn]).float()
    return {"response_length": float(tokens.mean()), "truncated_share": float(cut_off.mean())}
