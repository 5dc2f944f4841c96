"""The rules of "who is the spy": votes, and what they are worth to those who gave clues and to those who voted.

Players are numbered from 1. The rewards are those of Vision-Zero (arXiv 2509.25541), with its code's constants.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean
from typing import TypeAlias

from ...harness import answers

UNSURE = 0
Ballot: TypeAlias = int | None
"""A player's number, UNSURE, or None for a vote that can not be read."""

_NUMBER = re.compile(r"(?:player\s*)?(\d{1,2})", re.IGNORECASE | re.ASCII)


def read_vote(text: str, players: int) -> Ballot:
    """The vote that a response states as its final answer."""
    found = _NUMBER.fullmatch((answers.extract(text).answer or "").strip())
    number = int(found[1]) if found else -1
    return number if 0 <= number <= players else None


def suspicion(ballots: Sequence[Ballot], spy: int, players: int) -> float:
    """Votes for the spy less the mean of those for a civilian."""
    return ballots.count(spy) - fmean(ballots.count(player) for player in _civilians(spy, players))


def clue_rewards(ballots: Sequence[Ballot], spy: int, players: int, beta: float, lam: float) -> list[float]:
    """What each player's clue earned by the votes; they sum to 0.

    The spy loses beta times the suspicion, which the civilians share; each civilian loses lam times its own excess of votes
    over their mean.
    """
    gap = suspicion(ballots, spy, players)
    civilians = _civilians(spy, players)
    usual = fmean(ballots.count(player) for player in civilians)
    shared = beta * gap / len(civilians)
    return [
        -beta * gap if player == spy else shared - lam * (ballots.count(player) - usual)
        for player in range(1, players + 1)
    ]


def vote_reward(ballot: Ballot, spy: int, unsure: float) -> float:
    """1 for the spy, `unsure` for nobody, -1 for a civilian and for what can not be read."""
    if ballot == UNSURE:
        return unsure
    return 1.0 if ballot == spy else -1.0


def _civilians(spy: int, players: int) -> list[int]:
    return [player for player in range(1, players + 1) if player != spy]
