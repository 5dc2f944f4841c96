"""Policy gradient in one process, with PPO's clipping and a k3 KL loss to the frozen base (arXiv 2402.03300).

A played method draws responses and gives them advantages; this module trains on those. Everything random is drawn from
(seed, step), so a training that was killed and resumed from its last checkpoint ends with the same weights as one that was
not.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...harness.engines.drawing import DrawnTokens
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.types import Json, Prompt, Sampling, TokenStatistics, sample_seed
from ..agreement import check_vllm_kl
from ..held_out import GreedyAnswer, HeldOut
from ..methods.base import Drawn, Played, PlayedMethod, Turn
from ..methods.playing import Answered, StepPlayer, played_items
from ..recipe import Recipe
from ..rewards.pipeline import RewardPipeline
from ..tokens import GroupTokens, needed
from .clipping import k3, policy_loss
from .given_answers import GivenAnswers, PromptAnswers, TurnAnswers
from .learner import Learner
from .micro_batches import Row, micro_batches

if TYPE_CHECKING:
    from .vllm_rollouts import VllmRollouts


@dataclass(frozen=True)
class DrawnAnswers:
    """n answers to each of B prompts: `inputs` per prompt, `answers` of R = B x n rows, and their `texts` (B, n).

    `vllm_kl` is by how many nats per token the engine that drew them differs from the learner.
    """

    inputs: list[dict[str, Tensor]]
    answers: DrawnTokens
    texts: Sequence[tuple[str, ...]]
    n: int
    vllm_kl: float | None = None


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


COMPARED = 64
"""Answers of a draw by which learner and rollout engine are compared."""


class PolicyGradient:
    """One training in progress: the learner, its frozen reference, and the method that it plays.

    An engine that the recipe wants for its rollouts has its files in `folder`, and ends with `close`.
    """

    def __init__(
        self, recipe: Recipe, method: PlayedMethod, base: Path, device: str, folder: Path | None = None
    ) -> None:
        self.pipeline = RewardPipeline.from_recipe(recipe, base)
        self.recipe = recipe = self.pipeline.recipe
        self.player = StepPlayer(method, self.pipeline)
        self.held_out = HeldOut.of_recipe(recipe, base, self.pipeline.judge)
        apart = self.held_out.items if self.held_out else ()
        self.prompts = played_items(recipe, method, held_out=apart)
        self.learner: Learner[TurnAnswers] = Learner(recipe, base, device)
        self.policy = self.learner.policy
        self.reference = self.learner.opened.reference()
        self.engine: VllmRollouts | None = None
        if recipe.rollouts is not None and recipe.drawn_by_vllm:
            from .vllm_rollouts import VllmRollouts  # noqa: PLC0415 - needs vLLM

            assert folder is not None  # the engine is a trainer's, which has one
            self.engine = VllmRollouts(self.learner.opened, recipe.rollouts, folder)

    def close(self) -> None:
        """End the engine of the rollouts, if there is one."""
        if self.engine is not None:
            self.engine.close()

    def identity(self) -> dict[str, Json]:
        """What a resume must agree with beyond the recipe: who judges."""
        return {**self.pipeline.identity(), **(self.held_out.identity() if self.held_out else {})}

    def step(self, step: int) -> dict[str, float]:
        """Play and update once; `step` counts from 0. Returns the step's metrics."""
        rollouts, metrics = self.roll_out(step)
        order = random.Random(f"{self.recipe.seed} {step}")  # noqa: S311 - reproducible, not secret
        updates = _updates([rollout.given for rollout in rollouts], self.recipe.policy.minibatches, order)
        learnt = self.learner.step(step, updates, ClippedLoss(self.recipe, self.policy, rollouts))
        if self.engine is not None:
            self.engine.policy_changed()
        return {**metrics, **learnt}

    def roll_out(self, step: int) -> tuple[list[RolloutBatch], dict[str, float]]:
        """Play a step: its turns as the loss takes them, and the metrics of the play."""
        batch = self.prompts(step, self.recipe.policy.prompts)
        drawn: list[DrawnAnswers] = []

        def draw(name: str, prompts: Sequence[Prompt], n: int, answered: Answered) -> DrawnAnswers:
            drawn.append(self._draw(name, step, prompts, n, answered))
            return drawn[-1]

        played = self.player.play(step, batch, draw, self._tokens)
        rollouts, entropy = self._rollouts(played)
        differences = [one.vllm_kl for one in drawn if one.vllm_kl is not None]
        compared = {"vllm_kl": fmean(differences)} if differences else {}
        return rollouts, {**played.metrics, **_lengths(drawn), "entropy": entropy, **compared}

    def _draw(self, name: str, step: int, prompts: Sequence[Prompt], n: int, answered: Answered) -> DrawnAnswers:
        """n answers to each prompt, told of as they come."""
        if self.engine is not None:
            return self._draw_by(self.engine, name, step, prompts, n, answered)
        seeds = [
            sample_seed(self.recipe.seed, f"{name} {step} {place}", k)
            for place in range(len(prompts))
            for k in range(n)
        ]
        inputs = [self.policy.encode([prompt]) for prompt in prompts]
        tell = bool(needed(self.pipeline.reward).keys() - {"lengths"})
        parts, rows = list[DrawnTokens](), list[tuple[str, ...]]()
        for part in self._parts(self.policy, prompts, replace(self.recipe.sampling, n=n), seeds, inputs, tell=tell):
            parts.append(part)
            texts = self.policy.decode(part.ids, part.mask)
            for start in range(0, len(texts), n):
                rows.append(tuple(texts[start : start + n]))
                answered(len(rows) - 1, rows[-1])
        return DrawnAnswers(inputs, DrawnTokens.joined(parts, self.policy.tokenizer.pad_token_id), rows, n)

    def _draw_by(  # noqa: PLR0917
        self, engine: VllmRollouts, name: str, step: int, prompts: Sequence[Prompt], n: int, answered: Answered
    ) -> DrawnAnswers:
        """The same by vLLM. Raises EngineError in the first step if engine and learner do not make the same of the tokens."""
        texts: dict[int, tuple[str, ...]] = {}

        def take(place: int, ids: Tensor, mask: Tensor) -> None:
            texts[place] = tuple(self.policy.decode(ids, mask))
            answered(place, texts[place])

        sampling = replace(self.recipe.sampling, n=n, seed=sample_seed(self.recipe.seed, f"{name} {step}", 0))
        drawn = engine.draw(prompts, sampling, take)
        inputs = [self.policy.encode([prompt]) for prompt in prompts]
        difference = self._difference(inputs, drawn, n)
        if engine.in_first_step:
            check_vllm_kl(difference, engine.settings.most_vllm_kl, "rollouts.most_vllm_kl")
        return DrawnAnswers(inputs, drawn, [texts[place] for place in range(len(prompts))], n, difference)

    def _difference(self, inputs: Sequence[dict[str, Tensor]], drawn: DrawnTokens, n: int) -> float:
        """The mean log-probability by the engine less that by the learner, of the tokens of the first prompts' answers."""
        assert drawn.logprobs is not None
        rows = n * min(len(inputs), max(1, COMPARED // n))
        given = GivenAnswers(inputs[: rows // n], drawn.ids[:rows], drawn.mask[:rows], n)
        own, _ = self._told(self.policy, given, 1.0)
        return float(((drawn.logprobs[:rows] - own) * given.mask).sum() / given.mask.sum())

    def ask_greedily(self, vlm: VisionLanguageModel, prompts: Sequence[Prompt]) -> list[GreedyAnswer]:
        """What the policy or its reference answers; as many prompts at a time as a step draws answers."""
        sampling = replace(self.recipe.sampling, n=1, temperature=0.0)
        size, found = self.recipe.policy.prompts * self.recipe.sampling.n, list[GreedyAnswer]()
        for start in range(0, len(prompts), size):
            some = prompts[start : start + size]
            for drawn in self._parts(vlm, some, sampling, [0] * len(some)):
                texts = vlm.decode(drawn.ids, drawn.mask)
                found += map(GreedyAnswer, texts, drawn.mask.sum(1).tolist(), drawn.ended.tolist())
        return found

    def _parts(
        self,
        vlm: VisionLanguageModel,
        prompts: Sequence[Prompt],
        sampling: Sampling,
        seeds: Sequence[int],
        inputs: Sequence[Mapping[str, Tensor]] | None = None,
        *,
        tell: bool = False,
    ) -> Iterator[DrawnTokens]:
        """sampling.n answers to each prompt, of which `inputs` are the encoded ones if known, but no tokens of pictures.

        They come in the order of the prompts, as many at a time as are drawn side by side.
        """
        n, draw_tokens = sampling.n, self.learner.settings.draw_tokens
        if draw_tokens is None:
            together: Iterable[range] = [range(len(prompts))]
        else:
            encoded = inputs or [vlm.encode([prompt]) for prompt in prompts]
            together = self._drawn_together(encoded, n, draw_tokens)
        for some in together:
            batch = vlm.encode([prompts[place] for place in some])
            with torch.no_grad():
                prefix = vlm.prefill(batch, n)
                own = seeds[some.start * n : some.stop * n]
                drawn = draw_answers(vlm, prefix, sampling, own, vlm.media_ids, tell=tell)
            yield drawn

    def _drawn_together(self, inputs: Sequence[Mapping[str, Tensor]], n: int, draw_tokens: int) -> Iterable[range]:
        """Places of the prompts whose n answers are drawn side by side."""
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
        temperature = self.recipe.sampling.temperature
        old, entropy = self._told(self.policy, given, temperature)
        with self.reference() as reference_policy:
            reference, _ = self._told(reference_policy, given, temperature)
        advantages = torch.from_numpy(np.concatenate(turn.advantages)).to(old)
        return RolloutBatch(given, old, reference, advantages), float((entropy * given.mask).sum())

    @torch.no_grad()
    def _told(self, vlm: VisionLanguageModel, given: GivenAnswers, temperature: float) -> tuple[Tensor, Tensor]:
        """Log-probabilities and entropies (R, T) of all answers under a model."""
        micro_tokens = self.learner.settings.micro_tokens
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
