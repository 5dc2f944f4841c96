"""Make the bundled tiny talker: the tiny base, taught on drawn figures to talk about a picture as well as to answer.

Methods that ask a model for descriptions, questions, verdicts, scores or clues need one that can give them. Every batch
mixes the tasks of `talker_tasks`; as in the base's own warm-up, the answers shown are mostly worked ones until the last
part, so that the talker too answers directly when greedy and often wrongly, and its majority over samples is better.

    python -m proctor.trainers.tiny.talker_warmup --out DIR [--start DIR] [--seed 0] [--steps 1900]
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import torch

from ...benchmarks.drawn.question import DrawnQuestion
from ...benchmarks.suites.figures import draw
from ...harness.engines.transformers import TransformersEngine, TransformersOptions
from ...harness.engines.vlm import VisionLanguageModel
from ...harness.types import Prompt, Request, Sampling
from . import BASE, judge_warmup, judging
from .talker_tasks import ANSWERING, TALKING, TeachingExample, clues, description, fits, judge_example
from .warmup import BATCH, EARLY_DIRECT_SHARE, LATE_DIRECT_SHARE, LATE_PART, answer_box, optimise, supervised_loss

PEAK_LEARNING_RATE = 1.5e-3
SHARES: Mapping[str, float] = {
    "answer": 0.30,
    "answer described": 0.07,
    "describe": 0.07,
    "describe carelessly": 0.04,
    "ask": 0.06,
    "ask another": 0.06,
    "verify": 0.22,
    "judge": 0.03,
    "clue": 0.07,
    "vote": 0.08,
}
HELD_OUT = 150
SAMPLES = 8
MAX_REPLY = 64


def teaching_example(task: str, figure: DrawnQuestion, pick: random.Random, direct_share: float) -> TeachingExample:
    """A prompt and its target; answers are direct with the probability given."""
    if task in ANSWERING:
        return ANSWERING[task](figure, pick, pick.random() < direct_share)
    return TALKING[task](figure, pick)


def teach(vlm: VisionLanguageModel, steps: int, seed: int) -> None:
    """Train in place for `steps` steps of BATCH figures of the training split."""
    figures = draw(4_000_000 + seed, "train")
    pick = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def learn(step: int) -> float:
        share = LATE_DIRECT_SHARE if step >= (1 - LATE_PART) * steps else EARLY_DIRECT_SHARE
        tasks = pick.choices(list(SHARES), list(SHARES.values()), k=BATCH)
        examples = [
            teaching_example(task, figure, pick, share)
            for task, figure in zip(tasks, islice(figures, BATCH), strict=True)
        ]
        return backward(vlm, examples)

    optimise(vlm, steps, PEAK_LEARNING_RATE, learn)


def backward(vlm: VisionLanguageModel, examples: Sequence[TeachingExample]) -> float:
    """Gradients of the mean of two losses, the shorter prompts' and the longer ones': apart, they need less padding."""
    ordered = sorted(examples, key=lambda example: len(str(example[0].parts[-1])))
    middle = len(ordered) // 2
    total = 0.0
    for half in (ordered[:middle], ordered[middle:]):
        loss = supervised_loss(vlm, [prompt for prompt, _ in half], [target for _, target in half]) / 2
        loss.backward()
        total += loss.item()
    return total


Grade = Callable[[DrawnQuestion, str, str], bool]
"""(figure, target, reply) -> whether the reply does what the task asks for."""

GRADES: Mapping[str, Grade] = {
    "answer": lambda _, target, reply: answer_box(reply) == answer_box(target),
    "answer described": lambda _, target, reply: answer_box(reply) == answer_box(target),
    "describe": lambda _, target, reply: reply == target,
    "describe carelessly": lambda figure, _, reply: reply != description(figure.scene),
    "ask": lambda figure, _, reply: fits(reply, figure.scene),
    "ask another": lambda figure, _, reply: fits(reply, figure.scene) and reply != figure.question,
    "verify": lambda _, target, reply: reply.rpartition(" ")[2] == target.rpartition(" ")[2],
    "clue": lambda figure, _, reply: reply in clues(figure.scene),
    "vote": lambda _, target, reply: answer_box(reply) == answer_box(target),
}


def replies(model: TransformersEngine, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[str]]:
    """sampling.n replies to each prompt."""
    requests = (Request(str(place), prompt, tuple(range(sampling.n))) for place, prompt in enumerate(prompts))
    texts = [response.text or "" for response in model.generate(requests, sampling)]
    return [texts[k : k + sampling.n] for k in range(0, len(texts), sampling.n)]


def describe(talker: Path, figures: Sequence[DrawnQuestion], seed: int) -> dict[str, dict[str, float]]:
    """How well a saved talker does each task on the given figures: the share of greedy and of sampled replies that do it.

    Beside that: `direct`, the share of sampled answers without working; `majority`, answers right by most of SAMPLES;
    `auc`, right against wrong, by the share of Yes among SAMPLES verdicts, and by the judge's score (0.5 is guessing).
    """
    model = TransformersEngine(talker, TransformersOptions(batch=256))
    pick = random.Random(seed)  # noqa: S311 - reproducible, not secret
    shares = {task: quality(model, task, figures, pick, seed) for task in GRADES}
    judged = judge_warmup.describe(talker, [judge_example(figure, pick) for figure in figures], seed)
    return shares | {"judge": judged["all"]}


def quality(
    model: TransformersEngine, task: str, figures: Sequence[DrawnQuestion], pick: random.Random, seed: int
) -> dict[str, float]:
    """What `describe` tells of one task other than judging."""
    examples = [teaching_example(task, figure, pick, LATE_DIRECT_SHARE) for figure in figures]
    prompts = [prompt for prompt, _ in examples]
    targets = [target for _, target in examples]
    greedy = replies(model, prompts, Sampling(max_tokens=MAX_REPLY))
    drawn = replies(model, prompts, Sampling(n=SAMPLES, temperature=1.0, max_tokens=MAX_REPLY, seed=seed))
    graded = {
        style: share(
            [
                GRADES[task](figure, target, text)
                for figure, target, row in zip(figures, targets, rows, strict=True)
                for text in row
            ]
        )
        for style, rows in (("greedy", greedy), ("sampled", drawn))
    }
    if task in ANSWERING:
        return graded | answering(targets, drawn)
    if task == "verify":
        yes = [share([text.endswith("Yes.") for text in row]) for row in drawn]
        rights = [target.endswith("Yes.") for target in targets]
        return graded | {"auc": judging.quality(list(zip(yes, rights, strict=True)))["auc"]}
    return graded


def share(outcomes: Sequence[bool]) -> float:
    """How many of the outcomes are true, from 0 to 1."""
    return round(sum(outcomes) / len(outcomes), 3)


def answering(targets: Sequence[str], drawn: Sequence[Sequence[str]]) -> dict[str, float]:
    """The share of direct answers, and of targets whose box most samples have."""
    boxes = [[answer_box(text) for text in row] for row in drawn]
    return {
        "direct": share([text.startswith("\\boxed") for row in drawn for text in row]),
        "majority": share([max(row, key=row.count) == answer_box(t) for row, t in zip(boxes, targets, strict=True)]),
    }


def main() -> None:
    """Teach, save, describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, default=BASE, help="the checkpoint to teach (default: the tiny base)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1900)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    vlm = VisionLanguageModel.load(args.start)
    teach(vlm, args.steps, args.seed)
    vlm.save(args.out)
    held_out = list(islice(draw(5_000_000 + args.seed, "train"), HELD_OUT))
    for task, shares in describe(args.out, held_out, args.seed).items():
        print(f"{task:20} {json.dumps(shares)}")


if __name__ == "__main__":
    main()
