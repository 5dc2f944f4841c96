"""Make the bundled tiny checkpoint from nothing: supervised warm-up on drawn figures, in two styles of answer.

Most of the warm-up shows worked answers ("C is 8, A is 2. 8+2=10. \\boxed{10}"); its last part shows mostly direct ones
("\\boxed{10}"), which are often wrong. The result answers directly when greedy and works things out in some of its
samples, so that the majority of its samples beats its greedy answer: a base from which an unsupervised reward has
something true to find. With a short first part the worked answers are wrong as well, and the same reward has only a wrong
consensus to amplify.

    python -m proctor.trainers.tiny.warmup --out DIR [--seed 0] [--steps 1000]
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import torch
from rich.progress import track

from ...benchmarks.base import boxed_prompt
from ...benchmarks.suites.figures import Figure, as_item, draw
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.types import Prompt, Sampling
from ..local.losses import SftLoss
from ..methods.base import Example
from .build import build_tiny_model

BATCH = 32
PEAK_LEARNING_RATE = 2e-3
EARLY_DIRECT_SHARE, LATE_DIRECT_SHARE = 0.1, 0.6
LATE_PART = 0.15


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear rise over 100 steps, then a cosine down to a twentieth of the peak."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return peak * min(1.0, (step + 1) / 100) * (0.05 + 0.95 * cosine)


def target(figure: Figure, direct: bool) -> str:
    """The answer that the model is shown."""
    box = f"\\boxed{{{figure.answer}}}"
    return box if direct else f"{figure.worked} {box}"


def warm_up(vlm: VisionLanguageModel, steps: int, seed: int) -> None:
    """Train in place for `steps` steps of BATCH figures of the training split."""
    figures = draw(1_000_000 + seed, "train")
    styles = random.Random(seed)  # noqa: S311 - reproducible, not secret

    def backward(step: int) -> float:
        share = LATE_DIRECT_SHARE if step >= (1 - LATE_PART) * steps else EARLY_DIRECT_SHARE
        batch = list(islice(figures, BATCH))
        targets = [target(figure, styles.random() < share) for figure in batch]
        loss = supervised_loss(vlm, [boxed_prompt(as_item(figure, "x")) for figure in batch], targets)
        loss.backward()
        return loss.item()

    optimise(vlm, steps, PEAK_LEARNING_RATE, backward)


def optimise(vlm: VisionLanguageModel, steps: int, peak: float, backward: Callable[[int], float]) -> None:
    """`steps` steps of AdamW on the gradients that `backward(step)` leaves; it returns the loss."""
    optimiser = torch.optim.AdamW(vlm.model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.05)
    vlm.model.train()
    for step in track(range(steps), description="teach"):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        optimiser.zero_grad()
        loss = backward(step)
        torch.nn.utils.clip_grad_norm_(vlm.model.parameters(), 1.0)
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step} loss {loss:.4f}", flush=True)
    vlm.model.eval()


def supervised_loss(vlm: VisionLanguageModel, prompts: Sequence[Prompt], targets: Sequence[str]) -> torch.Tensor:
    """Mean negative log-probability per target token."""
    loss = SftLoss(vlm)
    examples = [Example("", prompt, text) for prompt, text in zip(prompts, targets, strict=True)]
    return loss(examples)[0] / loss.weight(examples)


def describe(vlm: VisionLanguageModel, figures: Sequence[Figure], sampling: Sampling) -> dict[str, float]:
    """Accuracy of greedy answers, of the samples' mean and of their majority, by exact text, on the given figures."""
    inputs = vlm.encode([boxed_prompt(as_item(figure, "x")) for figure in figures])
    with torch.no_grad():
        greedy = draw_answers(vlm, vlm.prefill(inputs), Sampling(max_tokens=sampling.max_tokens), [0] * len(figures))
        prefix = vlm.prefill(inputs, sampling.n)
    drawn = draw_answers(vlm, prefix, sampling, range(len(figures) * sampling.n))
    boxes = [answer_box(text) for text in vlm.tokenizer.batch_decode(greedy.ids, skip_special_tokens=True)]
    sampled = [answer_box(text) for text in vlm.tokenizer.batch_decode(drawn.ids, skip_special_tokens=True)]
    groups = [sampled[k * sampling.n : (k + 1) * sampling.n] for k in range(len(figures))]
    golds = [figure.answer for figure in figures]
    majority = [max(group, key=group.count) for group in groups]
    return {
        "greedy": sum(map(str.__eq__, boxes, golds)) / len(golds),
        "mean": sum(group.count(gold) for group, gold in zip(groups, golds, strict=True)) / len(sampled),
        "majority": sum(map(str.__eq__, majority, golds)) / len(golds),
    }


def answer_box(text: str) -> str:
    """The content of the last box of a text, up to the first closing brace; the text itself if it has none."""
    return text.rpartition("\\boxed{")[2].partition("}")[0]


def main() -> None:
    """Build, warm up, describe, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1000)
    args = parser.parse_args()
    vlm = build_tiny_model(args.seed)
    warm_up(vlm, args.steps, args.seed)
    held_out = list(islice(draw(7, "train"), 240))
    print(describe(vlm, held_out, Sampling(n=8, temperature=1.0, max_tokens=48)))
    vlm.save(args.out)


if __name__ == "__main__":
    main()
