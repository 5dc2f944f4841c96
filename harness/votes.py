"""The vote of several responses to one item: their answers in classes of equal meaning, and the class that wins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from . import answers


@dataclass(frozen=True)
class Vote:
    """`classes` are the groups of equal answers (indexes); `winner` is one of them, or None if nobody stated an answer.

    `tied` is True if another class has as many votes as the winner.
    """

    size: int
    classes: tuple[tuple[int, ...], ...]
    winner: tuple[int, ...] | None
    tied: bool

    @property
    def share(self) -> float:
        """The winner's share of all n responses, those without an answer included."""
        return len(self.winner) / self.size if self.winner else 0.0


def vote(item_id: str, stated: Sequence[str | None], choices: Sequence[str] = ()) -> Vote:
    """Count the stated answers of several responses to one item. An absent answer (None) never votes.

    A tie goes to the class whose smallest text has the smallest SHA-256 together with the item's id: the same for any
    order of the responses, and without a liking for any letter or number. (The MM-UPT code takes the answer seen first.)
    """
    classes = tuple(tuple(members) for members in answers.classes(stated, choices or None))
    if not classes:
        return Vote(len(stated), (), None, False)
    most = max(map(len, classes))
    leaders = [members for members in classes if len(members) == most]
    winner = min(leaders, key=lambda members: _lot(item_id, min(stated[member] or "" for member in members)))
    return Vote(len(stated), classes, winner, len(leaders) > 1)


def _lot(item_id: str, text: str) -> bytes:
    return hashlib.sha256(f"{item_id}\x00{text}".encode("utf-8", "surrogatepass")).digest()
