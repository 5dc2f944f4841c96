"""A suite that is drawn: an endless stream of questions to train on, and a fixed test set of other scenes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ...harness.errors import DataError, UsageError
from ...harness.types import Image, Item
from ..base import Suite
from ..items import ImageFolder, Record
from ..registry import SUITES
from ..sources.published import Published
from .question import DrawnQuestion, DrawTask, Split, in_test_split

TEST_SIZE = 600
PUBLISHED = Published(sets={"test": TEST_SIZE})


def not_read(record: Record, folder: ImageFolder) -> Item:
    """The `parse` of a drawn suite. Raises DataError: no file holds its items."""
    raise record.error("a drawn suite has no records")


@dataclass(frozen=True)
class DrawnSuite(Suite):
    """Questions of `tasks`, drawn in turn.

    The test set is the first `test_size` questions of the test split by `test_seed`, no scene and question twice. `labels`
    are the fields of a question that its item has in `meta`.
    """

    tasks: Mapping[str, DrawTask] = field(default_factory=dict)
    test_size: int = TEST_SIZE
    test_seed: int = 0
    labels: tuple[str, ...] = ("task",)
    published: Published = PUBLISHED

    @property
    def has_sample(self) -> bool:
        """True: it is drawn."""
        return True

    def draw(self, seed: int, split: Split, tasks: Sequence[str] = ()) -> Iterator[DrawnQuestion]:
        """An endless stream of questions of a split, the tasks (default: all) in turn; the same for the same arguments.

        Raises UsageError for a task that does not exist.
        """
        tasks = tuple(tasks) or tuple(self.tasks)
        for task in tasks:
            if task not in self.tasks:
                raise UsageError(f"{self.name}: no task is called {task!r}; there are: {', '.join(self.tasks)}")
        rng = random.Random(f"{split} {seed}")  # noqa: S311 - reproducible, not secret
        wanted = split == "test"
        while True:
            for task in tasks:
                yield self.tasks[task](rng, lambda scene: in_test_split(scene) == wanted)

    def as_item(self, question: DrawnQuestion, item_id: str) -> Item:
        """The question as an item; questions on one scene form one cluster."""
        return Item(
            id=item_id,
            suite=self.name,
            question=question.question,
            answer=question.answer,
            answer_type=question.answer_type,
            images=(Image.of_bytes(question.image, f"{item_id}.png"),),
            choices=question.choices,
            unit=question.unit,
            cluster=question.scene,
            meta={label: getattr(question, label) for label in self.labels},
        )

    def load(self, data: Path | None = None) -> list[Item]:
        """Draw the test set. Raises DataError if a data file is named: there is none to read."""
        if data is not None:
            raise DataError(f"suite {self.name} is drawn, not read: leave out the data path {data}")
        return [self.as_item(question, f"{n:04d}-{question.task}") for n, question in enumerate(self.test_questions())]

    def test_questions(self) -> Iterator[DrawnQuestion]:
        """The questions of the test set, in its order."""
        seen: set[tuple[str, str]] = set()

        def first_seen(question: DrawnQuestion) -> bool:
            before = len(seen)
            seen.add((question.scene, question.question))
            return len(seen) > before

        return islice(filter(first_seen, self.draw(self.test_seed, "test")), self.test_size)


def drawn_suite(name: str) -> DrawnSuite | None:
    """The drawn suite of that name, as a registry knows it; None for any other. No file is executed."""
    suite = SUITES.get(name) if name in SUITES else None
    return suite if isinstance(suite, DrawnSuite) else None
