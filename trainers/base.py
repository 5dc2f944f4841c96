"""What a trainer, a reward and a group are. Labels do not reach a reward that does not declare that it needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ..harness import answers
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

    `gold` is present only for a reward with `needs_gold`.
    """

    item_id: str
    question: str
    choices: tuple[str, ...]
    images: tuple[Image, ...]
    responses: tuple[str, ...]
    gold: Gold | None = None

    @cached_property
    def answers(self) -> tuple[str | None, ...]:
        """The stated final answer of each response."""
        return tuple(answers.extract(response).answer for response in self.responses)


def make_group(item: Item, responses: Sequence[str], needs_gold: bool) -> Group:
    """The group that a reward sees; without `needs_gold` nothing in it depends on the item's label."""
    gold = Gold(item.answer, item.answer_type, item.unit) if needs_gold else None
    return Group(item.id, item.question, item.choices, item.images, tuple(responses), gold)


class Reward(Protocol):
    """A reward idea: one number per response of a group, from the group alone."""

    name: str
    needs_gold: bool

    def __call__(self, group: Group, seed: int) -> Sequence[float]:
        """Rewards of the group's responses, in order; `seed` is for a reward that draws random numbers."""
        ...


Progress = Callable[[int, int, str], None]
"""Told (steps done, steps in all, a few words on how it goes)."""


class Trainer(Protocol):
    """Turns a base checkpoint into trained ones under `out`/checkpoints, by a recipe."""

    def __call__(self, recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train to the recipe's end. Raises UsageError, CheckpointError, StoreError, RunMismatchError."""
        ...
