"""Two steps of GRPO by each trainer that is installed, and vLLM alone: tokens drawn per second, in one table.

    tests/gpu/one.sh [WHEELS]

With a card the base is a Qwen2.5-VL of 3B with random weights, else the bundled tiny model. A trainer's rate is of its second
step, whole: drawing, rewards, gradients, and where it has an engine handing it the weights.
"""

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from proctor.harness.errors import ProctorError
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.rewards.registry import TRAINERS
from proctor.trainers.tiny import BASE

CARD = torch.cuda.is_available()
TEXT = {
    "hidden_size": 2048,
    "intermediate_size": 11008,
    "num_hidden_layers": 36,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "max_position_embeddings": 32768,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
}
VISION = {
    "depth": 32,
    "hidden_size": 1280,
    "intermediate_size": 3420,
    "num_heads": 16,
    "out_hidden_size": 2048,
    "fullatt_block_indexes": [7, 15, 23, 31],
}
"""The sizes of Qwen/Qwen2.5-VL-3B-Instruct, by its config.json."""
PROMPTS, N, TOKENS = (16, 8, 256) if CARD else (4, 4, 16)
SIZES = [
    "policy.steps=2",
    f"policy.prompts={PROMPTS}",
    "policy.minibatches=1",
    f"sampling.n={N}",
    f"sampling.max_tokens={TOKENS}",
    "checkpoint_every=2",
]
TRAINED: dict[str, tuple[str | None, list[str]]] = {
    "local, LoRA 64": (
        None,
        ["trainer=local", "lora.rank=64", "local.micro_tokens=16384", "local.gradient_checkpointing=true"],
    ),
    "trl": ("trl", ["trainer=trl"]),
    "openrlhf": ("openrlhf", ["trainer=openrlhf", "openrlhf.gpus=1", "openrlhf.engines=1", "openrlhf.attention=sdpa"]),
}
"""What is tried: the package that it needs, and the changes of the recipe."""


def random_model(folder: Path) -> Path:
    """A checkpoint of 3B in bfloat16 with the tiny model's tokenizer and image processor."""
    tiny = json.loads((BASE / "config.json").read_text())
    config = Qwen2_5_VLConfig(
        **{name: value for name, value in tiny.items() if name.endswith("_token_id")},
        text_config={**tiny["text_config"], **TEXT},
        vision_config={**tiny["vision_config"], **VISION},
        tie_word_embeddings=True,
    )
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = Qwen2_5_VLForConditionalGeneration(config)
    torch.set_default_dtype(torch.float32)
    model.save_pretrained(folder)
    for file in BASE.iterdir():
        if file.suffix in (".json", ".jinja", ".txt") and not (folder / file.name).exists():
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def trained(recipe: Recipe, base: Path, out: Path) -> float:
    """Tokens drawn per second of the second step."""
    ended: dict[int, float] = {}

    def step(done: int, total: int, note: str) -> None:
        ended.setdefault(done, time.perf_counter())

    TRAINERS.load(recipe.trainer)(recipe, base, out, False, step)
    metrics = json.loads((out / "metrics.jsonl").read_text().splitlines()[1])
    return float(metrics["response_length"]) * PROMPTS * N / (ended[2] - ended[1])


def drawn(base: Path) -> float:
    """Tokens per second of vLLM alone, after a first turn."""
    from proctor.harness.engines.vllm import open_engine
    from proctor.harness.types import Request, Sampling
    from proctor.trainers.sampler import asking, training_prompts

    recipe = load_recipe("mm_upt_figures", SIZES)
    items = training_prompts(recipe.prompts, 0)(0, PROMPTS)
    requests = [Request(item.id, asking(recipe)(item), tuple(range(N))) for item in items]
    engine = open_engine(str(base), {} if CARD else {"dtype": "float32", "enforce_eager": "true"})
    rate = 0.0
    for turn in range(2):
        begin = time.perf_counter()
        answers = engine.generate(requests, Sampling(N, 1.0, max_tokens=TOKENS, seed=turn))
        rate = sum(one.completion_tokens or 0 for one in answers) / (time.perf_counter() - begin)
    return rate


def attempted(name: str, *arguments: str) -> tuple[str, str]:
    """A row: what is measured in a process of its own, which leaves the card free for the next, or why nothing is."""
    done = subprocess.run([sys.executable, __file__, name, *arguments], capture_output=True, text=True, check=False)
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["nothing was said"]
    return name, said[-1][:120]


def main(words: list[str]) -> None:
    """The table; or, with a row's name before the folder and the base, that row."""
    if len(words) == 3:
        name, out, base = words[0], Path(words[1]), Path(words[2])
        try:
            changes: Any = TRAINED.get(name, (None, []))[1]
            rate = trained(load_recipe("mm_upt_figures", [*SIZES, *changes]), base, out) if changes else drawn(base)
        except ProctorError as error:
            sys.exit(str(error))
        print(f"{rate:,.0f} tokens/s")
        return
    out = Path(words[0])
    where = torch.cuda.get_device_name() if CARD else "no card: the tiny model on this CPU, figures without a meaning"
    print(f"{where}; {PROMPTS} prompts x {N} answers of up to {TOKENS} tokens a step", flush=True)
    base = random_model(out / "base") if CARD else BASE
    for number, name in enumerate(("vllm", *TRAINED)):
        package = TRAINED.get(name, ("vllm",))[0]
        missing = package is not None and find_spec(package) is None
        row = (name, "not installed") if missing else attempted(name, str(out / str(number)), str(base))
        print(f"{row[0]:16} {row[1]}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
