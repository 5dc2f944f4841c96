"""EvoLMM (arXiv 2511.16672): one model asks questions about pictures and answers them, paid by its own agreement.

The proposer writes a question about a picture, the solver answers it n times. With p the share of the n answers that are
an answer's, w the words before it and H the entropy of the answers in nats:

    solver:    p^gamma * (1 - length_penalty * min(1, max(0, (w - words) / words)))
    proposer:  exp(-(H - mu)^2 / (2 sigma^2)), so that questions are neither trivial nor hopeless

The constants are those of its training code, which draws n = 5 answers, trains the proposer at every 5th step, and caps the
length penalty as above.

Where this departs: baselines are means of the step (the solver's over a question's answers, the proposer's over the
questions), not moving ones, so that a step depends on seed and number alone; both roles share all weights, where its code
has an adapter for each; the KL coefficient is the recipe's, not adapted to a target; answers are counted by their meaning,
not as text. An answer without a box agrees with no other: it earns 0, and counts in H as an answer of its own. A
question that is not well formed is not asked, and earns its proposer 0.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import ClassVar

import numpy as np

from ...harness.answers.vote import Vote, vote
from ...harness.errors import DataError, printable
from ...harness.settings import added, require
from ...harness.types import Item, Prompt
from ...harness.untrusted_text import MOST_QUESTION_CHARACTERS, MOST_SHOWN, as_question, check_template, filled
from ..base import make_group
from ..rewards.advantages import Array, dr_grpo
from .base import Ask, Counts, Drawn, Played, Step, Turn, longest_text
from .toolbox import check_images, shown_image

ASK = """Write one question about this picture that has a single short answer, a number, a word or an expression, and that
can be answered by looking closely at the picture and reasoning in several steps.
Write the question alone, on one line that ends with a question mark. Do not answer it."""


@dataclass(frozen=True)
class EvoLmmSettings:
    """The constants of the rewards; the proposer learns in every `propose_every`th step.

    `ask` is the request for a question. `solve`, with {question} filled in, is the request for an answer; without it a
    question is asked as the recipe asks items.
    """

    ask: str = ASK
    gamma: float = 0.7
    length_penalty: float = 0.1
    words: int = 6
    mu: float = 0.9
    sigma: float = 0.35
    propose_every: int = 5
    solve: str | None = added(None)

    def __post_init__(self) -> None:
        rules = {
            "gamma must be above 0 and at most 1": 0 < self.gamma <= 1,
            "length_penalty must be in [0, 1]": 0 <= self.length_penalty <= 1,
            "words and propose_every must be at least 1": min(self.words, self.propose_every) >= 1,
            "mu must not be negative, and finite": 0 <= self.mu < math.inf,
            "sigma must be positive and finite": 0 < self.sigma < math.inf,
        }
        require(rules.items())
        check_template("ask", self.ask)
        if self.solve is not None:
            check_template("solve", self.solve, ["question"])


def entropy(counted: Vote) -> float:
    """The entropy of a vote's answers in nats, in [0, log n]; each absent answer is an answer of its own."""
    voted = [len(members) for members in counted.classes]
    counts = voted + [1] * (counted.size - sum(voted))
    return sum(count / counted.size * math.log(counted.size / count) for count in counts)


def proposer_reward(nats: float, settings: EvoLmmSettings) -> float:
    """What a question earns whose answers have that entropy, in [0, 1]."""
    return math.exp(-((nats - settings.mu) ** 2) / (2 * settings.sigma**2))


def solver_rewards(texts: Sequence[str], counted: Vote, settings: EvoLmmSettings) -> list[float]:
    """What each of the counted responses earns, in [0, 1]."""
    rewards = [0.0] * counted.size
    for members in counted.classes:
        for index in members:
            excess = (_words_before(texts[index]) - settings.words) / settings.words
            agreement: float = (len(members) / counted.size) ** settings.gamma
            rewards[index] = agreement * (1 - settings.length_penalty * min(1.0, max(0.0, excess)))
    return rewards


def _words_before(text: str) -> int:
    """Words before the last box, or all where there is none."""
    before, box, rest = text.rpartition("\\boxed")
    return len((before if box else rest).split())


@dataclass(frozen=True)
class _Outcome:
    """A question that was asked: the vote on it, and what its answers and its proposer earned."""

    counted: Vote
    solver: Array
    proposer: float


@dataclass(frozen=True)
class EvoLmm:
    """Proposer and solver in one model; no label is read, nor the items' own questions."""

    settings: EvoLmmSettings = field(default_factory=EvoLmmSettings)
    needs_gold: ClassVar[bool] = False

    def counts(self, n: int) -> Counts:
        """A picture's question, and n answers to it."""
        return Counts(2, n + 1, n + 1)

    def longest_prompts(self, item: Item, ask: Ask) -> list[Prompt]:
        """The request for a question, and the longest question."""
        longest = _posed(item, longest_text(MOST_QUESTION_CHARACTERS))
        return [shown_image(item, self.settings.ask), self._asked(longest, ask)]

    def play(self, step: Step) -> Played:
        """One question per picture, n answers to each. Raises DataError without pictures, or a question to ask."""
        check_images(step.items, "evolmm")
        proposed = step.draw("propose", [shown_image(item, self.settings.ask) for item in step.items], 1)
        questions = [as_question(text) for (text,) in proposed.texts]
        posed = [_posed(item, text) for item, text in zip(step.items, questions, strict=True) if text is not None]
        if not posed:
            raise _nothing_asked(proposed, step)
        solved = step.draw("solve", [self._asked(item, step.prompt) for item in posed], step.sampling.n)
        outcomes = [self._rewarded(item, texts) for item, texts in zip(posed, solved.texts, strict=True)]
        earned = iter(outcomes)
        earnings: Array = np.array([0.0 if text is None else next(earned).proposer for text in questions])
        turns = [Turn(solved, [dr_grpo(outcome.solver) for outcome in outcomes])]
        if (step.number + 1) % self.settings.propose_every == 0:
            turns.append(Turn(proposed, list(dr_grpo(earnings)[:, None])))
        return Played(turns, _metrics(outcomes, earnings))

    def _asked(self, posed: Item, ask: Ask) -> Prompt:
        solve = self.settings.solve
        return ask(posed) if solve is None else shown_image(posed, filled(solve, question=posed.question))

    def _rewarded(self, item: Item, texts: Sequence[str]) -> _Outcome:
        counted = vote(item.id, make_group(item, texts, needs_gold=False).ballots)
        paid = np.array(solver_rewards(texts, counted, self.settings))
        return _Outcome(counted, paid, proposer_reward(entropy(counted), self.settings))


def _posed(item: Item, question: str) -> Item:
    return dataclasses.replace(item, id=f"{item.id}?", question=question, choices=())


def _nothing_asked(proposed: Drawn, step: Step) -> DataError:
    wrote = printable(proposed.texts[0][0][:MOST_SHOWN])
    return DataError(
        f"evolmm: step {step.number + 1}: none of the {len(proposed.texts)} proposals is a question on one line that ends "
        f"with a question mark; one was: {wrote!r}; mend method_settings.ask, or start from a model that can ask"
    )


def _metrics(outcomes: Sequence[_Outcome], earnings: Array) -> dict[str, float]:
    """Means over the questions asked, but `proposer_reward` over all proposals, and `reward` over all texts drawn."""
    solver = np.concatenate([outcome.solver for outcome in outcomes])
    votes = [outcome.counted for outcome in outcomes]
    stated = [sum(map(len, counted.classes)) / counted.size for counted in votes]
    return {
        "reward": float(np.concatenate([solver, earnings]).mean()),
        "solver_reward": float(solver.mean()),
        "proposer_reward": float(earnings.mean()),
        "answer_entropy": fmean(map(entropy, votes)),
        "majority_share": fmean(counted.share for counted in votes),
        "distinct_answers": fmean(len(counted.classes) for counted in votes),
        "unparsed_share": 1 - fmean(stated),
        "unanswerable_share": fmean(counted.winner is None for counted in votes),
        "ill_formed_share": 1 - len(outcomes) / len(earnings),
        "no_signal_share": fmean(float(np.ptp(outcome.solver) == 0) for outcome in outcomes),
    }
