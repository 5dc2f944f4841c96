"""Policy gradient in one process, with PPO's clipping and a k3 KL loss to the frozen base (arXiv 2402.03300).

A played method draws responses and gives them advantages; this module trains on those. Everything random is drawn from
(seed, step), so a training that was killed and resumed from its last checkpoint ends with the same weights as one that was
not.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from .given_answers import GivenAnswers, PromptAnswers, TurnAnswers
from .learner import Learner
from .micro_batches import Row, micro_batches


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

    given: GivenAnswers
    old: Tensor
    reference: Tensor
    advantages: Tensor

    @property
    def mask(self) -> Tensor:
        """The real tokens."""
        return self.given.mask


class PolicyGradient:
    """One training in progress: the learner, its frozen reference, and the method that it plays."""

    def __init__(self, recipe: Recipe, method: PlayedMethod, base: Path, device: str) -> None:
        self.pipeline = RewardPipeline.from_recipe(recipe, base)
        self.recipe = recipe = self.pipeline.recipe
        self.method = method
        self.prompt = asking(recipe)
        labels = method.needs_gold or self.pipeline.reward.needs_gold
        self.prompts = training_prompts(recipe.prompts, recipe.seed, labels=labels)
        self.learner: Learner[TurnAnswers] = Learner(recipe, base, device)
        self.policy = self.learner.policy
        self.reference = self.learner.opened.reference()

    def step(self, step: int) -> dict[str, float]:
        """Play and update once; `step` counts from 0. Returns the step's metrics."""
        rollouts, metrics = self.roll_out(step)
        order = random.Random(f"{self.recipe.seed} {step}")  # noqa: S311 - reproducible, not secret
        updates = _updates([rollout.given for rollout in rollouts], self.recipe.policy.minibatches, order)
        return {**metrics, **self.learner.step(step, updates, ClippedLoss(self.recipe, self.policy, rollouts))}

    def roll_out(self, step: int) -> tuple[list[RolloutBatch], dict[str, float]]:
        """Play a step: its turns as the loss takes them, and the metrics of the play."""
        batch = self.prompts(step, self.recipe.policy.prompts)
        items_by_id = {item.id: item for item in batch}
        drawn: list[DrawnAnswers] = []

        def draw(name: str, prompts: Sequence[Prompt], n: int) -> DrawnAnswers:
            drawn.append(self._draw(name, step, list(map(self.recipe.prompts.shown, prompts)), n))
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
        inputs = [self.policy.encode([prompt]) for prompt in prompts]
        tell = bool(needed(self.pipeline.reward).keys() - {"lengths"})
        answers = []
        for some in self._drawn_together(inputs, n):
            batch = self.policy.encode([prompts[place] for place in some])
            with torch.no_grad():
                prefix = self.policy.prefill(batch, n)
                own = seeds[some.start * n : some.stop * n]
                answers.append(draw_answers(self.policy, prefix, sampling, own, self.policy.media_ids, tell=tell))
        together = DrawnTokens.joined(answers, self.policy.tokenizer.pad_token_id)
        texts = self.policy.decode(together.ids, together.mask)
        rows = [tuple(texts[start : start + n]) for start in range(0, len(texts), n)]
        return DrawnAnswers(inputs, together, rows, n)

    def _drawn_together(self, inputs: Sequence[Mapping[str, Tensor]], n: int) -> Iterable[range]:
        """Places of the prompts whose n answers are drawn side by side."""
        draw_tokens = self.learner.settings.draw_tokens
        if draw_tokens is None:
            return [range(len(inputs))]
        longest = self.recipe.sampling.max_tokens
        rows = [Row(place, n * one["input_ids"].shape[1], n * longest) for place, one in enumerate(inputs)]
        return micro_batches(rows, draw_tokens)

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
        given = GivenAnswers(drawn.inputs, drawn.answers.ids[rows], drawn.answers.mask[rows], m)
        old, entropy = self._told(self.policy, given)
        with self.reference() as reference_policy:
            reference, _ = self._told(reference_policy, given)
        advantages = torch.from_numpy(np.concatenate(turn.advantages)).to(old)
        return RolloutBatch(given, old, reference, advantages), float((entropy * given.mask).sum())

    @torch.no_grad()
    def _told(self, vlm: VisionLanguageModel, given: GivenAnswers) -> tuple[Tensor, Tensor]:
        """Log-probabilities and entropies (R, T) of all answers under a model."""
        temperature, micro_tokens = self.recipe.sampling.temperature, self.learner.settings.micro_tokens
        if micro_tokens is None:
            return given.told(vlm, given.of_prompts(range(len(given.inputs))), temperature)
        logprobs, entropies = torch.zeros(2, *given.ids.shape, device=given.ids.device)
        for some in given.split(given.of_prompts(range(len(given.inputs))), micro_tokens):
            rows, (one, two) = given.rows(some), given.told(vlm, some, temperature)
            logprobs[rows, : one.shape[1]], entropies[rows, : two.shape[1]] = one, two
        return logprobs, entropies


class ClippedLoss:
    """PPO's clipped loss plus the KL loss, summed over tokens."""

    measured = ("policy_loss", "kl", "clipped_share")

    def __init__(self, recipe: Recipe, policy: VisionLanguageModel, rollouts: Sequence[RolloutBatch]) -> None:
        self.settings = recipe.policy
        self.temperature = recipe.sampling.temperature
        self.policy = policy
        self.rollouts = rollouts

    def weight(self, parts: Sequence[TurnAnswers]) -> Tensor:
        """Tokens of the answers."""
        counts = [turn.mask[turn.given.rows(some)].sum() for turn, some in self._by_turn(parts)]
        return torch.stack(counts).sum()

    def split(self, parts: Sequence[TurnAnswers], most: int) -> Iterator[Sequence[TurnAnswers]]:
        """The answers in passes of at most `most` tokens; a pass is of one turn."""
        for turn in sorted({part.turn for part in parts}):
            answers = [part.answers for part in parts if part.turn == turn]
            for some in self.rollouts[turn].given.split(answers, most):
                yield [TurnAnswers(turn, one) for one in some]

    def __call__(self, parts: Sequence[TurnAnswers]) -> tuple[Tensor, Tensor]:
        """The loss of the prompts' answers, and the sums of policy loss, KL and clipped tokens."""
        losses = [self._loss(turn, some) for turn, some in self._by_turn(parts)]
        return torch.stack([loss for loss, _ in losses]).sum(), torch.stack([sums for _, sums in losses]).sum(0)

    def _by_turn(self, parts: Sequence[TurnAnswers]) -> Iterator[tuple[RolloutBatch, list[PromptAnswers]]]:
        answers: Mapping[int, list[PromptAnswers]] = defaultdict(list)
        for part in parts:
            answers[part.turn].append(part.answers)
        return ((self.rollouts[turn], some) for turn, some in answers.items())

    def _loss(self, turn: RolloutBatch, some: Sequence[PromptAnswers]) -> tuple[Tensor, Tensor]:
        rows = turn.given.rows(some)
        new, _ = turn.given.told(self.policy, some, self.temperature)
        width = new.shape[1]
        mask, old, reference = (one[rows, :width] for one in (turn.mask, turn.old, turn.reference))
        clipped, outside = policy_loss(new - old, turn.advantages[rows][:, None], self.settings)
        kl = k3(new - reference)
        loss = ((clipped + self.settings.kl * kl) * mask).sum()
        return loss, torch.stack([(value.detach() * mask).sum().cpu() for value in (clipped, kl, outside)])


def _updates(turns: Sequence[GivenAnswers], minibatches: int, order: random.Random) -> list[list[TurnAnswers]]:
    """Each turn's prompts in a random order, dealt to the updates; a turn of fewer prompts than updates is in the first."""
    updates: list[list[TurnAnswers]] = [[] for _ in range(minibatches)]
    for turn, given in enumerate(turns):
        size = len(given.inputs)
        places = list(range(size))
        order.shuffle(places)
        share = -(-size // minibatches)
        for start in range(0, size, share):
            some = given.of_prompts(places[start : start + share])
            updates[start // share] += [TurnAnswers(turn, one) for one in some]
    return [update for update in updates if update]


def _lengths(drawn: Sequence[DrawnAnswers]) -> dict[str, float]:
    """Mean tokens of all answers drawn, and the share of those that were cut off."""
    tokens = torch.cat([draw.answers.mask.sum(1) for draw in drawn]).float()
    ended = torch.cat([draw.answers.ended for draw in drawn]).float()
    return {"response_length": float(tokens.mean()), "truncated_share": float(1 - ended.mean())}
