"""Calling a reward as its contract does: on groups that notice who reaches for the label, and who changes them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..harness.errors import ProctorError
from .base import Group, Reward
from .contract_groups import Case
from .declaration import Declaration, declaration
from .reward_call import called

_MACHINERY = (dataclasses.__name__, Group.__module__)
"""Modules that read all fields of a group whatever they are: copies and comparisons reach for nothing."""


class WatchedGroup(Group):
    """A group whose label is not there for who asks, and that notes who asks; it still lies in the instance's dictionary."""

    touched = False

    def __getattribute__(self, name: str) -> Any:
        if name != "gold":
            return super().__getattribute__(name)
        if sys._getframe(1).f_globals.get("__name__") not in _MACHINERY:
            WatchedGroup.touched = True
        return None


@dataclass(frozen=True)
class Given:
    """What a call came to: what the reward gave, or how it failed, and what it did besides."""

    value: Any
    error: str | None = None
    touched: bool = False
    changed: str | None = None


class Caller:
    """Calls one reward; a group holds a label only if that is declared, and else hides one."""

    def __init__(self, reward: Reward) -> None:
        self.reward = reward
        self.declared: Declaration = declaration(reward)

    def group(self, case: Case, gold: int = 0) -> Group:
        """The group of a case as the reward sees it, with the first or the second of its labels."""
        scores = case.group.judge_scores if self.declared.needs_judge else None
        kind = Group if self.declared.needs_gold else WatchedGroup
        fields = {one.name: getattr(case.group, one.name) for one in dataclasses.fields(Group)}
        return kind(**{**fields, "gold": case.golds[gold], "judge_scores": scores})

    def call(self, group: Group, seed: int) -> Given:
        """Call it once, on a group that no call has seen."""
        before = dict(vars(group))
        answers, well_formed = group.answers, group.well_formed
        WatchedGroup.touched = False
        try:
            value = called(self.reward, self.reward.name, group, seed)
        except ProctorError as error:
            message = str(error).removeprefix(f"reward {self.reward.name}: ")
            return Given(None, message, WatchedGroup.touched)
        after = dict(vars(group))
        expected = {**before, "answers": answers, "well_formed": well_formed}
        changed = sorted(key for key in {*expected, *after} if expected.get(key) != after.get(key))
        return Given(value, None, WatchedGroup.touched, ", ".join(changed) or None)


def permuted(group: Group, order: Sequence[int]) -> Group:
    """The same group with its responses, and their scores, in another order."""
    scores = group.judge_scores
    found = dataclasses.replace(
        group,
        responses=tuple(group.responses[index] for index in order),
        judge_scores=None if scores is None else tuple(scores[index] for index in order),
    )
    object.__setattr__(found, "gold", vars(group)["gold"])
    return found
