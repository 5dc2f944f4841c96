"""The prompts of a simulation as arrays, and a softmax policy over each prompt's recorded answers.

P prompts have at most K classes of answers and R responses. A class is one of `answers.vote` over all recorded responses of
the prompt; responses without an answer in the form asked for are a class of their own, which never votes. Prompts with fewer
classes are filled up with classes of mass 0.

The policy's logits start at the logarithms of the recorded shares, unsmoothed: an answer that was never recorded has no class
and cannot be found, and a prompt whose recorded answers all agree does not move.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...harness.answers.vote import vote
from ...harness.errors import DataError
from ..base import make_group
from ..groups import RecordedGroup

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
    def from_groups(cls, groups: Sequence[RecordedGroup]) -> Prompts:
        """The prompts of recorded groups. Raises DataError if there are none, or one has fewer than two responses."""
        if not groups:
            raise DataError("no recorded groups: nothing to start a simulation from")
        for group in groups:
            if len(group.responses) < 2:
                raise DataError(
                    f"item {group.item.id} has {len(group.responses)} samples: a simulation needs 2 or more"
                )
        classes_of = [_classes(group) for group in groups]
        width, longest = max(map(len, classes_of)), max(len(group.responses) for group in groups)
        sizes: Ints = np.zeros((len(groups), width), np.int64)
        right, silent, lots = np.zeros(sizes.shape), np.zeros(sizes.shape, np.bool_), np.zeros_like(sizes)
        members: Ints = np.zeros((len(groups), longest), np.int64)
        for place, (group, classes) in enumerate(zip(groups, classes_of, strict=True)):
            used = slice(len(classes))
            sizes[place, used] = [len(each.members) for each in classes]
            right[place, used] = [np.mean([group.correct[k] for k in each.members]) for each in classes]
            silent[place, used] = [each.text is None for each in classes]
            lots[place, used] = _lots(group, classes)
            members[place, : len(group.responses)] = [k for each in classes for k in each.members]
        start = sizes / sizes.sum(axis=1, keepdims=True)
        return cls(tuple(groups), start, right, silent, lots, sizes, np.cumsum(sizes, axis=1) - sizes, members)

    def __len__(self) -> int:
        return len(self.groups)

    def winners(self, counts: Ints) -> Ints:
        """The elected class of each group, -1 where nobody stated an answer; `counts` (P, K) are its responses by class."""
        votes = np.where(self.silent, 0, counts)
        best = np.argmax(votes * votes.shape[1] - self.lots, axis=1)
        return np.where(votes.any(axis=1), best, -1)

    def elect_right(self, winners: Ints) -> Flags:
        """Whether the elected class of each group, as `winners` gives it, is right, (P,)."""
        elects: Flags = (winners >= 0) & (self.right[np.arange(len(self)), winners] >= 0.5)
        return elects

    def at(self, places: Ints) -> Prompts:
        """The prompts at those places, which may repeat."""
        rows = {name: value[places] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return dataclasses.replace(self, groups=tuple(self.groups[place] for place in places), **rows)


@dataclass(frozen=True)
class _Class:
    """Recorded responses that give one answer; `text` is its smallest, None for no answer."""

    text: str | None
    members: tuple[int, ...]


def _classes(group: RecordedGroup) -> list[_Class]:
    """The frequent ones first. Neither classes nor members depend on the order of the responses."""
    ballots = make_group(group.item, group.responses, needs_gold=False, answer_format=group.answer_format).ballots
    scores = group.judge_scores or (None,) * len(ballots)

    def content(k: int) -> tuple[str, bool, float]:
        score = scores[k]
        return group.responses[k], group.correct[k], -1.0 if score is None else score

    voting = vote(group.item.id, ballots, group.item.choices).classes
    silent = tuple(k for k in range(len(ballots)) if k not in {k for each in voting for k in each})
    classes = [_Class(min(ballots[k] or "" for k in each), tuple(sorted(each, key=content))) for each in voting]
    if silent:
        classes.append(_Class(None, tuple(sorted(silent, key=content))))
    return sorted(classes, key=lambda each: (-len(each.members), each.text is None, each.text or ""))


def _lots(group: RecordedGroup, classes: Sequence[_Class]) -> list[int]:
    """The rank of each class in a tie of all, as `answers.vote.vote` breaks it: who wins, who wins without that one, ..."""
    ranks = [len(classes)] * len(classes)
    left = [k for k, each in enumerate(classes) if each.text is not None]
    for rank in range(len(left)):
        winner = vote(group.item.id, [classes[k].text for k in left], group.item.choices).winner
        ranks[left.pop(winner[0] if winner else 0)] = rank
    return ranks


@dataclass(frozen=True)
class GroupDraw:
    """A group of n answers for each prompt: the class of each answer and the recorded response that stands for it, (P, n).

    `counts` (P, K) says how many answers of each class a group has.
    """

    classes: Ints
    responses: Ints
    counts: Ints


def start_logits(prompts: Prompts) -> Floats:
    """The logits (P, K) of the recorded shares; minus infinity for a class that fills up."""
    with np.errstate(divide="ignore"):
        return np.log(prompts.start)


def log_policy(logits: Floats) -> Floats:
    """Log-probabilities (P, K)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    normalised: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def draw_groups(policy: Floats, n: int, prompts: Prompts, rng: np.random.Generator) -> GroupDraw:
    """A group of n answers for each prompt, and for each answer one of its class's recorded responses, all alike likely."""
    rows = np.arange(len(prompts))[:, None]
    uniform = rng.random((len(prompts), n))
    bounds = np.cumsum(policy, axis=1)
    classes: Ints = np.zeros(uniform.shape, np.int64)
    for bound in (bounds / bounds[:, -1:]).T[:-1]:
        classes += uniform >= bound[:, None]
    place = (rng.random(classes.shape) * prompts.sizes[rows, classes]).astype(np.int64)
    responses = prompts.members[rows, prompts.first[rows, classes] + place]
    return GroupDraw(classes, responses, _totals(classes, np.ones(classes.shape), policy.shape[1]).astype(np.int64))


def ascend(logits: Floats, draw: GroupDraw, advantages: Floats, rate: float) -> Floats:
    """The policy-gradient step: theta_k + rate * mean_i A_i (1[a_i = k] - pi_k), `advantages` (P, n)."""
    return logits + rate * own_step(logits, draw, advantages)


def own_step(logits: Floats, draw: GroupDraw, advantages: Floats) -> Floats:
    """The gradient (P, K) by a prompt's own logits: mean_i A_i (1[a_i = k] - pi_k)."""
    n = advantages.shape[1]
    pushed = _totals(draw.classes, advantages, logits.shape[1]) / n
    step: Floats = pushed - advantages.mean(axis=1, keepdims=True) * np.exp(log_policy(logits))
    return step


def kl_gradient(logits: Floats, start: Floats) -> Floats:
    """The gradient of KL(pi || pi_start) by the logits: pi_k (log(pi_k / start_k) - KL), all (P, K)."""
    now = log_policy(logits)
    policy = np.exp(now)
    present: Flags = np.isfinite(now)
    gap = np.where(present, now, 0.0) - np.where(present, log_policy(start), 0.0)
    gradient: Floats = policy * (gap - (policy * gap).sum(axis=1, keepdims=True))
    return gradient


def _totals(classes: Ints, values: Floats, width: int) -> Floats:
    """The sum of `values` by class: (P, n) to (P, width)."""
    count = len(classes)
    places = classes + width * np.arange(count)[:, None]
    sums = np.bincount(places.ravel(), values.ravel(), minlength=count * width)
    return sums.astype(np.float64).reshape(count, width)
