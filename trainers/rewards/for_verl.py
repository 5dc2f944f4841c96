"""A reward in the form of verl's `compute_score`, as its reward manager `batch` calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...harness.errors import UsageError
from .group_reward import Answered, GroupReward

VALIDATION = ("val", "valid", "validation", "test")


@dataclass(frozen=True)
class VerlReward:
    """What verl's reward manager `batch` calls; groups are the rows of one data source and index, in any order."""

    paid: GroupReward
    n: int
    right: Callable[[Answered], float]

    def __call__(
        self,
        data_sources: Sequence[str] | None = None,
        solution_strs: Sequence[str] | None = None,
        ground_truths: Sequence[Any] | None = None,
        extra_infos: Sequence[Mapping[str, Any]] | None = None,
        **other: Any,
    ) -> list[float]:
        """A reward for each solution. Rows of a validation split are graded by their labels: they are no groups."""
        if data_sources is None or solution_strs is None or ground_truths is None:
            raise UsageError(
                "verl called the reward for one response, and a group is needed: set reward_model.reward_manager=batch"
            )
        infos = [{}] * len(solution_strs) if extra_infos is None else [info or {} for info in extra_infos]
        answered: list[Answered] = []
        groups: dict[str, list[int]] = {}
        for place, (source, text, gold, info) in enumerate(
            zip(data_sources, solution_strs, ground_truths, infos, strict=True)
        ):
            if (index := info.get("index")) is None:
                raise UsageError(
                    "verl gave a row without extra_info.index, which names its group: write it in the data"
                )
            key = f"{source} {info.get('split')} {index}"
            question = str(info.get("question") or "")
            choices = tuple(info.get("choices") or ())
            answered.append(Answered(question, text, key, choices, None if gold is None else str(gold)))
            if info.get("split") not in VALIDATION:
                groups.setdefault(key, []).append(place)
        for key, places in groups.items():
            if len(places) != self.n:
                raise UsageError(f"verl gave {len(places)} responses to row {key}, not the whole group of n = {self.n}")
        rewards = self.paid.placed(answered, list(groups.values()))
        for place, info in enumerate(infos):
            if info.get("split") in VALIDATION:
                rewards[place] = self.right(answered[place])
        return rewards
