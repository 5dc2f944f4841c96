"""A judge: a language model that scores a policy's responses in [0, 1] while it trains, without a label.

The model is any engine: a frozen checkpoint in this process, or a server. What it is shown is in `judge_prompt`, how its
reply is read in `judge_reply`. What cannot be read is asked for again a few times; after that there is no score, never a
guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from statistics import fmean
from threading import Thread
from typing import Protocol, Self, TypeAlias

from ..harness.engines.http_client import Endpoint
from ..harness.engines.http_wire import neutral
from ..harness.engines.openai import OpenAIEngine
from ..harness.errors import EngineError, printable
from ..harness.types import Json, Request, Response, Sampling
from .base import Group
from .judge_prompt import judge_prompt
from .judge_reply import OVERALL, overall_score, read_scores
from .oracle import OracleJudge
from .recipe_settings import BASE_MODEL, ORACLE, TINY_MODEL, JudgeSettings, OracleSettings
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
    """A judge that asks an engine. A response in bad format scores 0 and is not shown to it.

    One that is `served` has a machine of its own, so it may be asked while the policy draws (`begin`).
    """

    engine: JudgeEngine
    settings: JudgeSettings
    served: bool = False
    trouble: str = field(default="", init=False)

    def identity(self) -> Json:
        """The engine's identity; how it is asked is in the recipe."""
        return dict(self.engine.identity())

    def score(self, groups: Sequence[Group], seed: int) -> Scores:
        """The mean over the repeats that were read; None where none was, after the retries."""
        scoring = Scoring(self, seed)
        scoring.ask(enumerate(groups))
        return scoring.scores()

    def begin(self, seed: int) -> JudgingBeside:
        """The same for groups that come one by one, in any order: what `score` would give is asked for as they come."""
        return JudgingBeside(Scoring(self, seed))

    def read(self, response: Response) -> float | None:
        """The score in a reply; None, and a word in `trouble`, if there is none."""
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


class Scoring:
    """The scores of groups in the making; a group's seeds depend on its place, not on when it is judged."""

    def __init__(self, judge: ModelJudge, seed: int) -> None:
        settings = judge.settings
        self._judge = judge
        self._sampling = Sampling(settings.repeats, settings.temperature, settings.top_p, settings.max_tokens, seed)
        self._groups: dict[int, Group] = {}
        self._read: dict[Place, list[float]] = {}
        self.broken_off = False

    def ask(self, groups: Iterable[tuple[int, Group]]) -> None:
        """Ask once about each group, with its place. They are pulled as there is room for them.

        Raises CancelledError when it is `broken_off`.
        """
        owed = self._owed(groups)
        self._ask(owed)
        for _ in owed:  # those that were not reached
            continue

    def _owed(self, groups: Iterable[tuple[int, Group]]) -> Iterator[tuple[Place, tuple[int, ...]]]:
        """What is to be asked of the groups, and with which sample numbers."""
        for place, group in groups:
            self._groups[place] = group
            shown = [(place, index) for index, well_formed in enumerate(group.well_formed) if well_formed]
            self._read.update((one, []) for one in shown)
            for one in shown:
                yield one, tuple(range(self._sampling.n))

    def scores(self) -> Scores:
        """The scores in the order of places, after what is still owed was asked for again."""
        repeats = self._sampling.n
        for attempt in range(1, 1 + self._judge.settings.retries):
            missing = {place: repeats - len(read) for place, read in self._read.items() if len(read) < repeats}
            if not missing:
                break
            first = attempt * repeats
            self._ask((place, tuple(range(first, first + missing[place]))) for place in sorted(missing))
        return [
            tuple(_score(self._read.get((place, k))) for k in range(len(group.responses)))
            for place, group in sorted(self._groups.items())
        ]

    def holds(self, groups: Sequence[Group]) -> bool:
        """Whether these groups, in their order, are the ones that were asked about."""
        known = [(one.item_id, one.responses) for _, one in sorted(self._groups.items())]
        return known == [(group.item_id, group.responses) for group in groups]

    def _ask(self, owed: Iterable[tuple[Place, tuple[int, ...]]]) -> None:
        """Ask once for each sample number, and keep the scores that could be read."""
        settings, names = self._judge.settings, dict[str, Place]()

        def requests() -> Iterator[Request]:
            for (place, index), numbers in owed:
                if self.broken_off:
                    raise CancelledError
                names[f"{place} {index}"] = place, index
                prompt = judge_prompt(self._groups[place], index, settings.prompt, settings.system)
                yield Request(f"{place} {index}", prompt, numbers)

        try:
            for response in self._judge.engine.generate(requests(), self._sampling):
                score = self._judge.read(response)
                if score is not None:
                    self._read[names[response.item_id]].append(score)
        except EngineError as error:  # those that were not reached are asked again, or have no score
            self._judge.trouble = str(error)


class JudgingBeside:
    """Groups that are judged in a thread of its own, each as soon as it is there; a context manager.

    Leaving the block breaks off what is still asked.
    """

    def __init__(self, scoring: Scoring) -> None:
        self._scoring = scoring
        self._groups: SimpleQueue[tuple[int, Group] | None] = SimpleQueue()
        self._done: Future[None] = Future()
        Thread(target=self._work, name="judge", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._scoring.broken_off = True
        self._groups.put(None)

    def add(self, place: int, group: Group) -> None:
        """Have the group of that place judged."""
        self._groups.put((place, group))

    def scores(self, groups: Sequence[Group]) -> Scores | None:
        """The scores of all that was added; None if `groups` are others. No more is added. Raises what judging raised."""
        self._groups.put(None)
        self._done.result()
        return self._scoring.scores() if self._scoring.holds(groups) else None

    def _work(self) -> None:
        try:
            self._scoring.ask(self._added())
        except BaseException as error:  # raised in the thread that waits for scores
            self._done.set_exception(error)
        else:
            self._done.set_result(None)

    def _added(self) -> Iterator[tuple[int, Group]]:
        while (added := self._groups.get()) is not None:
            yield added


def _score(read: Sequence[float] | None) -> float | None:
    """0 for a response that was not shown; without any reading None."""
    if read is None:
        return 0.0
    return fmean(read) if read else None


def open_judge(settings: JudgeSettings, base: Path) -> Judge:
    """Open it. Raises UsageError, CheckpointError, or EngineError for a server that does not have the model."""
    if settings.model == ORACLE:
        return OracleJudge(settings.oracle or OracleSettings())
    if settings.url:
        return ModelJudge(_served(settings, settings.url), settings, served=True)
    return ModelJudge(_in_process(settings, base), settings)


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
