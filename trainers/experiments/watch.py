"""Evaluate every checkpoint of a folder exactly once, as soon as it is complete.

What was evaluated is read off the run directories, whose names hold a digest of the weights. So a watcher that starts late,
is restarted or runs beside another does nothing twice, and the same weights under two names are evaluated once. Checkpoints
of other programs count too, if they are in Hugging Face format: once they are still, whatever their dates say. One whose
files change is another checkpoint. One that fails is tried again when its files change, and a few times besides, since a
large model takes long to load.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from ...benchmarks.examination import run_path, score_run
from ...harness.engines.base import Engine
from ...harness.errors import CheckpointError, IncompleteRunError, ProctorError, StoreError, UsageError
from ...harness.report.text import counted
from ...harness.runs.checkpoints import Checkpoint, FolderState, check_filled, find_checkpoints
from ...harness.runs.evaluate import Examination, run_eval
from ...harness.runs.store import RunReader
from ...harness.types import Json
from ..keeping import note_examined
from ..keeping import scores as told_scores
from ..openrlhf.devices import take_reserved
from ..provenance import TrainingRecord
from .known_model import KnownModel

POLL_SECONDS = 1.0
QUIET_SECONDS = 5.0
RETRY_SECONDS = (60.0, 600.0, 3600.0)
"""After so long a checkpoint that failed is tried again, and then no more unless its files change."""


@dataclass(frozen=True)
class _Seen:
    """The state that a checkpoint's files have, and since when."""

    state: FolderState
    since: float


@dataclass
class _Failed:
    """The state with which a checkpoint failed, how often, and when it is tried again."""

    state: FolderState
    times: int
    again: float


@dataclass(frozen=True)
class _Opened:
    """What the engine said of the checkpoint that it opened last, and that one's digests."""

    digests: Mapping[str, str]
    identity: Mapping[str, Json]

    def with_weights_of(self, checkpoint: Checkpoint) -> Mapping[str, Json] | None:
        """What it would say of another; None where more than the weights may differ, or it does not say their digest."""
        others = checkpoint.identity()
        said = self.identity.get("weights") == self.digests["weights"] and "code" not in self.identity
        same = {**others, "weights": ""} == {**self.digests, "weights": ""}
        return {**self.identity, "weights": others["weights"]} if said and same else None


@dataclass
class Watcher:
    """Watches `folder`; holds `examinations` of each checkpoint, opened by `open_engine`, under `runs`.

    `log` is told of each checkpoint that was examined, with the lines that `scores` gives of its runs.

    `problems` maps a checkpoint's path to what is wrong with it, as last seen.
    """

    folder: Path
    runs: Path
    examinations: Sequence[Examination]
    open_engine: Callable[[Path], Engine]
    log: Callable[[str], None] = lambda message: None
    scores: Callable[[Sequence[Path]], Iterable[str]] = lambda runs: ()
    quiet: float = QUIET_SECONDS
    retries: Sequence[float] = RETRY_SECONDS
    problems: dict[Path, str] = field(default_factory=dict)
    _done: dict[Path, tuple[FolderState, dict[str, str]]] = field(default_factory=dict)
    _seen: dict[Path, _Seen] = field(default_factory=dict)
    _failed: dict[Path, _Failed] = field(default_factory=dict)
    _opened: _Opened | None = None

    def follow(self, stop: Event, until_finished: bool = False, until_idle: bool = False) -> None:
        """Examine until `stop` is set.

        With `until_finished`, only until the training has ended and all is examined; with `until_idle`, until all that is
        there now is.
        """
        while not stop.is_set():
            ended = until_idle or (until_finished and self.training_ended())
            self._sweep(stop)
            if ended and not self.waiting():
                return
            stop.wait(POLL_SECONDS)

    def _sweep(self, stop: Event) -> None:
        """Examine what is complete now."""
        for checkpoint, state in self._fresh():
            if stop.is_set():
                return
            try:
                self._examine(checkpoint, state, stop)
            except (StoreError, UsageError):
                raise
            except Exception as error:  # one bad checkpoint must not keep the others waiting
                expected = isinstance(error, ProctorError)
                told = str(error) if expected else f"{checkpoint}: {type(error).__name__}: {error}"
                self._report(checkpoint, state, told)

    def training_ended(self) -> bool:
        """True if the trainer has written its end mark."""
        return (self.folder / "finished.json").exists()

    def examined(self) -> int:
        """How many checkpoints are done with."""
        return len(self._done)

    def waiting(self) -> list[Path]:
        """Checkpoints that are neither examined nor found to be bad, or are being written again."""
        return [path for path in find_checkpoints(self.folder) if not self._is_through(path, FolderState.of(path))]

    def _is_through(self, checkpoint: Path, state: FolderState | None) -> bool:
        """True if it was examined, or failed, with the files that it has now."""
        done, failed = self._done.get(checkpoint), self._failed.get(checkpoint)
        return state is not None and ((done and done[0]) == state or (failed and failed.state) == state)

    def _fresh(self) -> Iterator[tuple[Path, FolderState]]:
        """What is to be examined now, with its files' state."""
        for checkpoint in find_checkpoints(self.folder):
            state = FolderState.of(checkpoint)
            if state is None or not self._is_still(checkpoint, state):
                continue
            failed = self._failed.get(checkpoint)
            is_due = failed is not None and failed.state == state and time.monotonic() >= failed.again
            if is_due or not self._is_through(checkpoint, state):
                yield checkpoint, state

    def _is_still(self, checkpoint: Path, state: FolderState) -> bool:
        """True if its writer says so, or its files did not change for a while.

        A date in the past tells of the time before we looked, one in the future tells nothing.
        """
        now = time.monotonic()
        seen = self._seen.get(checkpoint)
        if seen is None or seen.state != state:
            age = time.time() - state.newest / 1e9
            seen = self._seen[checkpoint] = _Seen(state, now - max(0.0, age))
        return state.marked or now - seen.since >= self.quiet

    def _report(self, checkpoint: Path, state: FolderState, problem: str) -> None:
        if not checkpoint.exists():  # the training keeps only some
            return
        before = self._failed.get(checkpoint)
        times = before.times if before and before.state == state else 0
        again = time.monotonic() + self.retries[times] if times < len(self.retries) else math.inf
        self._failed[checkpoint] = _Failed(state, times + 1, again)
        if self.problems.get(checkpoint) != problem:
            self.log(problem)
        self.problems[checkpoint] = problem

    def _examine(self, path: Path, state: FolderState, stop: Event) -> None:
        checkpoint = Checkpoint.read(path)
        if not state.marked:
            check_filled(path)
        digests = checkpoint.identity()
        if digests not in [one for _, one in self._done.values()]:
            self._run_all(checkpoint, state, stop)
        if stop.is_set():
            return
        self._done[path] = (state, digests)
        self._failed.pop(path, None)
        self.problems.pop(path, None)

    def _run_all(self, checkpoint: Checkpoint, state: FolderState, stop: Event) -> None:
        started, path = time.monotonic(), checkpoint.path
        examinations = TrainingRecord.read(path, self.log).put_into(self.examinations)
        name, asked, runs = checkpoint.name, 0, self._stored(checkpoint, examinations)
        if not runs:
            take_reserved(self.folder)
            model = self.open_engine(path)
            if path.exists() and FolderState.of(path) != state:
                raise CheckpointError(f"{path}: was written to while it was read")
            name, self._opened = model.name, _Opened(checkpoint.identity(), model.identity())
            for examination in examinations:
                outcome = run_eval(examination, model, run_path(self.runs, examination, model), stop=stop)
                asked += outcome.asked
                runs.append(outcome.path)
                if outcome.stopped:
                    return
                if not outcome.complete:
                    first = outcome.errors[0] if outcome.errors else "no answer"
                    raise IncompleteRunError(f"{outcome.path}: {outcome.missing} questions without an answer: {first}")
        suites = counted(len(self.examinations), "suite")
        if asked:
            self.log(f"evaluated {name} on {suites} in {time.monotonic() - started:.1f} s")
        else:
            self.log(f"nothing new: {name} is already evaluated on {suites} in {self.runs}")
        self._tell_training(path, runs[0])
        for line in self.scores(runs):
            self.log(f"  {line}")

    def _stored(self, checkpoint: Checkpoint, examinations: Sequence[Examination]) -> list[Path]:
        """The finished runs of a checkpoint, found without loading it; none where one is missing.

        A checkpoint that differs from the one opened last in nothing but its weights would be asked as that one was.
        """
        identity = self._opened.with_weights_of(checkpoint) if self._opened else None
        if identity is None:
            return []
        runs = [run_path(self.runs, one, KnownModel(checkpoint.name, identity)) for one in examinations]
        return runs if all(map(_is_finished, runs)) else []

    def _tell_training(self, checkpoint: Path, run: Path) -> None:
        """What the first examination found, so that the training keeps its best checkpoint."""
        scored = score_run(run)
        estimate = scored.accuracy().estimate
        told = told_scores(self.folder).get(checkpoint.name) == estimate.value
        if (self.folder / "training.json").is_file() and scored.shown(estimate) and not told:
            try:
                note_examined(self.folder, checkpoint.name, scored.run.manifest.suite, estimate.value)
            except StoreError as error:
                self.log(f"{error}; the training does not learn which checkpoint is the best")


def _is_finished(run: Path) -> bool:
    """True for a sealed run; one that cannot be read is told of when it is asked again."""
    try:
        return RunReader(run).complete
    except ProctorError:
        return False
