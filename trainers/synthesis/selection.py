"""Which questions of a synthesis are kept: rules in a fixed order, each rejected question counted under the rule it failed.

Also when two questions are the same, or nearly.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ...harness.answers.vote import vote
from ...harness.types import Item, Json
from ...harness.untrusted_text import find_question, has_marks
from ..base import make_group
from ..recipe_settings import SynthesisSettings

_WORD = re.compile(r"\d+(?:\.\d+)?|\w+|[^\w\s.,;:!?'\"$`()]")


def words(question: str) -> tuple[str, ...]:
    """The words, numbers and signs of a question, without case and punctuation: equal for questions that read the same."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", question).casefold()))


def similarity(first: Iterable[str], second: Iterable[str]) -> float:
    """Jaccard: the share of all their words that both have; 1 for two without words."""
    first, second = frozenset(first), frozenset(second)
    either = len(first | second)
    return len(first & second) / either if either else 1.0


RULES = {
    "no question": "the reply holds no question",
    "marks": "control tokens, marks of pictures or unprintable characters stand in it",
    "length": "it is shorter than `shortest` or longer than `longest`",
    "repeat": "the words of another question on the picture, or of the original one",
    "near repeat": "more alike than `near` to one of those",
    "unanswered": "fewer than `answered` of the answers have a box",
    "disagreed": "the commonest answer has less than a share of `agreed`",
    "easy": "all answers agree, and `drop_easy` is set",
}
"""Why a question is not kept, in the order in which it is tried."""

_SHOWN = 2000
"""So many characters of a reply without a question are kept with its rejection; the whole reply is in its run."""


QuestionWords: TypeAlias = dict[tuple[str, ...], list[tuple[str, ...]]]
"""The words of all questions on a picture (or several), by the pictures' digests."""


@dataclass(frozen=True)
class Proposed:
    """A question that a model wrote about the item `source`, in its reply number `sample`."""

    source: Item
    sample: int
    text: str

    @property
    def item_id(self) -> str:
        """The id of the item that it becomes."""
        return f"{self.source.id}+{self.sample}"


@dataclass(frozen=True)
class Voted:
    """A proposed question, the commonest of the model's own answers, its share, and the share that stated any."""

    proposed: Proposed
    majority: str
    share: float
    answered: float


@dataclass
class Selection:
    """Applies the rules, and remembers what was rejected, in the order of the questions."""

    settings: SynthesisSettings
    rejected: list[Json] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def propose(self, source: Item, replies: Sequence[str], earlier_words: QuestionWords) -> list[Proposed]:
        """The questions of an item's replies that the rules for texts let pass; their words are added to `earlier_words`."""
        key = tuple(image.sha256 for image in source.images)
        earlier = earlier_words.setdefault(key, [])
        accepted = []
        for sample, reply in enumerate(replies):
            text = find_question(reply)
            rule = "no question" if text is None else self._rejects_text(text, earlier)
            question = Proposed(source, sample, reply[:_SHOWN] if text is None else text)
            if rule:
                self._reject(question, rule)
            else:
                earlier.append(words(question.text))
                accepted.append(question)
        return accepted

    def _rejects_text(self, text: str, earlier: Iterable[Sequence[str]]) -> str | None:
        """The rule that rejects a text."""
        if has_marks(text):
            return "marks"
        if not self.settings.shortest <= len(text) <= self.settings.longest:
            return "length"
        own = words(text)
        if own in earlier:
            return "repeat"
        return "near repeat" if any(similarity(own, other) > self.settings.near for other in earlier) else None

    def weigh(self, proposed: Proposed, item: Item, responses: Sequence[str]) -> Voted | None:
        """The question with its vote, if the answers let it pass."""
        ballots = make_group(item, responses, needs_gold=False).ballots
        result = vote(item.id, ballots, item.choices)
        answered = sum(ballot is not None for ballot in ballots) / len(ballots)
        rule = self._rejects_vote(answered, result.share)
        if rule or not result.winner:
            self._reject(proposed, rule or "unanswered", answered=answered, share=result.share)
            return None
        self.counts["kept"] += 1
        return Voted(proposed, ballots[result.winner[0]] or "", result.share, answered)

    def _rejects_vote(self, answered: float, share: float) -> str | None:
        if answered < self.settings.answered:
            return "unanswered"
        if share < self.settings.agreed:
            return "disagreed"
        return "easy" if self.settings.drop_easy and share == 1 else None

    def _reject(self, proposed: Proposed, rule: str, **more: float) -> None:
        self.counts[rule] += 1
        row = {"source": proposed.source.id, "sample": proposed.sample, "rule": rule, "text": proposed.text, **more}
        self.rejected.append(row)


def originals(items: Iterable[Item]) -> QuestionWords:
    """The words of the items' own questions by the digests of their pictures, for `Selection.propose`."""
    words_by_picture: QuestionWords = defaultdict(list)
    for item in items:
        if item.question:
            words_by_picture[tuple(image.sha256 for image in item.images)].append(words(item.question))
    return dict(words_by_picture)
