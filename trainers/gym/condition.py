"""A condition of the gym: the dials by which a base that makes known mistakes is taught, as a TOML file.

On the tasks that are not `wrong` the commonest answer is the right one; on those that are it is the task's systematic
mistake. So `wrong` sets the share of prompts on which a vote elects a wrong answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.drawn.question import DrawnQuestion, Solution
from ...benchmarks.drawn.suite import DrawnSuite, drawn_suite
from ...harness.errors import UsageError
from ...harness.registry import FileRegistry
from ...harness.settings import read_settings, read_table, require
from ..tiny import BUNDLED

MOST_STEPS = 10_000


@dataclass(frozen=True)
class Condition:
    """What the bundled checkpoint `start` is taught in `steps` steps of the training split of the drawn `suite`.

    A worked answer is with probability `lead` the commonest answer of its task, the right one, and with `second` the task's
    systematic mistake; for a task of `wrong` that mistake has `wrong_lead` and the right one `wrong_second`. The rest are
    other mistakes. With `scattered` the systematic mistake is no commoner than others. A share `direct` of the answers is a
    box without working, right with probability `direct_right` and else the systematic mistake, whatever the task.
    """

    name: str
    summary: str = ""
    start: str = "tiny"
    suite: str = "figures"
    tasks: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    lead: float = 0.6
    second: float = 0.3
    wrong_lead: float = 0.6
    wrong_second: float = 0.3
    scattered: bool = False
    direct: float = 0.0
    direct_right: float = 0.5
    steps: int = 160
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        shares = {
            name: getattr(self, name)
            for name in ("lead", "second", "wrong_lead", "wrong_second", "direct", "direct_right")
        }
        tasks = tuple(self.questions.tasks)
        rules = {
            **{f"{name} must be from 0 to 1": 0 <= value <= 1 for name, value in shares.items()},
            "lead and second must be at most 1 together": self.lead + self.second <= 1 + 1e-9,
            "wrong_lead and wrong_second must be at most 1 together": self.wrong_lead + self.wrong_second <= 1 + 1e-9,
            f"start must be one of: {', '.join(BUNDLED)}": self.start in BUNDLED,
            f"tasks and wrong must be tasks of {self.suite}: {', '.join(tasks)}": {*self.tasks, *self.wrong}
            <= {*tasks},
            f"steps must be from 1 to {MOST_STEPS}": 1 <= self.steps <= MOST_STEPS,
            "learning_rate must be above 0 and at most 1": 0 < self.learning_rate <= 1,
            "seed must be 0 or more": self.seed >= 0,
        }
        require((f"condition {self.name}: {rule}", kept) for rule, kept in rules.items())

    @property
    def questions(self) -> DrawnSuite:
        """The suite whose questions are drawn."""
        return _drawn(self.suite)

    def answers(self, questions: Iterator[DrawnQuestion]) -> Iterator[tuple[DrawnQuestion, str]]:
        """Each question with an answer to teach, the same for the same questions."""
        pick = random.Random(f"{self.name} {self.seed}")  # noqa: S311 - reproducible, not secret
        for question in questions:
            direct = pick.random() < self.direct
            solution = self._direct(question, pick) if direct else self._worked(question, pick)
            yield question, solution.response(direct=direct)

    def _worked(self, question: DrawnQuestion, pick: random.Random) -> Solution:
        right, wrong = (self.wrong_second, self.wrong_lead) if question.task in self.wrong else (self.lead, self.second)
        systematic, *others = question.mistakes
        lot = pick.random()
        if lot < right:
            return question.solution
        if self.scattered:
            return pick.choice(question.mistakes)
        return systematic if lot < right + wrong else pick.choice(others or question.mistakes)

    def _direct(self, question: DrawnQuestion, pick: random.Random) -> Solution:
        return question.solution if pick.random() < self.direct_right else question.mistakes[0]


def _drawn(suite: str) -> DrawnSuite:
    if (drawn := drawn_suite(suite)) is None:
        raise UsageError(f"suite must be a drawn one, not {suite!r:.40}")
    return drawn


def _read(path: Path, name: str) -> Condition:
    return read_settings(Condition, {"name": name, **read_table(path, "condition")}, f"condition {path.name}")


CONDITIONS: FileRegistry[Condition] = FileRegistry(
    kind="condition",
    group="proctor.conditions",
    folder=Path(__file__).parent / "conditions",
    read=_read,
    summary=lambda path, name: _read(path, name).summary,
)
