"""A student whose replies are written by the test."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import as_item, draw
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Response, Sampling
from proctor.trainers.methods.base import StageInput
from proctor.trainers.sampler import unlabelled

Say = Callable[[Sample, int], "str | Response"]
"""(question, sample) -> the reply."""


def row(*texts: str) -> Say:
    """The same replies to every question."""
    return lambda asked, sample: texts[sample % len(texts)]


def cut(text: str) -> Response:
    """A reply that was cut off at the token limit."""
    return Response("x", 0, text, finish_reason="length")


@dataclass
class ScriptedStudent:
    """Says, by the name of the run, what the test tells it to; remembers what was asked."""

    script: Mapping[str, Say]
    asked: dict[str, list[Sample]] = field(default_factory=dict)
    samplings: dict[str, Sampling] = field(default_factory=dict)

    def ask(self, name: str, asked: Sequence[Sample], sampling: Sampling) -> list[tuple[Response, ...]]:
        assert name not in self.asked, "every run of a stage has a name of its own"
        assert len({one.item.id for one in asked}) == len(asked), "items have ids of their own"
        self.asked[name], self.samplings[name] = list(asked), sampling
        return [tuple(self._reply(name, one, sample) for sample in range(sampling.n)) for one in asked]

    def _reply(self, name: str, asked: Sample, sample: int) -> Response:
        said = self.script[name](asked, sample)
        if isinstance(said, Response):
            return dataclasses.replace(said, item_id=asked.item.id, sample=sample)
        return Response(asked.item.id, sample, said, finish_reason="stop")

    def texts(self, name: str) -> list[str]:
        """The last text of every prompt of a run."""
        return [str(one.prompt.parts[-1]) for one in self.asked.get(name, [])]


def figures(count: int, task: str = "sum", *, labels: bool = False) -> list[Item]:
    """Figures of a task, without labels unless they are asked for."""
    drawn = islice(draw(5, "train", [task]), count)
    items = [as_item(figure, f"q{number}") for number, figure in enumerate(drawn)]
    return items if labels else [unlabelled(item) for item in items]


def stage_input(student: ScriptedStudent, items: Sequence[Item], n: int = 4, seed: int = 0) -> StageInput:
    """A stage_input on these items."""
    return StageInput(0, items, boxed_prompt, Sampling(n, 1.0, seed=seed), student, judge_prompt="short")


def box(answer: object, before: str = "") -> str:
    """A response with a boxed answer."""
    return f"{before}\\boxed{{{answer}}}"
