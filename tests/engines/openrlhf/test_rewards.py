"""Rewards in OpenRLHF's own executors: its reward function from a file, and ours that has all responses rewarded together."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openrlhf.trainer.ray.vllm_engine import RolloutRayActor, _load_agent_executor
from openrlhf.utils.agent import SingleTurnAgentExecutor
from transformers import AutoTokenizer
from vllm import SamplingParams

from proctor.harness.errors import UsageError
from proctor.trainers.tiny import BASE

pytestmark = pytest.mark.slow
GROUP = ["So \\boxed{5}", "So \\boxed{5}", "So \\boxed{6}", "hello"]
AGENT = """
from proctor.rewards import for_openrlhf_agent

AgentExecutor = for_openrlhf_agent("majority_vote")
"""
FUNCTION = """
from proctor.rewards import for_openrlhf

reward_func = for_openrlhf("ground_truth")
"""


class Engine:
    """Says the texts in turn, and comes to their ends in any order."""

    def __init__(self, tokenizer: Any, texts: list[str]) -> None:
        self.tokenizer, self.texts = tokenizer, list(texts)

    async def generate(self, prompt_token_ids: Any, sampling_params: Any, multi_modal_data: Any = None) -> Any:
        text = self.texts.pop(0)
        if text == "an error":
            raise RuntimeError(text)
        for _ in range(random.randint(1, 5)):
            await asyncio.sleep(0)
        ids = [*self.tokenizer(text).input_ids, self.tokenizer.eos_token_id]
        return SimpleNamespace(outputs=[SimpleNamespace(token_ids=ids, finish_reason="stop", logprobs=None, text=text)])


async def drawn(executor: Any, texts: list[str], prompts: int = 1) -> list[list[Any]]:
    """n samples of each prompt, as RolloutRayActor draws them."""
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    actors = [Engine(tokenizer, texts) for _ in range(prompts)]
    for actor in actors:
        actor.executor = executor  # type: ignore[attr-defined]
    draw = RolloutRayActor.__ray_metadata__.modified_class.generate_responses
    asked = [draw(one, "How many?", "5", SamplingParams(max_tokens=9), 64, tokenizer, len(texts)) for one in actors]
    return await asyncio.gather(*asked)


def executor_of(source: str, folder: Path) -> Any:
    file = folder / "agent.py"
    file.write_text(source)
    return _load_agent_executor(str(file))


def test_all_responses_to_a_prompt_are_rewarded_together(tmp_path: Path) -> None:
    groups = asyncio.run(drawn(executor_of(AGENT, tmp_path), GROUP, prompts=8))  # equal prompts in flight keep apart
    assert [[one["reward"] for one in group] for group in groups] == [[1, 1, 0, 0]] * 8


def test_a_response_that_fails_leaves_nobody_waiting(tmp_path: Path) -> None:
    async def once() -> None:
        await asyncio.wait_for(drawn(executor_of(AGENT, tmp_path), [*GROUP, "an error"]), 20)

    with pytest.raises(RuntimeError, match="an error"):
        asyncio.run(once())


def test_its_own_executor_gives_a_reward_function_one_response(tmp_path: Path) -> None:
    (tmp_path / "reward.py").write_text(FUNCTION)
    executor = SingleTurnAgentExecutor(str(tmp_path / "reward.py"))
    with pytest.raises(UsageError, match="for_openrlhf_agent"):
        executor.reward_func(["How many? So"], ["How many?"], ["5"])
    paid = executor.reward_func([f"How many?{text}<|im_end|>" for text in GROUP], ["How many?"] * 4, ["5"] * 4)
    assert paid["rewards"].tolist() == [1, 1, 0, 0]
