"""Small recorded runs, and a judge that says what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proctor.harness.errors import EngineError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.types import Item
from proctor.trainers.base import Group
from proctor.trainers.groups import RecordedGroup

SAMPLES = 4
ANSWERS = ("5", "5", "6", "7")
"""The answers of every group, turned by the item's number; 5 is right."""


def boxed(answer: str) -> str:
    return f"So \\boxed{{{answer}}}."


def say(item_id: str, sample: int) -> str:
    return boxed(ANSWERS[(int(item_id[1:]) + sample) % SAMPLES])


def record(examination: Examination, scripted: type, path: Path, says: Callable[[str, int], object] = say) -> Path:
    """Hold the examination with a scripted model, and return the run."""
    run_eval(examination, scripted(says), path)
    return path


def recorded(
    *answers: str, gold: str = "5", item: str = "q", scores: Sequence[float | None] | None = None
) -> RecordedGroup:
    """A group of boxed answers, those that are `gold` being right."""
    asked = Item(item, "figures", "How tall?", gold, "number", cluster=item)
    judged = None if scores is None else tuple(scores)
    return RecordedGroup(asked, tuple(map(boxed, answers)), tuple(answer == gold for answer in answers), judged)


@dataclass
class ScriptedJudge:
    """Scores by a function of a response's text; raises after `lives` calls, as a process that is killed stops."""

    score_of: Callable[[str], float | None] = lambda text: 0.75 if "5" in text else 0.25
    name: str = "scripted"
    lives: int = 10**9
    trouble: str = "scripted trouble"
    seeds: list[int] = field(default_factory=list)

    def identity(self) -> dict[str, str]:
        return {"judge": self.name}

    def score(self, groups: Sequence[Group], seed: int) -> list[tuple[float | None, ...]]:
        if not self.lives:
            raise EngineError("killed")
        self.lives -= 1
        self.seeds.append(seed)
        return [tuple(map(self.score_of, group.responses)) for group in groups]
