"""Make a bundled base from nothing: supervised warm-up on drawn questions, in two styles of answer.

Most of the warm-up shows worked answers ("C is 8, A is 2. 8+2=10. \\boxed{10}"). Of the figures' base the last part shows
mostly direct ones ("\\boxed{10}"), which are often wrong: it answers directly when greedy and works things out in some of its
samples, so that the majority of its samples beats its greedy answer: a base from which an unsupervised reward has something
true to find. With a short first part the worked answers are wrong as well, and the same reward has only a wrong consensus to
amplify. The gym's base works most things out, and is also taught to judge responses: bases with other habits are made of it.

    python -m proctor.trainers.tiny.warmup --out DIR [--suite figures] [--seed 0] [--steps 1000]
    python -m proctor.trainers.tiny.warmup --out DIR --suite gym --start trainers/tiny/base --steps 3200
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from rich.progress import track

from ...benchmarks.base import boxed_prompt
from ...benchmarks.drawn.question import DrawnQuestion
from ...benchmarks.drawn.suite import DrawnSuite
from ...benchmarks.suites.figures import SUITE as FIGURES
from ...benchmarks.suites.gym import SUITE as GYM
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.types import Prompt, Sampling
from ..local.losses import SftLoss
from ..methods.base import Example
from .build import build_tiny_model, build_tokenizer, corpus
from .judging import Judged, judging_example, response_to_judge
from .judging import describe as describe_judge

BATCH = 32
EARLY_DIRECT_SHARE, LATE_DIRECT_SHARE = 0.1, 0.6
LATE_PART = 0.15
PEAK_LEARNING_RATE = 2e-3
HELD_OUT = 240
GYM_TASKS = ("perimeter", "area", "mean", "order", "colour", "above", "count", "both")
"""On three kinds of picture: to learn to read one takes a model of this size longer than to learn its words."""


@dataclass(frozen=True)
class Course:
    """What a base is taught: questions of `suite`, of `tasks` alone if any are named, `batch` of them at each step.

    In a share `judging` of the steps responses to them are judged. Answers are direct with `early_direct`, in the last
    `late_part` of the steps with `late_direct`. The tokenizer has `vocabulary` entries.
    """

    suite: DrawnSuite
    vocabulary: int
    tasks: tuple[str, ...] = ()
    batch: int = BATCH
    early_direct: float = EARLY_DIRECT_SHARE
    late_direct: float = LATE_DIRECT_SHARE
    late_part: float = LATE_PART
    judging: float = 0.0

    def texts(self) -> list[str]:
        """What the tokenizer is learnt from."""
        texts = corpus(self.suite)
        if self.judging:
            pick = random.Random(0)  # noqa: S311 - reproducible, not secret
            for question in islice(self.suite.draw(1, "train", self.tasks), 1000):
                prompt, reply = judging_example(self.suite, question, pick)
                texts += [str(prompt.parts[-1]), reply]
        return texts


COURSES: Mapping[str, Course] = {
    "figures": Course(FIGURES, 504),
    "gym": Course(GYM, 768, GYM_TASKS, batch=16, late_direct=0.2, judging=0.15),
}


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear rise over 100 steps, then a cosine down to a twentieth of the peak."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return peak * min(1.0, (step + 1) / 100) * (0.05 + 0.95 * cosine)


def warm_up(vlm: VisionLanguageModel, course: Course, steps: int, seed: int, peak: float = PEAK_LEARNING_RATE) -> None:
    """Train in place for `steps` steps of `course.batch` questions of the training split."""
    suite, questions = course.suite, course.suite.draw(1_000_000 + seed, "train", course.tasks)
    styles, pick = random.Random(seed), random.Random(f"judging {seed}")  # noqa: S311 - reproducible, not secret

    def backward(step: int) -> float:
        share = course.late_direct if step >= (1 - course.late_part) * steps else course.early_direct
        batch = list(islice(questions, course.batch))
        if pick.random() < course.judging:
            examples = [judging_example(suite, question, pick) for question in batch]
        else:
            targets = [question.solution.response(direct=styles.random() < share) for question in batch]
            prompts = [boxed_prompt(suite.as_item(question, "x")) for question in batch]
            examples = list(zip(prompts, targets, strict=True))
        loss = supervised_loss(vlm, [prompt for prompt, _ in examples], [target for _, target in examples])
        loss.backward()
        return loss.item()

    optimise(vlm, steps, peak, backward)


def optimise(vlm: VisionLanguageModel, steps: int, peak: float, backward: Callable[[int], float]) -> None:
    """All of `optimising`, with a bar, and the loss of each fiftieth step printed."""
    for step, loss in enumerate(track(optimising(vlm, steps, peak, backward), description="teach", total=steps)):
        if step % 50 == 0:
            print(f"step {step} loss {loss:.4f}", flush=True)


def optimising(vlm: VisionLanguageModel, steps: int, peak: float, backward: Callable[[int], float]) -> Iterator[float]:
    """`steps` steps of AdamW on the gradients that `backward(step)` leaves; it returns the loss, which is yielded."""
    optimiser = torch.optim.AdamW(vlm.model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.05)
    vlm.model.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        optimiser.zero_grad()
        loss = backward(step)
        torch.nn.utils.clip_grad_norm_(vlm.model.parameters(), 1.0)
        optimiser.step()
        yield loss
    vlm.model.eval()


def supervised_loss(vlm: VisionLanguageModel, prompts: Sequence[Prompt], targets: Sequence[str]) -> torch.Tensor:
    """Mean negative log-probability per target token."""
    loss = SftLoss(vlm)
    examples = [Example("", prompt, text) for prompt, text in zip(prompts, targets, strict=True)]
    return loss(examples)[0] / loss.weight(examples)


def describe(vlm: VisionLanguageModel, course: Course, count: int, sampling: Sampling) -> dict[str, dict[str, float]]:
    """Accuracy by exact text on `count` questions of the training split, by task: greedy, of samples, of their majority."""
    questions = list(islice(course.suite.draw(7, "train", course.tasks), count))
    outcomes: dict[str, list[tuple[bool, float, bool]]] = {}
    for start in range(0, count, 120):
        batch = questions[start : start + 120]
        for question, outcome in zip(batch, _outcomes(vlm, course.suite, batch, sampling), strict=True):
            for task in ("all", question.task):
                outcomes.setdefault(task, []).append(outcome)
    names = ("greedy", "mean", "majority")
    return {
        task: {
            name: round(sum(column) / len(rows), 3) for name, column in zip(names, zip(*rows, strict=True), strict=True)
        }
        for task, rows in outcomes.items()
    }


def _outcomes(
    vlm: VisionLanguageModel, suite: DrawnSuite, questions: Sequence[DrawnQuestion], sampling: Sampling
) -> list[tuple[bool, float, bool]]:
    """Of each question: is the greedy answer right, which share of the samples, is their majority."""
    inputs = vlm.encode([boxed_prompt(suite.as_item(question, "x")) for question in questions])
    with torch.no_grad():
        greedy = draw_answers(vlm, vlm.prefill(inputs), Sampling(max_tokens=sampling.max_tokens), [0] * len(questions))
        prefix = vlm.prefill(inputs, sampling.n)
    drawn = draw_answers(vlm, prefix, sampling, range(len(questions) * sampling.n))
    boxes = [answer_box(text) for text in vlm.tokenizer.batch_decode(greedy.ids, skip_special_tokens=True)]
    sampled = [answer_box(text) for text in vlm.tokenizer.batch_decode(drawn.ids, skip_special_tokens=True)]
    found = []
    for place, question in enumerate(questions):
        group = sampled[place * sampling.n : (place + 1) * sampling.n]
        right = group.count(question.answer) / len(group)
        found.append((boxes[place] == question.answer, right, max(group, key=group.count) == question.answer))
    return found


def answer_box(text: str) -> str:
    """The content of the last box of a text, up to the first closing brace; the text itself if it has none."""
    return text.rpartition("\\boxed{")[2].partition("}")[0]


def take_over(vlm: VisionLanguageModel, start: VisionLanguageModel) -> None:
    """Give a model the weights of another of the same sizes, and of its entries those of the same text."""
    theirs = start.model.state_dict()
    ours = vlm.model.state_dict()
    embedding = vlm.model.get_input_embeddings().weight
    name = next(name for name, weight in ours.items() if weight.data_ptr() == embedding.data_ptr())
    known, entries = start.tokenizer.get_vocab(), vlm.tokenizer.get_vocab()
    with torch.no_grad():
        for text, place in entries.items():
            if text in known:
                embedding[place] = theirs[name][known[text]]
        for other, weight in ours.items():
            if weight.data_ptr() != embedding.data_ptr():
                weight.copy_(theirs[other])


def to_judge(course: Course, count: int) -> list[Judged]:
    """Right and mistaken responses to questions of the training split that the course does not ask."""
    pick = random.Random(7)  # noqa: S311 - reproducible, not secret
    judged = []
    for question in islice(course.suite.draw(8, "train", course.tasks), count):
        solution, response = response_to_judge(question, pick)
        judged.append(Judged(course.suite.as_item(question, "x"), response, solution == question.solution))
    return judged


def main() -> None:
    """Build, warm up, save, describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--suite", choices=sorted(COURSES), default="figures")
    parser.add_argument("--start", type=Path, help="a bundled checkpoint whose weights are taken over")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--peak", type=float, default=PEAK_LEARNING_RATE, help="the highest learning rate")
    args = parser.parse_args()
    course = COURSES[args.suite]
    vlm = build_tiny_model(build_tokenizer(course.texts(), course.vocabulary), args.seed)
    if args.start:
        take_over(vlm, VisionLanguageModel.load(args.start))
    warm_up(vlm, course, args.steps, args.seed, args.peak)
    vlm.save(args.out)
    for task, shares in describe(vlm, course, HELD_OUT, Sampling(n=8, temperature=1.0, max_tokens=64)).items():
        print(f"{task:20} {json.dumps(shares)}")
    if course.judging:
        for kind, shares in describe_judge(args.out, to_judge(course, HELD_OUT), args.seed).items():
            print(f"judging {kind:20} {json.dumps(shares)}")


if __name__ == "__main__":
    main()
