"""How a group's answers are counted by the rewards that vote."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ...harness.answers.formats import last_box
from ...harness.answers.vote import Vote, vote
from ...harness.errors import UsageError
from ..base import Group

WAYS = ("classes", "exact")


@dataclass(frozen=True)
class VoteSettings:
    """`votes` says when two answers are one.

    "classes": when they mean the same (1/2 and 0.5); an absent answer never votes, and a tie falls by a hash of the item's
    id and the answer, so that it depends neither on the order of the responses nor on what the answers are.
    "exact": when their boxes hold the same text, as the code of MM-UPT counts (arXiv 2505.22453); the answer that was seen
    first wins a tie, and a missing box is an answer like any other, which can win.
    """

    votes: str = "classes"

    def __post_init__(self) -> None:
        if self.votes not in WAYS:
            raise UsageError(f"votes must be one of: {', '.join(WAYS)}; not {self.votes!r}")


def count_votes(group: Group, votes: str) -> Vote:
    """The vote of a group, counted in one of WAYS."""
    if votes == "classes":
        return vote(group.item_id, group.answers, group.choices)
    return _exact(group)


def _exact(group: Group) -> Vote:
    boxes = [last_box(response) for response in group.responses]
    counts = Counter(boxes)  # in the order of first appearance, as is most_common for equal counts
    classes = tuple(tuple(k for k, box in enumerate(boxes) if box == text) for text in counts)
    if not counts:
        return Vote(0, (), None, False)
    (first, most), *_ = counts.most_common(1)
    winner = next(members for members in classes if boxes[members[0]] == first)
    return Vote(len(boxes), classes, winner, sum(number == most for number in counts.values()) > 1)


def shares(counted: Vote) -> list[float]:
    """For each response, the share p(a) of the group that gave its answer; 0 for a response that did not vote."""
    row = [0.0] * counted.size
    for members in counted.classes:
        for index in members:
            row[index] = len(members) / counted.size
    return row


def elected_answer(counted: Vote) -> list[float]:
    """1 for each response of the winning class, else 0."""
    winner = counted.winner or ()
    return [float(index in winner) for index in range(counted.size)]
