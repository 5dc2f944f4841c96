"""A judge: a language model that scores a policy's responses in [0, 1] while it trains, without a label.

The model is any engine: a frozen checkpoint in this process, or a server. What it is shown is in `judge_prompt`, how its
reply is read in `judge_reply`. What cannot be read is asked for again a few times; after that there is no score, never a
guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Protocol, TypeAlias

from ..harness.engines.http_client import Endpoint
from ..harness.engines.openai import OpenAIEngine, neutral
from ..harness.errors import EngineError, printable
from ..harness.types import Json, Request, Response, Sampling
from .base import Group
from .judge_prompt import judge_prompt
from .judge_reply import OVERALL, overall_score, read_scores
from .recipe_settings import BASE_MODEL, TINY_MODEL, JudgeSettings
from .tiny import JUDGE

Scores: TypeAlias = list[tuple[float | None, ...]]
"""One score in [0, 1], or None, per response of each group."""

Place: TypeAlias = tuple[int, int]
"""A group's place and a response's index in it."""


class JudgeEngine(Protocol):
    """What a judge needs of an engine of `harness.models`."""

    def identity(self) -> Mapping[str, Json]:
        """Everything about the model that could change an answer."""
        ...

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The responses to all samples of all requests, in any order."""
        ...


class Judge(Protocol):
    """Scores responses without a label."""

    def identity(self) -> Json:
        """Everything about the judge that could change a score."""
        ...

    def score(self, groups: Sequence[Group], seed: int) -> Scores:
        """A score for each response of each group, in order; None where none could be had."""
        ...

    @property
    def trouble(self) -> str:
        """What went wrong last, for a person; empty if nothing did."""
        ...


@dataclass
class ModelJudge:
    """A judge that asks an engine. A response in bad format scores 0 and is not shown to it."""

    engine: JudgeEngine
    settings: JudgeSettings
    trouble: str = field(default="", init=False)

    def identity(self) -> Json:
        """The engine's identity; how it is asked is in the recipe."""
        return dict(self.engine.identity())

    def score(self, groups: Sequence[Group], seed: int) -> Scores:
        """The mean over the repeats that were read; None where none was, after the retries."""
        read: dict[Place, list[float]] = {
            (place, index): []
            for place, group in enumerate(groups)
            for index, well_formed in enumerate(group.well_formed)
            if well_formed
        }
        repeats = self.settings.repeats
        owed = dict.fromkeys(read, repeats)
        for attempt in range(1 + self.settings.retries):
            first = attempt * repeats
            numbers = {place: tuple(range(first, first + missing)) for place, missing in owed.items() if missing}
            if not numbers:
                break
            for place, score in self._ask(groups, numbers, seed):
                read[place].append(score)
                owed[place] -= 1
        return [
            tuple(_score(read.get((place, k))) for k in range(len(group.responses)))
            for place, group in enumerate(groups)
        ]

    def _ask(
        self, groups: Sequence[Group], numbers: dict[Place, tuple[int, ...]], seed: int
    ) -> Iterable[tuple[Place, float]]:
        """Ask once for each sample number; yields the scores that could be read."""
        settings = self.settings
        sampling = Sampling(settings.repeats, settings.temperature, settings.top_p, settings.max_tokens, seed)
        names = {f"{place} {index}": (place, index) for place, index in numbers}
        requests = (
            Request(name, judge_prompt(groups[place], index, settings.prompt, settings.system), numbers[place, index])
            for name, (place, index) in names.items()
        )
        try:
            for response in self.engine.generate(requests, sampling):
                score = self._read(response)
                if score is not None:
                    yield names[response.item_id], score
        except EngineError as error:  # those that were not reached are asked again, or have no score
            self.trouble = str(error)

    def _read(self, response: Response) -> float | None:
        if response.text is None:
            self.trouble = printable(response.error or "no answer")[:200]
            return None
        scores = read_scores(response.text)
        if scores is None:
            self.trouble = f"a reply is not in the form asked for: {printable(response.text)[-120:]!r}"
            return None
        if self.settings.overall == "weighted":
            return overall_score(scores)
        if OVERALL not in scores:
            self.trouble = f"a reply states no overall score: {printable(response.text)[-120:]!r}"
        return scores.get(OVERALL)


def _score(read: Sequence[float] | None) -> float | None:
    """0 for a response that was not shown; without any reading None."""
    if read is None:
        return 0.0
    return fmean(read) if read else None


def open_judge(settings: JudgeSettings, base: Path) -> ModelJudge:
    """Open it. Raises UsageError, CheckpointError, or EngineError for a server that does not have the model."""
    return ModelJudge(_served(settings, settings.url) if settings.url else _in_process(settings, base), settings)


def _served(settings: JudgeSettings, url: str) -> JudgeEngine:
    endpoint = Endpoint(url, settings.model, attempts=1 + settings.retries, concurrency=settings.concurrency)
    served = endpoint.served()
    return OpenAIEngine((endpoint,), served, endpoint.version(), neutral(served))


def _in_process(settings: JudgeSettings, base: Path) -> JudgeEngine:
    # the one judge that needs torch
    from ..harness.engines.transformers import TransformersEngine, TransformersOptions  # noqa: PLC0415

    checkpoints = {BASE_MODEL: base, TINY_MODEL: JUDGE}
    path = checkpoints.get(settings.model, Path(settings.model))
    return TransformersEngine(path, TransformersOptions(batch=settings.batch))
