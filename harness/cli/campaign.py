"""What the verbs share that hold several trainings and examinations in one folder: `regress` and `iterate`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, printable
from .options import names, open_engine

if TYPE_CHECKING:
    from ...trainers.experiments.folder import Training
    from ..runs.evaluate import Examination


def suite_names(args: argparse.Namespace) -> list[str]:
    """The suites that --suite names. Raises UsageError for one that is named twice, and for --data of several."""
    suites = [str(name) for name in names(args.suite)]
    if len({*suites}) < len(suites):
        raise UsageError(f"--suite names a suite twice: {args.suite}")
    if len(suites) > 1 and args.data:
        raise UsageError("--data belongs to one suite: name one suite")
    return suites


def train(training: Training, base: Path, note: str) -> None:
    """Train to the end, with a bar called `note`, unless that is done or the training failed."""
    from .terminal import progress_bars

    if training.failure() is None and training.final_checkpoint() is None:
        with progress_bars() as bars:
            task = bars.add_task(note.replace("[", r"\["), total=training.recipe.policy.steps, note="")
            training.train(base, lambda done, total, words: bars.update(task, completed=done, total=total, note=words))


def examine(args: argparse.Namespace, plans: Sequence[Examination], runs: Mapping[str, Path], checkpoint: Path) -> None:
    """Hold those examinations of a checkpoint that are not complete in their folders, `runs` by suite.

    Raises KeyboardInterrupt when told to stop, IncompleteRunError for answers that could not be had.
    """
    from ...trainers.contamination import with_contamination
    from ...trainers.provenance import with_provenance
    from ..errors import IncompleteRunError
    from .eval import eval_all
    from .terminal import log

    todo = [one for one in plans if not _holds(runs[one.suite], checkpoint)]
    if not todo:
        return
    model = open_engine(args, str(checkpoint))
    asked = with_provenance([with_contamination(one, checkpoint) for one in todo], checkpoint, log)
    for outcome in eval_all(asked, model, [runs[one.suite] for one in asked]):
        if outcome.stopped:
            raise KeyboardInterrupt
        if not outcome.complete:
            first = f"; first error: {printable(outcome.errors[0])}" if outcome.errors else ""
            raise IncompleteRunError(
                f"{outcome.path}: {outcome.missing} of {outcome.total} answers missing; run the same command again{first}"
            )


def _holds(run: Path, checkpoint: Path) -> bool:
    """True if the run is complete and of these weights, so that no model need be opened."""
    from ..runs.provenance import weights_digest
    from ..runs.store import RunReader

    if not (run / "run.json").is_file():
        return False
    stored = RunReader(run)
    model = stored.manifest.identity.get("model", {})
    return stored.complete and model.get("weights") == weights_digest(checkpoint)
