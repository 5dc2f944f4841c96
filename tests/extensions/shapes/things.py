"""A suite on polygons, and beside it one thing of each other kind, each as short as it can be."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from proctor.benchmarks.base import ImageFolder, Item, Protocol, Record, Suite
from proctor.harness.answers import Extraction, Grade
from proctor.harness.types import Request, Response, Sampling
from proctor.trainers.base import Group, Progress
from proctor.trainers.local.train import train
from proctor.trainers.methods.base import Played, Step
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import Recipe
from proctor.trainers.rewards.base import with_spec

HERE = Path(__file__).parent


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of a line of shapes.jsonl."""
    image = folder.image(record, record.text("image"))
    return Item(record.text("id"), "shapes", record.text("question"), record.text("answer"), "number", (image,))


SUITE = Suite("shapes", "Shapes: how many sides has a polygon?", parse, sample=HERE / "shapes.jsonl")


def last_digit(suite: Suite) -> Protocol:
    """The last digit of a response is its answer."""

    def extract(text: str, item: Item) -> Extraction:
        digits = [character for character in text if character.isdigit()]
        return Extraction(digits[-1] if digits else None, "digit", "the last digit")

    def match(stated: Extraction, item: Item) -> Grade:
        return Grade(stated.answer == item.answer, stated.answer, "digit", "compared as text")

    return dataclasses.replace(suite.protocol("strict"), name="last_digit", version="1", extract=extract, match=match)


class Counter:
    """An engine that knows the sides of a shape, or says one more where it is told to."""

    def __init__(self, target: str, options: Mapping[str, str]) -> None:
        self.name, self.more = target, int(options.get("more", "0"))

    def identity(self) -> Mapping[str, str | int]:
        """What changes its answers."""
        return {"name": self.name, "more": self.more}

    def versions(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The number of sides; of those with more than four one more, if it is told so."""
        lines = map(json.loads, (HERE / "shapes.jsonl").read_text().splitlines())
        sides = {one["question"]: int(one["answer"]) for one in lines}
        for request in requests:
            text = str(request.prompt.parts[-1])
            found = next(number for question, number in sides.items() if question in text)
            wrong = self.more if found > 4 else 0
            for sample in request.samples:
                yield Response(request.item_id, sample, f"It has \\boxed{{{found + wrong}}} sides.", None)


@with_spec(bounds=(0, 1), equal_answers_alike=False)
def brevity(group: Group) -> list[float]:
    """The shorter a response, the better."""
    return [1 / (1 + len(text)) for text in group.responses]


def signs(rewards: np.ndarray) -> np.ndarray:
    """Plus one above the mean, minus one below."""
    return np.sign(rewards - rewards.mean())


def spoken(response: str) -> bool:
    """More than a digit."""
    return len(response) > 1


class Patient(Grpo):
    """GRPO that counts its steps."""

    def play(self, step: Step) -> Played:
        """The step, and its number as a metric."""
        played = super().play(step)
        return dataclasses.replace(played, metrics={**played.metrics, "number": float(step.number)})


def careful(recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
    """The local trainer, which leaves a note."""
    train(recipe, base, out, resume, progress)
    (out / "careful.txt").write_text("done\n")
