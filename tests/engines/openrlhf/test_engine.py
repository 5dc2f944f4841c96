"""The rollout engine in OpenRLHF's class, on a CPU: after new weights it answers as one that never had others."""

from __future__ import annotations

import asyncio
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from ray import cloudpickle
from safetensors.torch import load_file, save_file

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import SUITE
from proctor.harness.engines.chat import ChatTemplate
from proctor.harness.engines.loading import load_processors
from proctor.harness.images import decode
from proctor.trainers.openrlhf.arguments import AGENT
from proctor.trainers.openrlhf.engine import RolloutEngine
from proctor.trainers.tiny import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(autouse=True)
def beside_no_cluster(surroundings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenRLHF notes where Ray is, which no engine on one GPU asks for."""
    monkeypatch.setenv("RAY_ADDRESS", "none")


async def opened(checkpoint: Path) -> Any:
    """An engine in this process, with OpenRLHF's settings but for the precision."""
    engine = RolloutEngine.__new__(RolloutEngine)
    await engine.__init__(  # type: ignore[misc]
        model=str(checkpoint),
        dtype="float32",
        enforce_eager=True,
        enable_prefix_caching=True,
        max_model_len=256,
        limit_mm_per_prompt={"image": 1},
        worker_extension_cls="openrlhf.trainer.ray.vllm_worker_wrap.WorkerWrap",
        distributed_executor_backend="uni",
        agent_func_path=str(AGENT),
        num_gpus=1,
    )
    return engine


async def logprobs(engine: Any) -> list[dict[int, float]]:
    """The log-probabilities that the engine gives to the tokens that it draws, of a few figures one after the other."""
    from vllm import SamplingParams

    tokenizer, _ = load_processors(BASE)
    chat = ChatTemplate(tokenizer, "<|image_pad|>")
    greedy, told = SamplingParams(temperature=0, max_tokens=12, logprobs=0), []
    for item in islice(SUITE.load(), 3):
        prompt = boxed_prompt(item)
        tokens = tokenizer(chat.text(prompt), add_special_tokens=False).input_ids
        pictures = {"image": [decode(image) for image in prompt.images]}
        output = await engine.generate(tokens, greedy, pictures)
        told += [{token: one.logprob for token, one in place.items()} for place in output.outputs[0].logprobs]
    return told


async def group(engine: Any) -> list[Any]:
    """Four responses to a figure, as OpenRLHF asks for them."""
    from transformers import AutoProcessor
    from vllm import SamplingParams

    processor = AutoProcessor.from_pretrained(BASE)
    item = next(iter(SUITE.load()))
    prompt = ChatTemplate(processor.tokenizer, "<|image_pad|>").text(boxed_prompt(item))
    pictures = [decode(image) for image in item.images]
    drawn = SamplingParams(temperature=1.0, max_tokens=4, logprobs=0)
    responses: list[Any] = await engine.generate_responses(prompt, "label", drawn, 256, processor, 4, pictures)
    return responses


def check_sharing(responses: list[Any]) -> None:
    """The learner's pictures of four responses take the room of one, also on their way to another process."""
    pixels = responses[0]["mm_train_inputs"]["pixel_values"]
    assert pixels.dtype == torch.bfloat16
    assert all(one["mm_train_inputs"]["pixel_values"] is pixels for one in responses)
    room = pixels.nbytes
    assert room < len(cloudpickle.dumps([one["mm_train_inputs"] for one in responses])) < 1.5 * room


def blinded(out: Path) -> Path:
    """The base with another vision tower."""
    shutil.copytree(BASE, out)
    weights = load_file(BASE / "model.safetensors")
    save_file(
        {name: -tensor if "visual" in name and "merger" in name else tensor for name, tensor in weights.items()},
        out / "model.safetensors",
        {"format": "pt"},
    )
    return out


def test_a_changed_vision_tower_is_seen_at_once(tmp_path):
    def load_weights(worker: Any, file: str) -> None:
        """What a worker does with a learner's broadcast."""
        worker.model_runner.model.load_weights(weights=load_file(file).items())

    async def answers() -> list[Any]:
        engine = await opened(BASE)
        first = await logprobs(engine)
        check_sharing(await group(engine))
        await engine.reset_prefix_cache()
        await engine.llm.collective_rpc(load_weights, args=(str(changed / "model.safetensors"),))
        second = await logprobs(engine)
        engine.llm.shutdown()
        fresh = await opened(changed)
        wanted = await logprobs(fresh)
        fresh.llm.shutdown()
        return [first, second, wanted]

    changed = blinded(tmp_path / "changed")
    first, second, wanted = asyncio.run(answers())
    assert [list(place) for place in second] == [list(place) for place in wanted]
    assert [next(iter(place.values())) for place in second] == pytest.approx(
        [next(iter(place.values())) for place in wanted], abs=1e-4
    )
    assert first != wanted
