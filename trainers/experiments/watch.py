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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from ...benchmarks.examination import run_path, score_run
from ...harness.engines.base import Engine
from ...harness.errors import CheckpointError, IncompleteRunError, ProctorError, StoreError, UsageError
from ...harness.report.text import counted
from ...harness.runs.checkpoints import Checkpoint, FolderState, check_filled, find_checkpoints
from ...harness.runs.evaluate import Examination, run_eval
from ..keeping import note_examined
from ..openrlhf.devices import take_reserved
from ..provenance import TrainingRecord

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
            self._run_all(path, state, stop)
        if stop.is_set():
            return
        self._done[path] = (state, digests)
        self._failed.pop(path, None)
        self.problems.pop(path, None)

    def _run_all(self, checkpoint: Path, state: FolderState, stop: Event) -> None:
        started = time.monotonic()
        take_reserved(self.folder)
        model = self.open_engine(checkpoint)
        if checkpoint.exists() and FolderState.of(checkpoint) != state:
            raise CheckpointError(f"{checkpoint}: was written to while it was read")
        asked, runs = 0, []
        for examination in TrainingRecord.read(checkpoint, self.log).put_into(self.examinations):
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
            self.log(f"evaluated {model.name} on {suites} in {time.monotonic() - started:.1f} s")
        else:
            self.log(f"nothing new: {model.name} is already evaluated on {suites} in {self.runs}")
        self._tell_training(checkpoint, runs[0])
        for line in self.scores(runs):
            self.log(f"  {line}")

    def _tell_training(self, checkpoint: Path, run: Path) -> None:
        """What the first examination found, so that the training keeps its best checkpoint."""
        scored = score_run(run)
        estimate = scored.accuracy().estimate
        if (self.folder / "training.json").is_file() and scored.shown(estimate):
            try:
                note_examined(self.folder, checkpoint.name, scored.run.manifest.suite, estimate.value)
            except StoreError as error:
                self.log(f"{error}; the training does not learn which checkpoint is the best")
