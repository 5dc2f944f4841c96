"""Make the bundled tiny judge: the tiny base, taught to score responses to drawn figures.

Each example is a figure of the training split, its question, and a response that the base itself drew. The target solves
the question first and then gives the scores:

    C is 8, A is 2. 8+2=10. {"answer_correctness": 1, "reasoning_quality": 0.5, "visual_grounding": 1}

So the judge has seen labels and is no copy of the model that it judges. What it learns is told by `describe`, on responses
as the base draws them and on `balanced` ones, in which no habit of the base tells right from wrong.

    python -m proctor.trainers.tiny.judge_warmup --out DIR [--seed 0] [--steps 600] [--figures 3000]
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from rich.progress import track

from ...benchmarks.base import boxed_prompt
from ...benchmarks.drawn.bars import LETTERS
from ...benchmarks.drawn.question import DrawnQuestion
from ...benchmarks.suites.figures import as_item, draw
from ...harness.answers.formats import boxed
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.types import Prompt, Sampling, sample_seed
from ..base import make_group
from ..judge_prompt import judge_prompt
from . import BASE, judging
from .judging import Judged
from .warmup import answer_box, optimise, supervised_loss

BATCH = 32
PEAK_LEARNING_RATE = 1e-3
SAMPLES = 4
RESPONSES = Sampling(n=SAMPLES, temperature=1.0, max_tokens=48)
HELD_OUT = 250


@dataclass(frozen=True)
class JudgeExample:
    """A response to a figure, and whether its boxed answer is right."""

    figure: DrawnQuestion
    response: str

    @property
    def right(self) -> bool:
        """True if the box holds the answer's exact text."""
        return answer_box(self.response) == self.figure.answer

    def changed(self, answer: str) -> JudgeExample:
        """The same response with another answer, in the box and at the end of the working."""
        stated = answer_box(self.response)
        text = self.response.replace(f"={stated}.", f"={answer}.").replace(f"is {stated}. \\", f"is {answer}. \\")
        return JudgeExample(self.figure, text.replace(f"\\boxed{{{stated}}}", f"\\boxed{{{answer}}}"))

    def prompt(self) -> Prompt:
        """What the judge is shown."""
        return judge_prompt(make_group(as_item(self.figure, "x"), [self.response], needs_gold=False), 0, "short")

    def target(self) -> str:
        """What the judge is taught to reply."""
        worked = self.response.partition("\\boxed")[0].strip()
        readings = self.figure.worked.split(". ")[0]
        scores = {
            "answer_correctness": int(self.right),
            "reasoning_quality": (1 if worked == self.figure.worked else 0.5) if self.right else 0,
            "visual_grounding": int(self.right or worked.startswith(readings)),
        }
        return f"{self.figure.worked} {json.dumps(scores)}"


def balanced(examples: Sequence[JudgeExample], seed: int) -> list[JudgeExample]:
    """The examples that have a box, each made right or wrong by a coin, whatever its task and style."""
    pick = random.Random(seed)  # noqa: S311 - reproducible, not secret
    mixed = []
    for example in filter(lambda each: boxed(each.response), examples):
        right = example.figure.answer
        if pick.random() < 0.5:
            mixed.append(example if example.right else example.changed(right))
        else:
            mixed.append(example.changed(wrong_answer(right, pick)) if example.right else example)
    return mixed


def wrong_answer(right: str, pick: random.Random) -> str:
    """Another letter, or a number up to three away."""
    if right in LETTERS:
        return pick.choice([letter for letter in LETTERS if letter != right])
    near = [int(right) + step for step in (-3, -2, -1, 1, 2, 3)]
    return str(pick.choice([number for number in near if number >= 0]))


def respond(vlm: VisionLanguageModel, figures: Sequence[DrawnQuestion], seed: int) -> list[JudgeExample]:
    """SAMPLES responses of the model to each figure."""
    examples = []
    for start in track(range(0, len(figures), BATCH), description="responses"):
        batch = figures[start : start + BATCH]
        with torch.no_grad():
            prefix = vlm.prefill(vlm.encode([boxed_prompt(as_item(figure, "x")) for figure in batch]), SAMPLES)
        seeds = [sample_seed(seed, f"{start + place}", k) for place in range(len(batch)) for k in range(SAMPLES)]
        drawn = draw_answers(vlm, prefix, RESPONSES, seeds, vlm.media_ids)
        texts = vlm.decode(drawn.ids, drawn.mask)
        examples += [JudgeExample(batch[row // SAMPLES], text) for row, text in enumerate(texts)]
    return examples


def teach(vlm: VisionLanguageModel, examples: Sequence[JudgeExample], steps: int, seed: int) -> None:
    """Train in place: every batch half right responses, half wrong ones."""
    pick = random.Random(seed)  # noqa: S311 - reproducible, not secret
    halves = [[example for example in examples if example.right is right] for right in (True, False)]

    def backward(step: int) -> float:
        batch = [example for half in halves for example in pick.sample(half, BATCH // 2)]
        loss = supervised_loss(vlm, [example.prompt() for example in batch], [example.target() for example in batch])
        loss.backward()
        return loss.item()

    optimise(vlm, steps, PEAK_LEARNING_RATE, backward)


def describe(judge: Path, examples: Sequence[JudgeExample], seed: int) -> dict[str, dict[str, float]]:
    """How well a saved judge tells right responses from wrong ones, asked as the recipe asks it: by task and style."""
    return judging.describe(
        judge, [Judged(as_item(one.figure, "x"), one.response, one.right) for one in examples], seed
    )


def main() -> None:
    """Draw responses, teach, save, describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--figures", type=int, default=3000)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    vlm = VisionLanguageModel.load(BASE)
    examples = respond(vlm, list(islice(draw(2_000_000 + args.seed, "train"), args.figures)), args.seed)
    held_out = respond(vlm, list(islice(draw(3_000_000 + args.seed, "train"), HELD_OUT)), args.seed)
    teach(vlm, examples, args.steps, args.seed)
    vlm.save(args.out)
    for name, judged in (("as drawn", held_out), ("balanced", balanced(held_out, args.seed))):
        for kind, numbers in describe(args.out, judged, args.seed).items():
            print(f"{name:9} {kind:18} {json.dumps(numbers)}")


if __name__ == "__main__":
    main()
