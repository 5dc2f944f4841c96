"""Rewards of which it is known how a training by each ends beside one by majority vote."""

from __future__ import annotations

from proctor.harness.answers.vote import vote
from proctor.trainers.base import Group
from proctor.trainers.rewards.base import with_spec

LONGEST = 200  # characters


def voted(group: Group) -> list[float]:
    """1 for each answer of the majority: as majority vote, but nothing where the first place is shared."""
    counted = vote(group.item_id, group.ballots, group.choices)
    winner = () if counted.tied or counted.winner is None else counted.winner
    return [float(index in winner) for index in range(counted.size)]


@with_spec(bounds=(0, 1))
def worse(group: Group) -> list[float]:
    """Against the majority."""
    return [1 - one for one in voted(group)]


@with_spec(bounds=(0.25, 0.75))
def equal(group: Group) -> list[float]:
    """The vote on another scale, which a group's standard deviation takes out again."""
    return [0.25 + one / 2 for one in voted(group)]


@with_spec(bounds=(0, 2), equal_answers_alike=False)
def longer(group: Group) -> list[float]:
    """The vote, and something for length."""
    pairs = zip(voted(group), group.responses, strict=True)
    return [one + min(len(response), LONGEST) / LONGEST for one, response in pairs]
