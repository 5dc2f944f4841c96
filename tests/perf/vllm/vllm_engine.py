"""What the vllm engine costs beside vLLM itself: tokens/s of both on the same prompts, and their ratio.

    .venv/openrlhf/bin/python tests/perf/vllm/vllm_engine.py [CHECKPOINT [ITEMS [SAMPLES]]]

One instance of vLLM serves both, turn about, on drawn figures; its caches are emptied before each turn. The engine decodes
pictures, makes prompts and decodes answers; vLLM's own `generate` is given finished prompts and decodes answers. Limit:
0.97 of its speed (the median of the turns).
"""

import os
import runpy
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[3]
SHIM = ROOT / "tests" / "engines" / "vllm" / "shim"
TURNS = 5
LIMIT = 0.97


def prepare() -> None:
    """What a machine without a GPU needs; does nothing to a torch for GPUs."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(SHIM), *filter(None, [os.environ.get("PYTHONPATH")])])
    runpy.run_path(str(SHIM / "sitecustomize.py"))


def main(checkpoint: Path, items: int, samples: int) -> int:
    """Measure; exit code 1 if the limit is missed."""
    from proctor.benchmarks.base import boxed_prompt
    from proctor.benchmarks.suites.figures import as_item, draw
    from proctor.harness.engines.vllm import SEED_MASK, open_engine
    from proctor.harness.types import Request, Sampling

    model = open_engine(str(checkpoint), {"dtype": "float32", "enforce_eager": "true"})
    from vllm import SamplingParams  # after the engine, which keeps its import from printing

    sampling = Sampling(n=samples, temperature=1.0, max_tokens=64)
    figures = [as_item(figure, str(n)) for n, figure in enumerate(islice(draw(4, "train"), items))]
    requests = [Request(item.id, boxed_prompt(item), tuple(range(samples))) for item in figures]
    prompts, params = [], []
    for request in requests:
        encoder = model._encoder
        prompt = encoder.encode(request, [encoder.picture(image) for image in request.prompt.images]).to_vllm()
        for seed in request.seeds(sampling):
            prompts.append(prompt)
            params.append(SamplingParams(temperature=1.0, max_tokens=64, seed=seed & SEED_MASK))

    def ours() -> int:
        return sum(one.completion_tokens or 0 for one in model.generate(requests, sampling))

    def raw() -> int:
        return sum(len(one.outputs[0].token_ids) for one in model._llm.generate(prompts, params, use_tqdm=False))

    def speed(ask: Callable[[], int]) -> float:
        model._llm.llm_engine.reset_prefix_cache()
        model._llm.llm_engine.reset_mm_cache()
        start = time.perf_counter()
        tokens = ask()
        return tokens / (time.perf_counter() - start)

    speed(ours)  # warm up
    pairs = []
    for turn in range(TURNS):
        order = (ours, raw) if turn % 2 else (raw, ours)
        found = {ask: speed(ask) for ask in order}
        pairs.append((found[ours], found[raw]))
        print(f"turn {turn}: engine {found[ours]:9,.0f} tokens/s, vLLM {found[raw]:9,.0f} tokens/s", flush=True)
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    print(f"{items} items x {samples} samples: {ratio:.3f} of vLLM's own speed (limit {LIMIT})")
    return 0 if ratio >= LIMIT else 1


if __name__ == "__main__":
    prepare()
    checkpoint = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "trainers" / "tiny" / "base"
    counts = [int(text) for text in sys.argv[2:4]]
    sys.exit(main(checkpoint, *(counts + [512, 4][len(counts) :])))
