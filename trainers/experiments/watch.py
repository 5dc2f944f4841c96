"""Evaluate every checkpoint of a folder exactly once, as soon as it is complete.

What was evaluated is read off the run directories, whose names hold a digest of the weights. So a watcher that starts late,
is restarted or runs beside another does nothing twice, and the same weights under two names are evaluated once. Checkpoints
of other programs count too, if they are in Hugging Face format.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from ...benchmarks.examination import run_path, score_run
from ...harness.engines.base import Engine
from ...harness.errors import IncompleteRunError, ProctorError, StoreError, UsageError
from ...harness.report.text import counted
from ...harness.runs.checkpoints import Checkpoint, find_checkpoints, still_being_written
from ...harness.runs.evaluate import Examination, run_eval
from ..keeping import note_examined
from ..openrlhf.devices import take_reserved
from ..provenance import TrainingRecord

POLL_SECONDS = 1.0
QUIET_SECONDS = 5.0


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
    problems: dict[Path, str] = field(default_factory=dict)
    _done: dict[Path, dict[str, str]] = field(default_factory=dict)

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
        for checkpoint in self._fresh():
            if stop.is_set():
                return
            try:
                self._examine(Checkpoint.read(checkpoint), stop)
            except (StoreError, UsageError):
                raise
            except Exception as error:  # one bad checkpoint must not keep the others waiting
                expected = isinstance(error, ProctorError)
                self._report(checkpoint, str(error) if expected else f"{checkpoint}: {type(error).__name__}: {error}")

    def training_ended(self) -> bool:
        """True if the trainer has written its end mark."""
        return (self.folder / "finished.json").exists()

    def examined(self) -> int:
        """How many checkpoints are done with."""
        return len(self._done)

    def waiting(self) -> list[Path]:
        """Checkpoints that are neither examined nor found to be bad, or are being written again."""
        todo = [path for path in find_checkpoints(self.folder) if path not in self._done]
        return [path for path in todo if path not in self.problems or still_being_written(path, self.quiet)]

    def _fresh(self) -> Iterator[Path]:
        for checkpoint in find_checkpoints(self.folder):
            if checkpoint not in self._done and not still_being_written(checkpoint, self.quiet):
                yield checkpoint

    def _report(self, checkpoint: Path, problem: str) -> None:
        if not checkpoint.exists():  # the training keeps only some
            return
        if self.problems.get(checkpoint) != problem:
            self.log(problem)
        self.problems[checkpoint] = problem

    def _examine(self, checkpoint: Checkpoint, stop: Event) -> None:
        digests = checkpoint.identity()
        if digests not in self._done.values():
            self._run_all(checkpoint.path, stop)
        if stop.is_set():
            return
        self._done[checkpoint.path] = digests
        self.problems.pop(checkpoint.path, None)

    def _run_all(self, checkpoint: Path, stop: Event) -> None:
        started = time.monotonic()
        take_reserved(self.folder)
        model = self.open_engine(checkpoint)
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
