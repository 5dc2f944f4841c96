"""Several responses of the student to one prompt: their answers, their majority, and which of them can be learnt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...harness import answers
from ...harness.store import Asked
from ...harness.types import Item, Prompt, Response
from ...harness.votes import Vote, vote
from ..formats import FORMATS
from .base import Example, Lesson


@dataclass(frozen=True)
class Candidates:
    """The n responses to one item; `answer_format` is the form that was asked for, a key of FORMATS."""

    item: Item
    prompt: Prompt
    responses: tuple[Response, ...]
    answer_format: str = "boxed"

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What was said."""
        return tuple(response.text or "" for response in self.responses)

    @cached_property
    def answers(self) -> tuple[str | None, ...]:
        """The stated final answer of each response."""
        return tuple(answers.extract(text).answer for text in self.texts)

    @cached_property
    def learnable(self) -> tuple[bool, ...]:
        """Whether each response came to its end, which is learnt with it, and has the form that was asked for."""
        fine = FORMATS[self.answer_format]
        return tuple(not one.truncated and fine(text) for one, text in zip(self.responses, self.texts, strict=True))

    @cached_property
    def vote(self) -> Vote:
        """The vote of all responses, learnable or not."""
        return vote(self.item.id, self.answers, self.item.choices)

    def learnt(self, members: Sequence[int]) -> list[str]:
        """The learnable ones of some responses (indexes), repeats included."""
        return [self.texts[index] for index in members if self.learnable[index]]

    @cached_property
    def majority(self) -> list[str]:
        """The distinct learnable ones that state the answer which wins the vote."""
        return list(dict.fromkeys(self.learnt(self.vote.winner or ())))

    def examples(self, texts: Sequence[str]) -> list[Example]:
        """Texts to learn as responses to the prompt."""
        return [Example(self.item.id, self.prompt, text) for text in texts]


def respond(lesson: Lesson, name: str, asked: Sequence[Asked]) -> list[Candidates]:
    """sampling.n responses to each question, kept as the run of that name."""
    rows = lesson.student.ask(name, asked, lesson.sampling)
    return [Candidates(one.item, one.prompt, row, lesson.answer_format) for one, row in zip(asked, rows, strict=True)]


def answered(lesson: Lesson) -> list[Candidates]:
    """The student's responses to the lesson's own items."""
    return respond(lesson, "candidates", [Asked(item, lesson.prompt(item)) for item in lesson.items])


def some_of(texts: Sequence[str], most: int, seed: int, item_id: str) -> list[str]:
    """At most `most` distinct texts, in a random order that depends on seed and item."""
    distinct = list(dict.fromkeys(texts))
    return random.Random(f"{seed} {item_id}").sample(distinct, min(most, len(distinct)))  # noqa: S311 - reproducible
