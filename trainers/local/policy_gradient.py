"""Policy gradient in one process, with PPO's clipping and a k3 KL loss to the frozen base (arXiv 2402.03300).

A played method draws responses and gives them advantages; this module trains on those. Everything random is drawn from
(seed, step), so a training that was killed and resumed from its last checkpoint ends with the same weights as one that was
not.
"""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...harness.engines.drawing import DrawnTokens
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.types import Item, Prompt, TokenStatistics, sample_seed
from ..methods.base import Drawn, Played, PlayedMethod, Step, Turn
from ..recipe import Recipe
from ..rewards.pipeline import RewardPipeline, StepRewards
from ..sampler import asking, training_prompts, unlabelled
from ..tokens import GroupTokens, needed
from .clipping import k3, policy_loss
from .learner import Learner
from .losses import answer_logprobs


@dataclass(frozen=True)
class DrawnAnswers:
    """n answers to each of B prompts: `inputs` per prompt, `answers` of R = B x n rows, and their `texts` (B, n)."""

    inputs: list[dict[str, Tensor]]
    answers: DrawnTokens
    texts: Sequence[tuple[str, ...]]
    n: int


@dataclass(frozen=True)
class RolloutBatch:
    """A turn's B prompts with the m answers to each that are trained on (R = B x m rows), all (R, T) or (R,)."""

    inputs: list[dict[str, Tensor]]
    ids: Tensor
    mask: Tensor
    old: Tensor
    reference: Tensor
    advantages: Tensor
    m: int

    def rows(self, prompts: Sequence[int]) -> Tensor:
        """The rows of those prompts' answers."""
        return torch.tensor([prompt * self.m + k for prompt in prompts for k in range(self.m)])


@dataclass(frozen=True)
class PromptPosition:
    """A prompt of a turn, by its number there."""

    turn: int
    prompt: int


class PolicyGradient:
    """One training in progress: the learner, its frozen reference, and the method that it plays."""

    def __init__(self, recipe: Recipe, method: PlayedMethod, base: Path, device: str) -> None:
        self.pipeline = RewardPipeline.from_recipe(recipe, base)
        self.recipe = recipe = self.pipeline.recipe
        self.method = method
        self.prompt = asking(recipe)
        labels = method.needs_gold or self.pipeline.reward.needs_gold
        self.prompts = training_prompts(recipe.prompts, recipe.seed, labels=labels)
        self.learner: Learner[PromptPosition] = Learner(recipe, base, device)
        self.policy = self.learner.policy
        self.reference = copy.deepcopy(self.policy.model).eval().requires_grad_(False)
        self.reference_vlm = VisionLanguageModel(self.reference, self.policy.tokenizer, self.policy.image_processor)

    def step(self, step: int) -> dict[str, float]:
        """Play and update once; `step` counts from 0. Returns the step's metrics."""
        rollouts, metrics = self.roll_out(step)
        order = random.Random(f"{self.recipe.seed} {step}")  # noqa: S311 - reproducible, not secret
        updates = _updates([len(rollout.inputs) for rollout in rollouts], self.recipe.policy.minibatches, order)
        return {**metrics, **self.learner.step(step, updates, ClippedLoss(self.recipe, self.policy, rollouts))}

    def roll_out(self, step: int) -> tuple[list[RolloutBatch], dict[str, float]]:
        """Play a step: its turns as the loss takes them, and the metrics of the play."""
        batch = self.prompts(step, self.recipe.policy.prompts)
        items_by_id = {item.id: item for item in batch}
        drawn: list[DrawnAnswers] = []

        def draw(name: str, prompts: Sequence[Prompt], n: int) -> DrawnAnswers:
            drawn.append(self._draw(name, step, prompts, n))
            return drawn[-1]

        def reward(items: Sequence[Item], texts: Sequence[str], answers: Drawn | None = None) -> StepRewards:
            known = [items_by_id.get(item.id, item) for item in items]
            return self.pipeline.run(known, texts, step, self._tokens(answers))

        items = [item if self.method.needs_gold else unlabelled(item) for item in batch]
        recipe = self.recipe
        played = self.method.play(Step(step, items, self.prompt, recipe.sampling, recipe.seed, draw, reward))
        rollouts, entropy = self._rollouts(played)
        return rollouts, {**played.metrics, **_lengths(drawn), "entropy": entropy}

    def _draw(self, name: str, step: int, prompts: Sequence[Prompt], n: int) -> DrawnAnswers:
        """n answers to each prompt; tokens that stand for pictures are never drawn."""
        sampling = self.recipe.sampling
        seeds = [
            sample_seed(self.recipe.seed, f"{name} {step} {place}", k)
            for place in range(len(prompts))
            for k in range(n)
        ]
        with torch.no_grad():
            prefix = self.policy.prefill(self.policy.encode(prompts), n)
            tell = bool(needed(self.pipeline.reward).keys() - {"lengths"})
            answers = draw_answers(self.policy, prefix, sampling, seeds, self.policy.media_ids, tell=tell)
        texts = self.policy.decode(answers.ids, answers.mask)
        rows = [tuple(texts[start : start + n]) for start in range(0, len(texts), n)]
        return DrawnAnswers([self.policy.encode([prompt]) for prompt in prompts], answers, rows, n)

    def _tokens(self, drawn: Drawn | None) -> GroupTokens | None:
        """What is known of the drawn tokens; nothing of what was not drawn here."""
        if not isinstance(drawn, DrawnAnswers):
            return None
        told = [one or TokenStatistics() for one in drawn.answers.statistics()]
        cut_off = (~drawn.answers.ended).tolist()
        return GroupTokens.of(drawn.answers.mask.sum(1).tolist(), told, cut_off)

    def _rollouts(self, played: Played) -> tuple[list[RolloutBatch], float]:
        """What the loss needs of each turn, and the mean entropy of all tokens trained on (nats)."""
        pairs = [self._turn(turn) for turn in played.turns]
        tokens = sum(int(rollout.mask.sum()) for rollout, _ in pairs)
        return [rollout for rollout, _ in pairs], float(sum(entropy for _, entropy in pairs) / max(1, tokens))

    def _turn(self, turn: Turn) -> tuple[RolloutBatch, float]:
        drawn = turn.drawn
        if not isinstance(drawn, DrawnAnswers):
            raise TypeError("a turn is made of what the step's draw returned")
        m = len(turn.advantages[0])
        rows = torch.arange(len(drawn.answers.ids)).view(-1, drawn.n)[:, :m].flatten()
        ids, mask = drawn.answers.ids[rows], drawn.answers.mask[rows]
        inputs = self.policy.join(drawn.inputs)
        temperature = self.recipe.sampling.temperature
        with torch.no_grad():
            old, entropy = answer_logprobs(self.policy, inputs, ids, mask, temperature)
            reference, _ = answer_logprobs(self.reference_vlm, inputs, ids, mask, temperature)
        advantages = torch.from_numpy(np.concatenate(turn.advantages)).to(old)
        return RolloutBatch(drawn.inputs, ids, mask, old, reference, advantages, m), float((entropy * mask).sum())


class ClippedLoss:
    """PPO's clipped loss plus the KL loss, summed over tokens."""

    measured = ("policy_loss", "kl", "clipped_share")

    def __init__(self, recipe: Recipe, policy: VisionLanguageModel, rollouts: Sequence[RolloutBatch]) -> None:
        self.settings = recipe.policy
        self.temperature = recipe.sampling.temperature
        self.policy = policy
        self.rollouts = rollouts

    def weight(self, parts: Sequence[PromptPosition]) -> Tensor:
        """Tokens of the answers."""
        counts = [turn.mask[turn.rows(prompts)].sum() for turn, prompts in self._by_turn(parts)]
        return torch.stack(counts).sum()

    def __call__(self, parts: Sequence[PromptPosition]) -> tuple[Tensor, Tensor]:
        """The loss of the prompts' answers, and the sums of policy loss, KL and clipped tokens."""
        losses = [self._loss(turn, prompts) for turn, prompts in self._by_turn(parts)]
        return torch.stack([loss for loss, _ in losses]).sum(), torch.stack([sums for _, sums in losses]).sum(0)

    def _by_turn(self, parts: Sequence[PromptPosition]) -> Iterator[tuple[RolloutBatch, list[int]]]:
        prompts: Mapping[int, list[int]] = defaultdict(list)
        for part in parts:
            prompts[part.turn].append(part.prompt)
        return ((self.rollouts[turn], some) for turn, some in prompts.items())

    def _loss(self, turn: RolloutBatch, prompts: Sequence[int]) -> tuple[Tensor, Tensor]:
        rows = turn.rows(prompts)
        mask = turn.mask[rows]
        inputs = self.policy.join([turn.inputs[prompt] for prompt in prompts])
        new, _ = answer_logprobs(self.policy, inputs, turn.ids[rows], mask, self.temperature)
        clipped, outside = policy_loss(new - turn.old[rows], turn.advantages[rows][:, None], self.settings)
        kl = k3(new - turn.reference[rows])
        loss = ((clipped + self.settings.kl * kl) * mask).sum()
        return loss, torch.stack([(value.detach() * mask).sum().cpu() for value in (clipped, kl, outside)])


def _updates(sizes: Sequence[int], minibatches: int, order: random.Random) -> list[list[PromptPosition]]:
    """Each turn's prompts in a random order, dealt to the updates; a turn of fewer prompts than updates is in the first."""
    updates: list[list[PromptPosition]] = [[] for _ in range(minibatches)]
    for turn, size in enumerate(sizes):
        places = list(range(size))
        order.shuffle(places)
        share = -(-size // minibatches)
        for start in range(0, size, share):
            updates[start // share] += [PromptPosition(turn, place) for place in places[start : start + share]]
    return [update for update in updates if update]


def _lengths(drawn: Sequence[DrawnAnswers]) -> dict[str, float]:
    """Mean tokens of all answers drawn, and the share of those that were cut off."""
    tokens = torch.cat([draw.answers.mask.sum(1) for draw in drawn]).float()
    ended = torch.cat([draw.answers.ended for draw in drawn]).float()
    return {"response_length": float(tokens.mean()), "truncated_share": float(1 - ended.mean())}
