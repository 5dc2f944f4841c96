"""`evaluate` and `score`: from a model, or a stored run, to a score with its error."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .benchmarks.base import Suite
from .benchmarks.examination import plan, read_answers, run_path, score_answers
from .benchmarks.lock import LOCK
from .harness.engines.base import Engine
from .harness.engines.own import FunctionEngine, FunctionExamination
from .harness.errors import IncompleteRunError, UsageError, printable
from .harness.profiles import SamplingDefaults, load_profile
from .harness.report.text import counted, interval
from .harness.runs.evaluate import Examination, run_eval
from .harness.runs.score import ScoredRun, StoredAnswers
from .models import Model, open_model
from .other_libraries_words import names_parameters
from .suites import suite_name
from .trainers.provenance import TrainingRecord

if TYPE_CHECKING:
    import pandas as pd


class Evaluation:
    """The answers to a suite, judged by a protocol; made by `evaluate` and `score`."""

    def __init__(self, answers: StoredAnswers, scored: ScoredRun) -> None:
        self.answers, self.scored = answers, scored
        self._again: Callable[[], Evaluation] | None = None
        self._kept: object = None

    @property
    def model(self) -> str:
        """What the model is called."""
        return self.scored.run.manifest.model_name

    @property
    def suite(self) -> str:
        """The suite's name."""
        return self.scored.run.manifest.suite

    @property
    def protocol(self) -> str:
        """The protocol that judged."""
        return self.scored.rules.name

    @property
    def path(self) -> Path:
        """The run directory. That of an evaluation without `out` is removed with this object: see `save`."""
        return self.scored.run.path

    @property
    def complete(self) -> bool:
        """True if every question has an answer, and every answer a verdict."""
        return self.scored.complete

    @property
    def errors(self) -> list[str]:
        """What went wrong, a line for each answer that failed."""
        return [
            f"item {one.item_id}: {printable(one.error)}" for one in self.answers.responses if one.error is not None
        ]

    @property
    def accuracy(self) -> float:
        """The share of right answers, from 0 to 1. Raises IncompleteRunError for an incomplete one."""
        self._check()
        return self.scored.accuracy().estimate.value

    @property
    def stderr(self) -> float:
        """The clustered standard error of the accuracy, NaN for a single cluster. Raises IncompleteRunError."""
        self._check()
        return self.scored.accuracy().estimate.stderr

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% confidence interval of the accuracy. Raises IncompleteRunError."""
        self._check()
        estimate = self.scored.accuracy().estimate
        return estimate.low, estimate.high

    @property
    def metrics(self) -> dict[str, float]:
        """Every metric of the suite by name, `accuracy` first; NaN where it is undefined. Raises IncompleteRunError."""
        self._check()
        return {one.name: one.estimate.value for one in self.scored.metrics}

    def to_frame(self) -> pd.DataFrame:
        """A row for each answer: its verdict as `load_verdicts` has it, then question, gold and response."""
        from .leaderboards.board.dataframe import verdict_frame

        frame = verdict_frame([self.scored])
        items = {item.id: item for item in self.scored.items}
        said = {(one.item_id, one.sample): one.text for one in self.answers.responses}
        frame["question"] = [items[one].question for one in frame["item_id"]]
        frame["gold"] = [items[one].answer for one in frame["item_id"]]
        frame["response"] = [said.get(key) for key in zip(frame["item_id"], frame["sample"], strict=True)]
        return frame

    def resume(self) -> Evaluation:
        """Ask the same model again what has no answer. Raises UsageError for a stored run, which has no model."""
        if self._again is None:
            raise UsageError(f"{self.path} is a stored run: evaluate its model again, which resumes it")
        return self._again()

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Copy the run directory into a folder of runs, and return its path. Raises UsageError if it is there already."""
        target = Path(folder) / self.path.name
        if target.exists():
            raise UsageError(f"{target} is there already: choose another folder")
        shutil.copytree(self.path, target)
        return target

    def _check(self) -> None:
        """Raise IncompleteRunError if a score would lie."""
        if self.scored.lacking:
            raise IncompleteRunError(f"{self._lacking()}{self._first_error()}; resume() asks them again")
        if self.scored.unscored:
            raise IncompleteRunError(
                f"{self._lacking()}: score by another protocol, or have a language model judge them: "
                f"`proctor score {self.path} --judge-model NAME`"
            )

    def _first_error(self) -> str:
        return f"; the first error: {self.errors[0]}" if self.errors else ""

    def _lacking(self) -> str:
        total = len(self.scored.items) * self.scored.run.manifest.sampling.n
        if self.scored.lacking:
            return f"{self.scored.missing} of {counted(total, 'answer is', 'answers are')} missing"
        return f"{self.scored.unscored} of {total} answers have no verdict under {self.protocol}"

    def __repr__(self) -> str:
        nothing = all(one.error is not None for one in self.answers.responses)  # then one cause may be that of all
        about = f"{printable(self.model)} on {self.suite}, {self.protocol}"
        if not self.complete:
            return f"<Evaluation {about}: incomplete: {self._lacking()}{self._first_error() if nothing else ''}>"
        metric = self.scored.accuracy()
        found = metric.estimate
        shown = interval(found.low, found.high, clusters=found.clusters)
        clusters = "" if found.clusters == found.n else f" in {counted(found.clusters, 'cluster')}"
        return f"<Evaluation {about}: {100 * found.value:.1f}% of {counted(found.n, 'answer')}{clusters}, 95% {shown}>"


@names_parameters
def evaluate(
    model: Model,
    suite: str | Suite,
    *,
    data: str | os.PathLike[str] | None = None,
    lock: str | os.PathLike[str] = LOCK,
    limit: int | None = None,
    protocol: str = "strict",
    profile: str | None = None,
    samples: int = 1,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    top_k: int | None = None,
    min_p: float | None = None,
    presence_penalty: float | None = None,
    repetition_penalty: float | None = None,
    stop: Sequence[str] | None = None,
    seed: int = 0,
    engine: str | None = None,
    engine_options: Mapping[str, object] | None = None,
    url: str | None = None,
    workers: int = 1,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Evaluation:
    """Ask a model every item of a suite, store what it says, and score it: `proctor eval` from Python.

    `model` is a function of (prompt), (prompt, images) or (item) that gives a text; an engine; a checkpoint's folder or its
    name on the hub; or with `engine` or `url` (an OpenAI-compatible server) what that calls the model. `suite` is a name,
    mine.py:SUITE or a Suite; all else means what the option of that name means. Workers are engines, of a function they are
    threads.

    The run is kept in the folder `out`, where the same call goes on with what has no answer; without `out` it is kept as long
    as the Evaluation. Failed answers make that incomplete: see `complete` and `errors`. Raises ProctorError, in one line.
    """
    settings: dict[str, Any] = {
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "top_k": top_k,
        "min_p": min_p,
        "presence_penalty": presence_penalty,
        "repetition_penalty": repetition_penalty,
        "stop": None if stop is None else tuple(stop),
    }
    given = {name: value for name, value in settings.items() if value is not None}
    style = None if profile is None else load_profile(profile)
    sampling = dataclasses.replace(style.sampling if style else SamplingDefaults(), **given).sampling(samples, seed)
    place = None if data is None else Path(data)
    asked = plan(suite_name(suite), protocol, sampling, place, limit, lock=Path(lock), profile=style)
    items = [one.item for one in asked.asked]
    opened = open_model(model, items, engine=engine, engine_options=engine_options, url=url, workers=workers)
    if isinstance(opened, FunctionEngine):
        if given:
            raise UsageError(f"{next(iter(given))} has no effect on a function, which draws its answers itself")
        asked = FunctionExamination.of(asked)
    elif isinstance(model, str | os.PathLike):
        (asked,) = TrainingRecord.read(os.fspath(model), _warn).put_into([asked])
    root = _Folder() if out is None else Path(out)

    return _ask(root, asked, opened, progress)


def _ask(root: os.PathLike[str], asked: Examination, model: Engine, progress: bool) -> Evaluation:
    """Ask what has no answer in the folder of runs, and score."""
    path = run_path(Path(root), asked, model)
    with _bar(model.name, asked, shown=progress) as advance:
        run_eval(asked, model, path, advance)
    found = score(path)
    found._kept, found._again = root, partial(_ask, root, asked, model, progress)
    return found


def score(run: Evaluation | str | os.PathLike[str], protocol: str | None = None) -> Evaluation:
    """The answers of a stored run, or of an evaluation, judged by a protocol (None: the one that asked). No model is asked.

    Raises DataError for a damaged run, UsageError for an unknown protocol.
    """
    answers = run.answers if isinstance(run, Evaluation) else read_answers(Path(run))
    found = Evaluation(answers, score_answers(answers, protocol))
    if isinstance(run, Evaluation):
        found._kept = run._kept
    return found


class _Folder(os.PathLike[str]):
    """A folder that is removed with the last object that holds it, and at the latest when this process ends."""

    def __init__(self) -> None:
        self._path = tempfile.mkdtemp(prefix="proctor-")
        weakref.finalize(self, shutil.rmtree, self._path, ignore_errors=True)

    def __fspath__(self) -> str:
        return self._path


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)


@contextmanager
def _bar(model: str, examination: Examination, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal's stderr, or in a notebook, that is gone at the end."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = not shown or not (console.is_terminal or console.is_jupyter)
    with Progress(console=console, transient=True, disable=hidden) as bars:
        total = len(examination.asked) * examination.sampling.n
        task = bars.add_task(printable(f"{model}: {examination.suite}"), total=total)
        yield lambda done: bars.advance(task, done)
