"""The prompts of a simulation as arrays: which answers were recorded for each, how often, and which are right.

P prompts have at most K classes of answers and R responses. A class is one of `harness.votes` over all recorded responses
of the prompt; responses that state no answer are a class of their own, which never votes. Prompts with fewer classes are
filled up with classes of mass 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...harness.errors import DataError
from ...harness.votes import vote
from ..base import make_group
from ..recorded import RecordedGroup

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Prompts:
    """`start`, `right`, `silent`, `lots`, `sizes` and `first` have the shape (P, K), `members` (P, R).

    `start` is the recorded share of a class and `right` the share of its responses that are right; `silent` marks the class
    without an answer. Among classes with as many votes that of the smallest lot wins. The responses of class k of prompt p
    are members[p, first[p, k] : first[p, k] + sizes[p, k]], indexes of recorded responses.
    """

    groups: tuple[RecordedGroup, ...]
    start: Floats
    right: Floats
    silent: Flags
    lots: Ints
    sizes: Ints
    first: Ints
    members: Ints

    @classmethod
    def of_groups(cls, groups: Sequence[RecordedGroup]) -> Prompts:
        """The prompts of recorded groups. Raises DataError if there are none, or one has fewer than two responses."""
        if not groups:
            raise DataError("no recorded groups: nothing to start a simulation from")
        for one in groups:
            if len(one.responses) < 2:
                raise DataError(f"item {one.item.id} has {len(one.responses)} samples: a simulation needs 2 or more")
        found = [_classes(one) for one in groups]
        width, longest = max(map(len, found)), max(len(one.responses) for one in groups)
        sizes: Ints = np.zeros((len(groups), width), np.int64)
        right, silent, lots = np.zeros(sizes.shape), np.zeros(sizes.shape, np.bool_), np.zeros_like(sizes)
        members: Ints = np.zeros((len(groups), longest), np.int64)
        for place, (one, classes) in enumerate(zip(groups, found, strict=True)):
            used = slice(len(classes))
            sizes[place, used] = [len(each.members) for each in classes]
            right[place, used] = [np.mean([one.correct[k] for k in each.members]) for each in classes]
            silent[place, used] = [each.text is None for each in classes]
            lots[place, used] = _lots(one, classes)
            members[place, : len(one.responses)] = [k for each in classes for k in each.members]
        start = sizes / sizes.sum(axis=1, keepdims=True)
        return cls(tuple(groups), start, right, silent, lots, sizes, np.cumsum(sizes, axis=1) - sizes, members)

    def __len__(self) -> int:
        return len(self.groups)

    def winners(self, counts: Ints) -> Ints:
        """The elected class of each group, -1 where nobody stated an answer; `counts` (P, K) are its responses by class."""
        votes = np.where(self.silent, 0, counts)
        best = np.argmax(votes * votes.shape[1] - self.lots, axis=1)
        return np.where(votes.any(axis=1), best, -1)


@dataclass(frozen=True)
class _Class:
    """Recorded responses that give one answer; `text` is its smallest, None for no answer."""

    text: str | None
    members: tuple[int, ...]


def _classes(one: RecordedGroup) -> list[_Class]:
    """The frequent ones first. Neither classes nor members depend on the order of the responses."""
    stated = make_group(one.item, one.responses, needs_gold=False).answers
    scores = one.judge_scores or (None,) * len(stated)

    def content(k: int) -> tuple[str, bool, float]:
        score = scores[k]
        return one.responses[k], one.correct[k], -1.0 if score is None else score

    voting = vote(one.item.id, stated, one.item.choices).classes
    silent = tuple(k for k, answer in enumerate(stated) if answer is None)
    silent += tuple(k for k in range(len(stated)) if k not in {*silent, *(k for each in voting for k in each)})
    found = [_Class(min(stated[k] or "" for k in each), tuple(sorted(each, key=content))) for each in voting]
    if silent:
        found.append(_Class(None, tuple(sorted(silent, key=content))))
    return sorted(found, key=lambda each: (-len(each.members), each.text is None, each.text or ""))


def _lots(one: RecordedGroup, classes: Sequence[_Class]) -> list[int]:
    """The rank of each class in a tie of all, as `harness.votes.vote` breaks it: who wins, who wins without that one, ..."""
    ranks = [len(classes)] * len(classes)
    left = [k for k, each in enumerate(classes) if each.text is not None]
    for rank in range(len(left)):
        winner = vote(one.item.id, [classes[k].text for k in left], one.item.choices).winner
        ranks[left.pop(winner[0] if winner else 0)] = rank
    return ranks
