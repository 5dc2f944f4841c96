"""A reward in the form of TRL's `reward_funcs`: a function of prompts, completions and the data set's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ...harness.errors import UsageError
from ...harness.types import digest
from .group_reward import Answered, GroupReward


def message_text(message: str | Sequence[Mapping[str, Any]]) -> str:
    """The text of a prompt or completion: itself, or that of the last message of a conversation, without its pictures."""
    if isinstance(message, str):
        return message
    content = message[-1].get("content") or "" if message else ""
    return content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)


@dataclass(frozen=True)
class TrlReward:
    """What TRL's GRPOTrainer takes as an element of `reward_funcs`; groups are neighbours, as it repeats each prompt."""

    paid: GroupReward
    num_generations: int | None
    answer: str

    @property
    def __name__(self) -> str:
        return self.paid.reward.name

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]] | None = None,
        **columns: Any,
    ) -> list[float]:
        """A reward for each completion, a text or a conversation. Raises UsageError for a group that is not whole."""
        ids = columns.get("id") or [digest(message_text(prompt)) for prompt in prompts]
        choices, golds = columns.get("choices"), columns.get(self.answer)
        answered = [
            Answered(
                message_text(prompt),
                message_text(completion),
                str(ids[place]),
                tuple(choices[place] or ()) if choices else (),
                None if golds is None else str(golds[place]),
                None if completion_ids is None else len(completion_ids[place]),
            )
            for place, (prompt, completion) in enumerate(zip(prompts, completions, strict=True))
        ]
        return self.paid.placed(answered, self._groups([(one.item_id, one.prompt) for one in answered]))

    def _groups(self, keys: Sequence[Any]) -> list[list[int]]:
        places = range(len(keys))
        if self.num_generations is None:
            groups = [list(run) for _, run in groupby(places, key=lambda place: keys[place])]
            if len(sizes := {len(group) for group in groups}) > 1:
                raise UsageError(
                    f"TRL gave groups of {' and '.join(map(str, sorted(sizes)))} responses: say num_generations=..., and "
                    "make the batch of a process a multiple of it, so that every group is whole"
                )
            return groups
        n = self.num_generations
        groups = [list(places[start : start + n]) for start in range(0, len(keys), n)]
        if len(keys) % n or any(len({keys[place] for place in group}) > 1 for group in groups):
            raise UsageError(
                f"TRL gave {len(keys)} responses that are not whole groups of num_generations = {n} to one prompt: make "
                "per_device_train_batch_size x steps_per_generation a multiple of it, so that no group is split"
            )
        return groups
