"""A step of a played method, the same for every trainer: what it is played with, and what of that the trainer brings.

A trainer brings how answers are drawn, and what it knows of their tokens. The items, what of them method and reward may see,
the way in which they are asked, rewards and advantages are the same wherever a recipe is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ...harness.types import Item, Prompt
from ..base import make_group, needs_labels
from ..judge import JudgingBeside
from ..recipe import Recipe
from ..rewards.pipeline import RewardPipeline, StepRewards
from ..rewards.registry import open_reward
from ..sampler import Batches, asking, training_prompts, unlabelled
from ..tokens import GroupTokens
from .base import Drawn, Played, PlayedMethod, Step, counts

Answered: TypeAlias = Callable[[int, tuple[str, ...]], None]
"""(place of a prompt, its n answers), told as soon as they are there, in any order."""


class Draw(Protocol):
    """What a trainer brings."""

    def __call__(self, name: str, prompts: Sequence[Prompt], n: int, answered: Answered, /) -> Drawn:
        """n answers to each of B prompts, which are as they are shown; `name` is the draw's."""
        ...


def played_items(recipe: Recipe, method: PlayedMethod, *, held_out: Sequence[Item] = ()) -> Batches:
    """The recipe's items by step but for the `held_out`; with labels only for what needs them: method, reward or judge."""
    labels = method.needs_gold or needs_labels(open_reward(recipe.reward, recipe.reward_settings), recipe)
    return training_prompts(recipe.prompts, recipe.seed, labels=labels, held_out=held_out)


def answers_of_step(recipe: Recipe, method: PlayedMethod) -> int:
    """The most answers that a step trains on."""
    return recipe.policy.prompts * (recipe.policy.train_on or counts(method, recipe.sampling.n).learnt)


class StepPlayer:
    """Plays the steps of one training."""

    def __init__(self, method: PlayedMethod, pipeline: RewardPipeline) -> None:
        self.method = method
        self.pipeline = pipeline
        self.recipe = pipeline.recipe
        self.answers = answers_of_step(self.recipe, method)
        self.prompt = asking(self.recipe)

    def play(
        self, number: int, batch: Sequence[Item], draw: Draw, tokens_of: Callable[[Drawn | None], GroupTokens | None]
    ) -> Played:
        """Play step `number`, from 0, with its items; `tokens_of` is what the trainer knows of a draw's tokens."""
        items = [item if self.method.needs_gold else unlabelled(item) for item in batch]
        with ExitStack() as stack:
            own = _StepFunctions(self, number, {item.id: item for item in batch}, draw, tokens_of, stack)
            return self.method.play(
                Step(number, items, self.prompt, self.recipe.sampling, self.recipe.seed, own.draw, own.reward)
            )


@dataclass
class _StepFunctions:
    """What a step is played with. `known` are its items by id; leaving `stack` breaks off what is still judged."""

    player: StepPlayer
    number: int
    known: Mapping[str, Item]
    draw_answers: Draw
    tokens_of: Callable[[Drawn | None], GroupTokens | None]
    stack: ExitStack
    begun: list[tuple[Drawn, JudgingBeside]] = field(default_factory=list)

    def draw(self, name: str, prompts: Sequence[Prompt], n: int, rewarded: Sequence[Item] = (), /) -> Drawn:
        """As `StepDraw`."""
        recipe, shown = self.player.recipe, list(map(self.player.recipe.prompts.shown, prompts))
        judging = self.player.pipeline.begin_judging(self.number) if rewarded else None
        if judging is None:
            return self.draw_answers(name, shown, n, lambda place, texts: None)
        self.stack.enter_context(judging)

        def answered(place: int, texts: tuple[str, ...]) -> None:
            judging.add(place, make_group(rewarded[place], texts, False, recipe.answer_format))

        drawn = self.draw_answers(name, shown, n, answered)
        self.begun.append((drawn, judging))
        return drawn

    def reward(self, items: Sequence[Item], texts: Sequence[str], drawn: Drawn | None = None, /) -> StepRewards:
        """As `StepReward`."""
        begun = next((judging for one, judging in self.begun if one is drawn), None)
        known = [self.known.get(item.id, item) for item in items]
        return self.player.pipeline.run(known, texts, self.number, self.tokens_of(drawn), begun)
