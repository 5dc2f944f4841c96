"""Genixer (arXiv 2312.06731): the student asks about pictures, answers, and learns the answers that it is sure of.

The paper first teaches a model, with labelled data, to generate questions with answers, and filters them by the probability
with which another model says Yes to "is it true?". MM-UPT (arXiv 2505.22453) lists Genixer as unsupervised, without telling
how it was run; here an instructed student generates, answers and filters by itself, and its confidence is the share of Yes
among several sampled verdicts, which any engine can give. Of a question's answers the surest is learnt.

The threshold of 0.7 could not be confirmed on the paper's text; its code leaves the filtering by probability to the user.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...benchmarks.items import inline
from ...harness.errors import UsageError
from ...harness.runs.store import Sample
from ...harness.types import Item, Response
from ...harness.untrusted_text import as_question, check_template, filled
from .base import Example, Sft, Stage, StageInput, StageOutput
from .toolbox import ResponseSet, check_images, one_item_per_image, respond, shown_image, some_of

_LAST_WORD = re.compile(r"\b(yes|no)\W{0,5}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class GenixerSettings:
    """`questions` are asked for per picture by the text `ask`; those that are the same count once.

    An answer is learnt if at least `confidence` of `verdicts` replies to `verify` end with Yes; of its responses at most
    `keep` distinct ones.
    """

    ask: str = (
        "Write one question about the picture that takes some steps of reasoning and has one definite answer. "
        "It must be possible to answer it from the picture alone. Write only the question, and end it with a question mark."
    )
    verify: str = (
        "Question: {question}\nAnswer: {answer}\n"
        "Does this question fit the picture, and is the answer right? Check it, then end with Yes or No."
    )
    questions: int = 1
    verdicts: int = 8
    confidence: float = 0.7
    keep: int = 1

    def __post_init__(self) -> None:
        check_template("ask", self.ask)
        check_template("verify", self.verify, ("question", "answer"))
        if not (1 <= self.questions <= 1000 and 1 <= self.verdicts <= 1000 and self.keep >= 1):
            raise UsageError("questions and verdicts must be from 1 to 1000, keep at least 1")
        if not 0 < self.confidence <= 1:
            raise UsageError("confidence must be above 0 and at most 1")


@dataclass(frozen=True)
class Genixer:
    """One stage, without labels, and without the questions of the items: their pictures are what is read."""

    settings: GenixerSettings = GenixerSettings()
    needs_gold: ClassVar[bool] = False

    @property
    def stages(self) -> Sequence[Stage]:
        """The one stage."""
        return [Stage("generated", Sft(), self.make)]

    def make(self, stage_input: StageInput) -> StageOutput:
        """Examples of answers to the student's own questions that it is sure of. Raises DataError without pictures."""
        check_images(stage_input.items, "genixer")
        shows = one_item_per_image(stage_input.items)
        sampling = dataclasses.replace(stage_input.sampling, n=self.settings.questions)
        rows = stage_input.student.ask(
            "questions", [Sample(item, shown_image(item, self.settings.ask)) for item in shows], sampling
        )
        items = [new for item, row in zip(shows, rows, strict=True) for new in _questions(item, row)]
        drawn = respond(stage_input, "answers", [Sample(item, stage_input.prompt(item)) for item in items])
        sure = self._sure(stage_input, drawn)
        examples: list[Example] = []
        for group, members in zip(drawn, sure, strict=True):
            examples += group.examples(
                some_of(group.learnt(members), self.settings.keep, stage_input.sampling.seed, group.item.id)
            )
        counts = {
            "pictures": len(shows),
            "well formed, different questions": len(items),
            "questions without a response to learn": sum(not any(group.learnable) for group in drawn),
            "questions with a sure answer": sum(bool(members) for members in sure),
        }
        return StageOutput(
            examples, counts, "questions of one line that end with a question mark, answers, and verdicts of Yes"
        )

    def _sure(self, stage_input: StageInput, drawn: Sequence[ResponseSet]) -> list[tuple[int, ...]]:
        """For each question the responses with its surest answer, () if that is not sure enough; of equals the first."""
        ways = [[members for members in group.vote.classes if group.learnt(members)] for group in drawn]
        verdicts = {
            (place, members): _verdict(group, members, self.settings.verify)
            for place, group in enumerate(drawn)
            for members in ways[place]
        }
        sampling = dataclasses.replace(stage_input.sampling, n=self.settings.verdicts)
        replies = stage_input.student.ask("verdicts", list(verdicts.values()), sampling)
        shares = {key: sum(map(_is_yes, row)) / len(row) for key, row in zip(verdicts, replies, strict=True)}
        return [
            self._surest({members: shares[place, members] for members in classes}) for place, classes in enumerate(ways)
        ]

    def _surest(self, shares: Mapping[tuple[int, ...], float]) -> tuple[int, ...]:
        best = max(shares, key=shares.__getitem__, default=())
        return best if best and shares[best] >= self.settings.confidence else ()


def _questions(item: Item, replies: Sequence[Response]) -> list[Item]:
    """New items of the well formed questions on an item's pictures, each text once."""
    texts = dict.fromkeys(as_question(reply.text or "") for reply in replies if not reply.truncated)
    return [
        dataclasses.replace(item, id=f"{item.id}?{number}", question=text, choices=inline(text), unit=None)
        for number, text in enumerate(filter(None, texts))
    ]


def _verdict(group: ResponseSet, members: Sequence[int], verify: str) -> Sample:
    """What asks whether an answer is right: as the first response states it. An item of its own."""
    item, stated = group.item, group.ballots[members[0]] or ""
    text = filled(verify, question=item.question, answer=stated)
    return Sample(dataclasses.replace(item, id=f"{item.id}#{members[0]}"), shown_image(item, text))


def _is_yes(reply: Response) -> bool:
    matched = _LAST_WORD.search((reply.text or "")[-100:])
    return matched is not None and matched[1].lower() == "yes" and not reply.truncated
