"""OpenRLHF's own single turn with a reward: all responses to a prompt are rewarded together, when the last one is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...harness.types import digest
from ..openrlhf.agent import AgentExecutor
from .group_reward import Answered, GroupReward


@dataclass
class _Meeting:
    """The responses to one prompt that are drawn side by side; the last to come has all rewarded."""

    expected: int = 0
    answered: list[Answered] = field(default_factory=list)
    rewards: asyncio.Future[list[float]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, error: BaseException) -> None:
        """Let nobody wait for a response that will not come."""
        if not self.rewards.done():
            self.rewards.set_exception(error)
            self.rewards.exception()  # whoever waits raises it; nobody may

    async def rewarded(self, one: Answered, pay: Callable[[Sequence[Answered]], list[float]]) -> float:
        """The reward of one response, when all are there."""
        place = len(self.answered)
        self.answered.append(one)
        if len(self.answered) == self.expected:
            try:
                self.rewards.set_result(pay(self.answered))
            except Exception as error:
                self.fail(error)
                raise
        return (await self.rewards)[place]


def agent_executor(paid: GroupReward) -> type:
    """A class of executors. The n coroutines of one prompt start before the first of them waits, on one object of sampling
    parameters, by which they know each other.
    """

    class RewardedExecutor(AgentExecutor):
        def __init__(self) -> None:
            super().__init__()
            self.meetings: dict[tuple[int, str], _Meeting] = {}

        async def execute(  # noqa: PLR0917 - OpenRLHF's signature
            self,
            prompt: str,
            label: str,
            sampling_params: Any,
            max_length: int,
            hf_tokenizer: Any,
            llm_engine: Any,
            images: Any = None,
        ) -> Any:
            key = id(sampling_params), prompt
            meeting = self.meetings.setdefault(key, _Meeting())
            meeting.expected += 1
            asked = prompt, label, sampling_params, max_length, hf_tokenizer, llm_engine, images
            try:
                output = await super().execute(*asked)
                (start, end), *_ = output["action_ranges"]
                text = hf_tokenizer.decode(output["observation_tokens"][start:end], skip_special_tokens=True)
                one = Answered(prompt, text, digest([prompt, str(label)]), gold=label and str(label))
                output["reward"] = output["scores"] = await meeting.rewarded(one, paid)
            except BaseException as error:
                meeting.fail(error)
                raise
            finally:
                self.meetings.pop(key, None)
            return output

    return RewardedExecutor
