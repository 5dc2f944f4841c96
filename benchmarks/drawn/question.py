"""A drawn question: its picture, its true solution, and solutions with the mistakes that people and models make.

What is drawn is a *scene*. A hash of the scene puts one in eight into the test split, and training draws only from the rest.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Split: TypeAlias = Literal["train", "test"]
Language: TypeAlias = Literal["en", "zh"]
Accepts: TypeAlias = Callable[[str], bool]
"""Whether a scene is one of the split that is drawn."""


@dataclass(frozen=True)
class Solution:
    """An answer and the working that ends in it, right or wrong; `worked` is the text before the box."""

    answer: str
    worked: str

    def response(self, *, direct: bool = False) -> str:
        """What is said: the working and the boxed answer, or the box alone."""
        box = f"\\boxed{{{self.answer}}}"
        return box if direct else f"{self.worked} {box}"


@dataclass(frozen=True)
class DrawnQuestion:
    """One drawn question with its solution.

    `mistakes` are wrong solutions, no two with the same answer. The first is the task's systematic one, which who does not
    know better makes each time (the end of a bar for its length, the area for the perimeter); the others are scattered ones.
    `steps` counts the readings and computations of the worked solution.
    """

    task: str
    scene: str
    question: str
    solution: Solution
    mistakes: tuple[Solution, ...]
    image: bytes
    answer_type: str = "number"
    choices: tuple[str, ...] = ()
    unit: str | None = None
    language: Language = "en"
    steps: int = 1

    @property
    def answer(self) -> str:
        """The gold."""
        return self.solution.answer

    @property
    def worked(self) -> str:
        """The true solution's text before the box."""
        return self.solution.worked


DrawTask: TypeAlias = Callable[[random.Random, Accepts], DrawnQuestion]
"""Draws one question of a task on an accepted scene."""


def in_test_split(scene: str) -> bool:
    """True for the one scene in eight that training never draws."""
    return hashlib.sha256(scene.encode()).digest()[0] < 32


def mistaken(solution: Solution, *wrong: Solution) -> tuple[Solution, ...]:
    """The wrong solutions in their order, without those that come out right after all, and each answer once."""
    by_answer: dict[str, Solution] = {}
    for each in wrong:
        if each.answer != solution.answer:
            by_answer.setdefault(each.answer, each)
    return tuple(by_answer.values())
