"""Hold an examination: ask a model every item n times, store each answer as it comes, resume, drain when told to stop.

Nothing is judged here. Engines schedule themselves (they pull requests and yield responses); this module only decides
what is asked, writes the journal, and turns signals into an orderly end.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Protocol, runtime_checkable

from ..engines.base import Engine
from ..errors import DataError
from ..profiles import PromptStyle
from ..signals import ending_signals
from ..types import Json, Request, Sampling
from .provenance import environment
from .store import Manifest, RunWriter, Sample, identity_of

Progress = Callable[[int], None]
"""Told how many more questions were answered."""


@runtime_checkable
class Stored(Protocol):
    """An engine whose answers were given before, to another examination."""

    def taken_over(self, wanted: Manifest, asked: Sequence[Sample]) -> Manifest:
        """The manifest of these answers, asked as `wanted` says. Raises UsageError if they were asked otherwise."""
        ...


@runtime_checkable
class Served(Protocol):
    """An engine whose answers come from a server that says who answers: `model`, `fingerprint`."""

    @property
    def answered_by(self) -> Mapping[str, Sequence[str]]:
        """What was said so far, by what it is of."""
        ...


@dataclass(frozen=True)
class Examination:
    """What is to be asked: a suite's items with the prompts of a protocol, and how answers are drawn.

    `recorded` is kept with the run's environment: what is known of it that does not change what is asked. `style` is what
    the prompts were put in, if not the protocol's own. With `tokens`, answers are stored with what the engine tells of their
    tokens.
    """

    suite: str
    protocol: str
    asked: Sequence[Sample]
    sampling: Sampling
    data_root: Path | None = None
    recorded: Mapping[str, Json] = field(default_factory=dict)
    style: PromptStyle | None = None
    tokens: bool = False

    def __post_init__(self) -> None:
        repeated = [name for name, count in Counter(one.item.id for one in self.asked).items() if count > 1]
        if repeated:
            raise DataError(f"suite {self.suite}: the id {repeated[0]!r} is used by more than one item")

    def manifest(self, model: Engine) -> Manifest:
        """The manifest of this examination of that model; stored answers keep what is stored of them.

        Raises UsageError if those were got otherwise than this examination says.
        """
        identity = {
            "suite": self.suite,
            "protocol": self.protocol,
            **identity_of(self.asked),
            "sampling": self.sampling.to_json(),
            "model": dict(model.identity()),
            **({} if self.style is None else {"profile": self.style.to_json()}),
            **({"tokens": True} if self.tokens else {}),
        }
        recorded: dict[str, Json] = {
            **self.recorded,
            **environment(),
            "engine": dict(model.versions()),
            "model_name": model.name,
            "data_root": None if self.data_root is None else str(self.data_root.resolve()),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        manifest = Manifest(identity, recorded)
        return model.taken_over(manifest, self.asked) if isinstance(model, Stored) else manifest


@dataclass
class RunOutcome:
    """How an examination ended: `asked` counts questions that were put to the model this time, `missing` those
    still without an answer; `errors` samples what engines said; `other_models` are those that a server named as
    answering where it was asked for another.
    """

    path: Path
    total: int
    asked: int = 0
    missing: int = 0
    stopped: bool = False
    errors: list[str] = field(default_factory=list)
    other_models: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True if every question has an answer."""
        return self.missing == 0


def run_eval(
    examination: Examination,
    model: Engine,
    path: Path,
    progress: Progress = lambda done: None,
    stop: threading.Event | None = None,
) -> RunOutcome:
    """Ask what is not yet answered in the run directory `path`, and seal it when everything is.

    When `stop` is set no more is asked, and what is in flight is finished and stored. Raises RunLockedError,
    RunMismatchError, StoreError, DataError and EngineError; whatever was answered before stays stored.
    """
    sampling = examination.sampling
    stop = stop or threading.Event()
    with RunWriter(path, examination.manifest(model), examination.asked, sampling.n) as run:
        missing = run.missing()
        outcome = RunOutcome(path, total=len(examination.asked) * sampling.n, asked=len(missing))
        progress(outcome.total - len(missing))
        requests = _until(stop, _requests(examination, missing))
        begun, answers, tokens = time.monotonic(), 0, 0
        try:
            for response in model.generate(requests, sampling) if missing else ():
                run.append(response)
                answers, tokens = answers + 1, tokens + (response.completion_tokens or 0)
                if response.error is not None:
                    outcome.errors.append(f"item {response.item_id}: {response.error}")
                progress(1)
        finally:
            if isinstance(model, Served) and answers:
                run.note_answered_by(model.answered_by)
                outcome.other_models = [name for name in model.answered_by.get("model", ()) if name != model.name]
        outcome.missing = len(run.missing())
        outcome.stopped = stop.is_set()
        if outcome.complete:
            seconds = round(time.monotonic() - begun, 3)
            asked = answers and not isinstance(model, Stored)  # how fast answers are read tells nothing of the model
            run.seal({"answers": answers, "tokens": tokens, "seconds": seconds} if asked else None)
    return outcome


def _requests(examination: Examination, missing: Sequence[tuple[str, int]]) -> Iterator[Request]:
    """One request per item, for the samples that are missing."""
    prompts = {one.item.id: one.prompt for one in examination.asked}
    for item_id, keys in groupby(missing, key=lambda key: key[0]):
        yield Request(item_id, prompts[item_id], tuple(sample for _, sample in keys), examination.tokens)


def _until(stop: threading.Event, requests: Iterator[Request]) -> Iterator[Request]:
    for request in requests:
        if stop.is_set():
            return
        yield request


@contextmanager
def stop_signals(on_stop: Callable[[], None] = lambda: None) -> Iterator[threading.Event]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets, to end in order; a second one interrupts at once.

    A SIGHUP that is ignored stays so. Main thread only. `on_stop` is called when the event is set, to say so.
    """
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        on_stop()

    previous: Mapping[signal.Signals, signal._HANDLER] = {
        number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, *ending_signals())
    }
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
