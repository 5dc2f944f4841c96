"""SRLM, self-rewarding language models (arXiv 2401.10020): the student judges its own responses, and learns by DPO.

In each round every prompt is answered n times, the student scores each response, and the best and the worst make a
preference, unless they are equal; the next round begins with what came of it. The paper draws n = 4 at temperature 0.7 and
top_p 0.9, takes the mean of 3 judgements, beta 0.1, and 2 rounds of DPO. Before them it fine-tunes on seed data of
instructions and judgements, and it writes new prompts; here an instructed model begins, on the prompts of the recipe, as it
has to in MM-UPT's table (arXiv 2505.22453), which does not tell how it was run. The scores are those of the judge prompt of
`trainers.judge`, not the paper's five points. A response in bad format scores 0 without being judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

from ...harness.answers.formats import FORMATS
from ...harness.errors import UsageError
from ...harness.runs.store import Sample
from ...harness.types import Response
from ..base import make_group
from ..judge_prompt import judge_prompt
from ..judge_reply import overall_score, read_scores
from .base import Dpo, Preference, Stage, StageInput, StageOutput
from .toolbox import ResponseSet, answered


@dataclass(frozen=True)
class SrlmSettings:
    """`rounds` stages; each response's score is the mean of `judgements`, replies of at most `judge_tokens` tokens."""

    rounds: int = 2
    judgements: int = 3
    judge_tokens: int = 1024
    beta: float = 0.1

    def __post_init__(self) -> None:
        if not (1 <= self.rounds <= 100 and 1 <= self.judgements <= 1000 and self.judge_tokens >= 1):
            raise UsageError("rounds must be from 1 to 100, judgements from 1 to 1000, judge_tokens at least 1")
        if self.beta <= 0:
            raise UsageError("beta must be positive")


@dataclass(frozen=True)
class ScoredResponse:
    """The distinct responses of one item that came to their end, with a score in [0, 1] each, or None without any."""

    found: ResponseSet
    texts: tuple[str, ...]
    scores: tuple[float | None, ...]

    @property
    def preference(self) -> Preference | None:
        """The best against the worst, the first of equals; None if there are no two that differ."""
        scored = [(score, text) for text, score in zip(self.texts, self.scores, strict=True) if score is not None]
        if not scored:
            return None
        best, worst = max(scored, key=lambda pair: pair[0]), min(scored, key=lambda pair: pair[0])
        if best[0] == worst[0]:
            return None
        return Preference(self.found.item.id, self.found.prompt, best[1], worst[1])


@dataclass(frozen=True)
class Srlm:
    """Stages of preferences, without labels."""

    settings: SrlmSettings = SrlmSettings()
    needs_gold: ClassVar[bool] = False

    @property
    def stages(self) -> Sequence[Stage]:
        """As many as there are rounds."""
        return [Stage("judged", Dpo(self.settings.beta), self.make)] * self.settings.rounds

    def make(self, stage_input: StageInput) -> StageOutput:
        """Preferences between the student's responses by its own scores."""
        scored = self._score(stage_input, answered(stage_input))
        preferences = [group.preference for group in scored]
        scores = [score for group in scored for score in group.scores]
        counts = {
            "prompts": len(stage_input.items),
            "distinct responses": len(scores),
            "responses without a readable score": scores.count(None),
            "prompts without a best and a worst": preferences.count(None),
        }
        needed = (
            "judgements that end with one JSON object of the three scores, and differ between responses to a prompt"
        )
        return StageOutput([preference for preference in preferences if preference is not None], counts, needed)

    def _score(self, stage_input: StageInput, drawn: Sequence[ResponseSet]) -> list[ScoredResponse]:
        """Ask the student for its scores of each distinct response."""
        texts = [
            tuple(dict.fromkeys(response.text or "" for response in group.responses if not response.truncated))
            for group in drawn
        ]
        well_formed = FORMATS.get(stage_input.answer_format)
        requests = {
            (place, index): _question(stage_input, group, texts[place], index)
            for place, group in enumerate(drawn)
            for index, text in enumerate(texts[place])
            if well_formed(text)
        }
        sampling = dataclasses.replace(
            stage_input.sampling, n=self.settings.judgements, max_tokens=self.settings.judge_tokens
        )
        replies = stage_input.student.ask("judgements", list(requests.values()), sampling)
        read = dict(zip(requests, map(_mean, replies), strict=True))
        return [
            ScoredResponse(
                group, texts[place], tuple(read.get((place, index), 0.0) for index in range(len(texts[place])))
            )
            for place, group in enumerate(drawn)
        ]


def _question(stage_input: StageInput, drawn: ResponseSet, texts: Sequence[str], index: int) -> Sample:
    """What asks for the scores of one response; an item of its own."""
    group = make_group(drawn.item, texts, needs_gold=False, answer_format=stage_input.answer_format)
    item = dataclasses.replace(drawn.item, id=f"{drawn.item.id}#{index}")
    return Sample(item, judge_prompt(group, index, stage_input.judge_prompt))


def _mean(replies: Sequence[Response]) -> float | None:
    """The mean overall score of the replies that can be read; None if there is none."""
    read = [scores for reply in replies if (scores := read_scores(reply.text or "")) is not None]
    return fmean(map(overall_score, read)) if read else None
