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
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from rich.progress import track

from ...benchmarks.base import boxed_prompt
from ...benchmarks.suites.figures import LETTERS, Figure, as_item, draw
from ...harness.answers.formats import boxed
from ...harness.engines.transformers import TransformersEngine, TransformersOptions
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.types import Prompt, Sampling, sample_seed
from ..base import make_group
from ..judge import ModelJudge
from ..judge_prompt import judge_prompt
from ..recipe_settings import JudgeSettings
from . import BASE
from .warmup import answer_box, optimise, supervised_loss

BATCH = 32
PEAK_LEARNING_RATE = 1e-3
SAMPLES = 4
RESPONSES = Sampling(n=SAMPLES, temperature=1.0, max_tokens=48)
HELD_OUT = 250
MAX_REPLY = 112


@dataclass(frozen=True)
class JudgeExample:
    """A response to a figure, and whether its boxed answer is right."""

    figure: Figure
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


def respond(vlm: VisionLanguageModel, figures: Sequence[Figure], seed: int) -> list[JudgeExample]:
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
    settings = JudgeSettings(prompt="short", max_tokens=MAX_REPLY, retries=0)
    groups = [make_group(as_item(example.figure, "x"), [example.response], needs_gold=False) for example in examples]
    engine = TransformersEngine(judge, TransformersOptions(batch=64))
    scores = [row[0] for row in ModelJudge(engine, settings).score(groups, seed)]
    kinds: dict[str, list[tuple[float | None, bool]]] = {}
    for score, example in zip(scores, examples, strict=True):
        style = "direct" if example.response.startswith("\\boxed") else "worked"
        for kind in ("all", f"{example.figure.task} {style}"):
            kinds.setdefault(kind, []).append((score, example.right))
    return {kind: quality(rows) for kind, rows in sorted(kinds.items())}


def quality(rows: Sequence[tuple[float | None, bool]]) -> dict[str, float]:
    """Of (score, right): how many, the share of right ones, the share without a score, and the area under the curve.

    The area is the chance that a right response scores above a wrong one, ties counted half; 0.5 is guessing.
    """
    above = [score for score, right in rows if right and score is not None]
    below = [score for score, right in rows if not right and score is not None]
    wins = sum((a > b) + 0.5 * (a == b) for a in above for b in below)
    return {
        "examples": len(rows),
        "right": round(sum(right for _, right in rows) / len(rows), 3),
        "unread": round(sum(score is None for score, _ in rows) / len(rows), 3),
        "auc": round(wins / (len(above) * len(below)), 3) if above and below else math.nan,
    }


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
