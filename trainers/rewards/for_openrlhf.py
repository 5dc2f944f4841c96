"""A reward in the form of OpenRLHF's `reward_func(queries, prompts, labels)`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...harness.errors import UsageError
from ...harness.types import digest
from .group_reward import Answered, GroupReward

_RUN = re.compile(r"(<\|[^|<>]+\|>)\1+")
_END = re.compile(r"(?:<\|[^|<>]*\|>|</s>|\s)+$")


def response_of(query: str, prompt: str) -> str:
    """The response in OpenRLHF's `query`, which is the prompt with the response behind it, special tokens and all.

    There a picture's token stands once for each of its patches. Raises UsageError where the prompt is not at the beginning.
    """
    whole, asked = (_RUN.sub(r"\1", text) for text in (query, prompt))
    if not whole.startswith(asked):
        raise UsageError("OpenRLHF gave a query that does not begin with its prompt: was it cut off at --data.max_len?")
    return _END.sub("", whole[len(asked) :])


@dataclass(frozen=True)
class OpenRlhfReward:
    """OpenRLHF's `reward_func(queries, prompts, labels)`; groups are the responses to one prompt and label."""

    paid: GroupReward

    def __call__(self, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any]) -> dict[str, Any]:
        """`rewards` and `scores` as tensors. Raises UsageError for a group of one, which is all that 0.11 ever gives."""
        groups: dict[tuple[str, str], list[int]] = {}
        for place, (prompt, label) in enumerate(zip(prompts, labels, strict=True)):
            groups.setdefault((prompt, str(label)), []).append(place)
        if any(len(places) < 2 for places in groups.values()):
            raise UsageError(
                "OpenRLHF called the reward for one response, and a group is needed: use for_openrlhf_agent, by "
                "--train.agent_func_path, instead of --reward.remote_url"
            )
        answered = [
            Answered(prompt, response_of(query, prompt), digest([prompt, str(label)]), gold=label and str(label))
            for query, prompt, label in zip(queries, prompts, labels, strict=True)
        ]
        rewards = torch.tensor(self.paid.placed(answered, list(groups.values())))
        return {"rewards": rewards, "scores": rewards, "extra_logs": {}}
