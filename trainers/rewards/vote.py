"""Who votes in a group, and how the votes are counted, for the rewards that vote."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ...harness.answers.formats import boxed, last_box
from ...harness.answers.vote import Vote, vote
from ...harness.errors import UsageError
from ..base import Group

WAYS = ("well_formed", "boxed", "classes", "exact")
NO_BOX = "None"
"""What stands for a missing box in the code of MM-UPT and of Actor-Judge, where it is an answer like any other."""


@dataclass(frozen=True)
class VoteSettings:
    """`votes` says which responses vote, and when two answers are one.

    "well_formed": those in the form that was asked for (`Group.ballots`). What breaks the form neither votes nor earns what a
    vote pays. "boxed": those with a box, whether or not the rest has the form. "classes": all of which an answer can be read,
    junk included, as any short text is one. In these three two answers are one when they mean the same (1/2 and 0.5), and a
    tie falls by a hash of the item's id and the answer: it depends neither on the order of the responses nor on what the
    answers are.

    "exact": all, by the text in the last box, as the code of MM-UPT counts (arXiv 2505.22453). The answer that was seen first
    wins a tie, and a missing box is an answer like any other, which can win.
    """

    votes: str = "well_formed"

    def __post_init__(self) -> None:
        if self.votes not in WAYS:
            raise UsageError(f"votes must be one of: {', '.join(WAYS)}; not {self.votes!r}")


def ballots(group: Group, votes: str) -> tuple[str | None, ...]:
    """What each response votes for, by one of WAYS; None where it does not vote."""
    if votes == "exact":
        return tuple(NO_BOX if box is None else box for box in map(last_box, group.responses))
    if votes == "boxed":
        return tuple(
            answer if boxed(text) else None for answer, text in zip(group.answers, group.responses, strict=True)
        )
    return group.answers if votes == "classes" else group.ballots


def count_votes(group: Group, votes: str) -> Vote:
    """The vote of a group, counted in one of WAYS."""
    cast = ballots(group, votes)
    return _exact(cast) if votes == "exact" else vote(group.item_id, cast, group.choices)


def _exact(texts: tuple[str | None, ...]) -> Vote:
    counts = Counter(texts)  # in the order of first appearance, as is most_common for equal counts
    classes = tuple(tuple(k for k, text in enumerate(texts) if text == each) for each in counts)
    if not counts:
        return Vote(0, (), None, False)
    (first, most), *_ = counts.most_common(1)
    winner = next(members for members in classes if texts[members[0]] == first)
    return Vote(len(texts), classes, winner, sum(number == most for number in counts.values()) > 1)


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
