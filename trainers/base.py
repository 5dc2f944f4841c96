"""The interfaces of training: the group that a reward sees, the reward, and the trainer.

A label reaches only a reward that declares `needs_gold`, and a judge that is an oracle.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from ..harness import answers
from ..harness.answers.formats import FORMATS
from ..harness.errors import DataError, UsageError
from ..harness.types import Image, Item
from .recipe import Recipe


@dataclass(frozen=True)
class Gold:
    """The right answer to a group's question, as `harness.answers.match` takes it."""

    answer: str
    answer_type: str
    unit: str | None


@dataclass(frozen=True)
class Group:
    """The n responses to one prompt, and the final answers stated in them (None where there is none).

    `gold` is present only for a reward with `needs_gold`, `judge_scores` only for one with `needs_judge`: for each response
    a number in [0, 1], or None where the judge gave no usable score. `answer_format` is a name of FORMATS.

    `lengths` says how many tokens each response has, the end token among them; `logprobs` and `entropies` are those of each
    token, as `TokenStatistics` has them. Each is present only for a reward that declares it (`needs_lengths`, ...).

    `truncated` says which responses were cut off at the token limit, None if none was: their last sentence states nothing.
    """

    item_id: str
    question: str
    choices: tuple[str, ...]
    images: tuple[Image, ...]
    responses: tuple[str, ...]
    gold: Gold | None = None
    answer_format: str = "boxed"
    judge_scores: tuple[float | None, ...] | None = None
    lengths: tuple[int, ...] | None = None
    logprobs: tuple[tuple[float, ...], ...] | None = None
    entropies: tuple[tuple[float, ...], ...] | None = None
    truncated: tuple[bool, ...] | None = None

    @cached_property
    def stated(self) -> tuple[answers.Extraction, ...]:
        """What each response states, as a matcher takes it."""
        return stated(self.responses, self.truncated)

    @cached_property
    def answers(self) -> tuple[str | None, ...]:
        """The stated final answer of each response."""
        return tuple(one.answer for one in self.stated)

    def verdicts(self) -> tuple[bool, ...]:
        """Whether each response states the label. Raises UsageError for a group without one."""
        if self.gold is None:
            raise UsageError(f"item {self.item_id} has no label, and one is needed to tell what is right")
        return are_right(self.stated, self.gold, self.question, self.choices)

    @cached_property
    def well_formed(self) -> tuple[bool, ...]:
        """Whether each response has the form that was asked for."""
        return tuple(map(FORMATS.get(self.answer_format), self.responses))

    @cached_property
    def ballots(self) -> tuple[str | None, ...]:
        """The answers that may vote: those stated in the form that was asked for, None for every other response."""
        return tuple(answer if ok else None for answer, ok in zip(self.answers, self.well_formed, strict=True))


def stated(responses: Sequence[str], truncated: Sequence[bool] | None) -> tuple[answers.Extraction, ...]:
    """What responses state as their answers; `truncated` says which were cut off at the token limit, if any was."""
    found = map(answers.extract, responses)
    if truncated is None:
        return tuple(found)
    return tuple(answers.before_cut_off(one) if cut else one for one, cut in zip(found, truncated, strict=True))


def are_right(
    stated: Sequence[answers.Extraction], gold: Gold, question: str, choices: tuple[str, ...]
) -> tuple[bool, ...]:
    """Whether the strict matcher finds what responses state to be the label of their question."""
    label = (gold.answer, gold.answer_type, choices or None, gold.unit)
    return tuple(answers.match(one, *label, question=question).correct is True for one in stated)


def gold_of(item: Item) -> Gold:
    """The label of an item that has one."""
    return Gold(item.answer, item.answer_type, item.unit)


def make_group(item: Item, responses: Sequence[str], needs_gold: bool, answer_format: str = "boxed") -> Group:
    """The group that a reward sees; without `needs_gold` nothing in it depends on the item's label.

    Raises DataError for an item without a label where one is needed.
    """
    if needs_gold and not item.answer:
        raise DataError(f"item {item.id} has no label, and the reward needs one")
    gold = gold_of(item) if needs_gold else None
    return Group(item.id, item.question, item.choices, item.images, tuple(responses), gold, answer_format)


def at_places(group: Group, places: Sequence[int]) -> Group:
    """The group of the responses at those places, with what is known of them."""
    of_each = ("responses", "judge_scores", "lengths", "logprobs", "entropies", "truncated")
    rows = {name: vars(group)[name] for name in of_each}
    chosen: dict[str, Any] = {
        name: None if row is None else tuple(row[place] for place in places) for name, row in rows.items()
    }
    return dataclasses.replace(group, **chosen)


def judge_scores(group: Group, reward: str) -> tuple[float | None, ...]:
    """The judge's scores of a group, for the reward of that name. Raises UsageError if there are none."""
    if group.judge_scores is None:
        raise UsageError(f"reward {reward}: item {group.item_id} was not judged")
    return group.judge_scores


def logprobs(group: Group, reward: str) -> tuple[tuple[float, ...], ...]:
    """The log-probabilities of a group's tokens, for the reward of that name. Raises UsageError if there are none."""
    if group.logprobs is None:
        raise UsageError(f"reward {reward}: item {group.item_id} has no token log-probabilities")
    return group.logprobs


def entropies(group: Group, reward: str) -> tuple[tuple[float, ...], ...]:
    """The entropies at a group's tokens, for the reward of that name. Raises UsageError if there are none."""
    if group.entropies is None:
        raise UsageError(f"reward {reward}: item {group.item_id} has no token entropies")
    return group.entropies


class Reward(Protocol):
    """One number per response of a group, from the group alone.

    A function is enough, named by `--reward mine.py:score` or the entry point `proctor.rewards`. A complete one:

        def score(group):
            return [float(answer is not None) for answer in group.answers]

    With a true attribute `needs_judge` its groups hold `judge_scores`. `rewards.base.RewardSpec` lists what else a reward can
    promise.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def needs_gold(self) -> bool:
        """Whether its groups must hold the gold answer."""
        ...

    def __call__(self, group: Group, seed: int) -> Sequence[float]:
        """Rewards of the group's responses, in order; `seed` is for a reward that draws random numbers."""
        ...


def needs_judge(reward: Reward) -> bool:
    """True if the reward declares that its groups must be judged."""
    return bool(getattr(reward, "needs_judge", False))


def needs_labels(reward: Reward, recipe: Recipe) -> bool:
    """True if a training by the recipe uses labels: those of its reward, or of a judge that knows them."""
    return reward.needs_gold or (needs_judge(reward) and recipe.judge is not None and recipe.judge.needs_gold)


Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, a short note such as the reward)."""


class Trainer(Protocol):
    """Turns a base checkpoint into trained ones under `out`/checkpoints, by a recipe.

    A function is enough, named by `trainer = "mine.py:longer"` in a recipe or the entry point `proctor.trainers`:

        from proctor.trainers.local.train import train
        def longer(recipe, base, out, resume, progress):
            policy = dataclasses.replace(recipe.policy, steps=2 * recipe.policy.steps)
            train(dataclasses.replace(recipe, policy=policy), base, out, resume, progress)
    """

    def __call__(self, recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train to the recipe's end. Raises UsageError, CheckpointError, StoreError, RunMismatchError."""
        ...
