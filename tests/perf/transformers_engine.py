"""The transformers engine against `generate` called for one item at a time: answers per second, and equal output.

    python tests/perf/transformers_engine.py

Limit: at least 2 times as many. Both have the same model, prompts, precision and threads; the peer is what a plain loop over
a benchmark does. The two take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import torch

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import SUITE
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.types import Request, Sampling
from proctor.trainers.tiny import BASE

ITEMS = 128
ROUNDS = 3
LIMIT = 2.0
SAMPLING = Sampling(max_tokens=64)


def main() -> int:
    """Measure; exit code 1 if the limit is missed or an answer differs."""
    engine = TransformersEngine(BASE)
    prompts = {item.id: boxed_prompt(item) for item in SUITE.load()[:ITEMS]}
    requests = [Request(name, prompt) for name, prompt in prompts.items()]
    vlm = engine._vlm

    def ours() -> dict[str, str]:
        return {one.item_id: one.text or "" for one in engine.generate(requests, SAMPLING)}

    def one_by_one() -> dict[str, str]:
        found = {}
        for name, prompt in prompts.items():
            inputs = dict(vlm.encode([prompt]))
            inputs["mm_token_type_ids"] = (inputs["input_ids"] == vlm.model.config.image_token_id).int()
            with torch.inference_mode():
                ids = vlm.model.generate(**inputs, max_new_tokens=SAMPLING.max_tokens, do_sample=False)
            new = ids[:, inputs["input_ids"].shape[1] :]
            found[name] = vlm.tokenizer.decode(new[0], skip_special_tokens=True)
        return found

    def timed(work: Callable[[], dict[str, str]]) -> tuple[float, dict[str, str]]:
        start = time.perf_counter()
        answers = work()
        return time.perf_counter() - start, answers

    ours()  # both are warm
    rounds = [(timed(ours), timed(one_by_one)) for _ in range(ROUNDS)]
    ratios = [peer[0] / mine[0] for mine, peer in rounds]
    equal = sum(rounds[0][0][1][name] == rounds[0][1][1][name] for name in prompts)
    ratio = statistics.median(ratios)
    best = [min(one[side][0] for one in rounds) for side in (0, 1)]
    print(f"engine      {ITEMS / best[0]:8.1f} answers/s (batches of 32)")
    print(f"one by one  {ITEMS / best[1]:8.1f} answers/s (transformers' generate)")
    print(f"ratio       {ratio:8.2f}  (limit {LIMIT}; rounds: {', '.join(f'{one:.2f}' for one in ratios)})")
    print(f"equal       {equal} of {ITEMS}")
    return 0 if ratio >= LIMIT and equal == ITEMS else 1


if __name__ == "__main__":
    sys.exit(main())
