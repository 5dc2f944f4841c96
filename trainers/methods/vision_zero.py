"""Vision-Zero (arXiv 2509.25541): self-play of "who is the spy" over pictures, without labels or questions.

All players see one picture but the spy, who sees another. Players are numbered from 1. Each gives a clue about its picture;
then the civilians vote. Two kinds of steps take turns, as in the paper's Iterative-SPO. In a clue step each game is played n
times, and clues earn what the votes make of them, in a zero-sum way, less the mean reward of the clue's role (role advantage
estimation). In a decision step the clues are given once, each civilian votes n times, and a vote earns 1 for the spy, -0.5
for nobody, -1 for a civilian, normalised within the n. The constants are those of the paper's code.

Departures: clue and decision steps take turns after a fixed number, where the paper switches by moving averages of the votes'
accuracy; a role's mean is that of the step, not a moving one. So a step depends on seed and number alone. The spy's picture
is the most similar other picture of the step, where theirs are edited or rendered in pairs. There is one round of clues,
given at once, so that n plays of a game share their prompts; theirs has two rounds, in turn. Their code also pays for the
format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import ClassVar, TypeAlias

import numpy as np

from ...harness import answers
from ...harness.errors import DataError, printable
from ...harness.settings import require
from ...harness.types import Image, Item, Prompt, sample_seed
from ...harness.untrusted_text import MOST_SHOWN, check_template, filled, one_line
from ..rewards.advantages import Array, group_norm
from .base import Ask, Counts, Drawn, Played, Step, Turn, longest_text
from .toolbox import check_images, lookalikes

UNSURE = 0
Vote: TypeAlias = int | None
"""A player's number, UNSURE, or None for a vote that cannot be read."""

_NUMBER = re.compile(r"(?:player\s*)?(\d{1,2})", re.IGNORECASE | re.ASCII)


def read_vote(text: str, players: int) -> Vote:
    """The vote that a response states as its final answer."""
    matched = _NUMBER.fullmatch((answers.extract(text).answer or "").strip())
    number = int(matched[1]) if matched else -1
    return number if 0 <= number <= players else None


def suspicion(votes: Sequence[Vote], spy: int, players: int) -> float:
    """Votes for the spy less the mean of those for a civilian."""
    return votes.count(spy) - fmean(votes.count(player) for player in _civilians(spy, players))


def clue_rewards(votes: Sequence[Vote], spy: int, players: int, beta: float, lam: float) -> list[float]:
    """What each player's clue earned by the votes; they sum to 0.

    The spy loses beta times the suspicion, which the civilians share; each civilian loses lam times its own excess of votes
    over their mean.
    """
    gap = suspicion(votes, spy, players)
    civilians = _civilians(spy, players)
    usual = fmean(votes.count(player) for player in civilians)
    shared = beta * gap / len(civilians)
    return [
        -beta * gap if player == spy else shared - lam * (votes.count(player) - usual)
        for player in range(1, players + 1)
    ]


def vote_reward(vote: Vote, spy: int, unsure: float) -> float:
    """1 for the spy, `unsure` for nobody, -1 for a civilian and for what cannot be read."""
    if vote == UNSURE:
        return unsure
    return 1.0 if vote == spy else -1.0


def _civilians(spy: int, players: int) -> list[int]:
    return [player for player in range(1, players + 1) if player != spy]


MOST_PLAYERS = 9
MOST_CLUE_CHARACTERS = 300
READABLE = 0.25
"""A training ends where less than this share of a step's votes can be read: there is nothing to learn."""

RULES = """You are player {player} of {players} in a game. All players see the same picture, except one, the spy, whose
picture differs in some details."""

CLUE = f"""{RULES} You are not the spy.
Write one sentence that says something precise about your picture, so that the others can tell it from the spy's. Write the
sentence alone."""

SPY_CLUE = f"""{RULES} You are the spy.
Write one sentence about your picture that could also be true of the others' picture, so that they do not find you out.
Write the sentence alone."""

VOTE = f"""{RULES} You are not the spy. Each player said something about its own picture:
{{clues}}
Compare what was said with your picture. Who is the spy? Think step by step, and put the player's number in \\boxed{{}}; put 0
if you can not tell."""


@dataclass(frozen=True)
class VisionZeroSettings:
    """Texts, with {player} and {players} filled in, and {clues} in `vote`: lines of `vote_clue` with {player} and {clue}.

    `clue_steps` steps of the clue stage and `decision_steps` of the other take turns. In a clue stage each civilian votes
    `votes` times. `beta`, `lam` and `unsure` are the rewards' constants.
    """

    clue: str = CLUE
    spy_clue: str = SPY_CLUE
    vote: str = VOTE
    vote_clue: str = "Player {player}: {clue}"
    players: int = 4
    votes: int = 1
    clue_steps: int = 5
    decision_steps: int = 5
    beta: float = 0.1
    lam: float = 0.1
    unsure: float = -0.5

    def __post_init__(self) -> None:
        rules = {
            f"players must be 3 to {MOST_PLAYERS}": 3 <= self.players <= MOST_PLAYERS,
            "votes must be from 1 to 1000": 1 <= self.votes <= 1000,
            "clue_steps and decision_steps must not be negative, nor both 0": min(self.clue_steps, self.decision_steps)
            >= 0
            and self.clue_steps + self.decision_steps > 0,
            "beta must be positive and lam not negative, both at most 1": 0 < self.beta <= 1 and 0 <= self.lam <= 1,
            "unsure must be in [-1, 1]": -1 <= self.unsure <= 1,
        }
        require(rules.items())
        check_template("clue", self.clue)
        check_template("spy_clue", self.spy_clue)
        check_template("vote", self.vote, ["clues"])
        check_template("vote_clue", self.vote_clue, ["clue"])

    def gives_clues(self, number: int) -> bool:
        """True if that step, from 0, is one of the clue stage."""
        return number % (self.clue_steps + self.decision_steps) < self.clue_steps


@dataclass(frozen=True)
class _Game:
    """One game: the civilians' pictures, the spy's, and the spy's seat."""

    shared: tuple[Image, ...]
    other: tuple[Image, ...]
    spy: int
    players: int

    def hand(self, player: int) -> tuple[Image, ...]:
        return self.other if player == self.spy else self.shared

    @property
    def civilians(self) -> list[int]:
        return [player for player in range(1, self.players + 1) if player != self.spy]


@dataclass(frozen=True)
class VisionZero:
    """One model in all seats; only the items' pictures are looked at."""

    settings: VisionZeroSettings = field(default_factory=VisionZeroSettings)
    needs_gold: ClassVar[bool] = False

    def counts(self, n: int) -> Counts:
        """Of a game, in that of the two stages which does more."""
        s = self.settings
        players, voters = s.players, s.players - 1
        clues = Counts(players + n * voters, n * (players + voters * s.votes), n * players)
        decisions = Counts(players + voters, players + n * voters, n * voters)
        return clues if s.clue_steps else decisions

    def longest_prompts(self, item: Item, ask: Ask) -> list[Prompt]:
        """The requests for clues, and a vote on the longest clues."""
        players = self.settings.players
        game = _Game(item.images, item.images, players, players)
        longest = self._lines([longest_text(MOST_CLUE_CHARACTERS)] * players)
        last, *_ = self._elections(game, longest)
        return [self._ask(game, players - 1), self._ask(game, players), last]

    def play(self, step: Step) -> Played:
        """One stage of one game per item. Raises DataError if too few votes can be read, and without pictures."""
        games = self._games(step)
        return self._clues(step, games) if self.settings.gives_clues(step.number) else self._decisions(step, games)

    def _games(self, step: Step) -> list[_Game]:
        check_images(step.items, "vision_zero")
        others = lookalikes([item.images[0] for item in step.items])
        return [
            _Game(item.images, step.items[other].images, self._seat(step, item), self.settings.players)
            for item, other in zip(step.items, others, strict=True)
        ]

    def _seat(self, step: Step, item: Item) -> int:
        return sample_seed(step.seed, f"spy {step.number} {item.id}", 0) % self.settings.players + 1

    def _clues(self, step: Step, games: Sequence[_Game]) -> Played:
        """Each game n times; the clues are trained on."""
        n, s = step.sampling.n, self.settings
        clues = self._give(step, games, n)
        seen = [(game, self._clue_lines(clues, place, k)) for place, game in enumerate(games) for k in range(n)]
        _, votes = self._vote(step, seen, s.votes)
        paid = np.array(
            [
                clue_rewards(cast, game.spy, s.players, s.beta, s.lam)
                for (game, _), cast in zip(seen, votes, strict=True)
            ]
        )
        rewards = paid.reshape(len(games), n, s.players).swapaxes(1, 2)
        spies = np.array([[player == game.spy for player in range(1, s.players + 1)] for game in games])
        baseline = np.where(spies, rewards[spies].mean(), rewards[~spies].mean())
        advantages = rewards - baseline[:, :, None]
        turn = Turn(clues, list(advantages.reshape(-1, n)))
        return Played([turn], self._metrics(rewards.reshape(-1, n), [game for game, _ in seen], votes, clues=True))

    def _decisions(self, step: Step, games: Sequence[_Game]) -> Played:
        """Each game once; the civilians' n votes are trained on."""
        clues = self._give(step, games, 1)
        seen = [(game, self._clue_lines(clues, place, 0)) for place, game in enumerate(games)]
        drawn, votes = self._vote(step, seen, step.sampling.n)
        rewards = np.array(
            [
                [vote_reward(vote, game.spy, self.settings.unsure) for vote in cast]
                for game, cast in zip(games, votes, strict=True)
            ]
        ).reshape(-1, step.sampling.n)
        turn = Turn(drawn, [group_norm(row) for row in rewards])
        return Played([turn], self._metrics(rewards, games, votes, clues=False))

    def _give(self, step: Step, games: Sequence[_Game], n: int) -> Drawn:
        """n clues of every player of every game."""
        return step.draw(
            "clue", [self._ask(game, player) for game in games for player in range(1, game.players + 1)], n
        )

    def _ask(self, game: _Game, player: int) -> Prompt:
        text = self.settings.spy_clue if player == game.spy else self.settings.clue
        return Prompt((*game.hand(player), filled(text, player=str(player), players=str(game.players))))

    def _clue_lines(self, clues: Drawn, place: int, k: int) -> str:
        """What the players of the game at that place said in its play k, as voters see it."""
        first = place * self.settings.players
        return self._lines(
            [one_line(row[k], MOST_CLUE_CHARACTERS) for row in clues.texts[first : first + self.settings.players]]
        )

    def _lines(self, clues: Sequence[str]) -> str:
        lines = (filled(self.settings.vote_clue, player=str(player), clue=text) for player, text in enumerate(clues, 1))
        return "\n".join(lines)

    def _vote(self, step: Step, seen: Sequence[tuple[_Game, str]], n: int) -> tuple[Drawn, list[list[Vote]]]:
        """n votes of every civilian on what was told; the votes of each game, civilian by civilian."""
        drawn = step.draw("vote", [prompt for game, clues in seen for prompt in self._elections(game, clues)], n)
        voters = self.settings.players - 1
        read = [[read_vote(text, self.settings.players) for text in row] for row in drawn.texts]
        votes = [vote for row in read for vote in row]
        if sum(vote is not None for vote in votes) < READABLE * len(votes):
            raise self._unreadable(drawn, step, votes)
        starts = range(0, len(read), voters)
        return drawn, [[vote for row in read[start : start + voters] for vote in row] for start in starts]

    def _elections(self, game: _Game, clues: str) -> Iterator[Prompt]:
        for player in game.civilians:
            text = filled(self.settings.vote, player=str(player), players=str(game.players), clues=clues)
            yield Prompt((*game.shared, text))

    def _unreadable(self, drawn: Drawn, step: Step, votes: Sequence[Vote]) -> DataError:
        voted = sum(vote is not None for vote in votes)
        texts = [text for row in drawn.texts for text in row]
        example = printable(texts[votes.index(None)][:MOST_SHOWN])
        return DataError(
            f"vision_zero: step {step.number + 1}: {voted} of the {len(votes)} votes state a player from 1 to "
            f"{self.settings.players}, or 0, and {READABLE:.0%} must; one was: {example!r}; mend method_settings.vote, or "
            "start from a model that can vote"
        )

    def _metrics(
        self, rewards: Array, games: Sequence[_Game], votes: Sequence[Sequence[Vote]], *, clues: bool
    ) -> dict[str, float]:
        """`rewards` by the rows that are trained on; `suspicion` per vote, in [-1, 1]; the shares are of all votes."""
        pairs = list(zip(games, votes, strict=True))
        cast = [(game.spy, vote) for game, row in pairs for vote in row]
        return {
            "reward": float(rewards.mean()),
            "reward_std": fmean(float(row.std()) for row in rewards),
            "no_signal_share": fmean(float(np.ptp(row) == 0) for row in rewards),
            "clue_stage": float(clues),
            "spy_found_share": fmean(vote == spy for spy, vote in cast),
            "unsure_share": fmean(vote == UNSURE for _, vote in cast),
            "unparsed_share": fmean(vote is None for _, vote in cast),
            "suspicion": fmean(suspicion(row, game.spy, game.players) / len(row) for game, row in pairs),
        }
