"""An experiment: several trainings and their evaluations in one folder, which is never used for another experiment.

    NAME.json     the experiment's identity; another experiment is refused
    .../          a training directory for each training, with failed.json if the training diverged
    runs/         the evaluations
    .lock         held by the one process at work

Whatever is finished stays; a training that was interrupted resumes from its last checkpoint. A training that diverged is a
result, not an accident: it is kept as failed, and begun again only if its folder is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...harness.errors import CheckpointError, DataError, DivergedError, NonFiniteOutputError, RunMismatchError
from ...harness.files import read_object, write_json
from ...harness.folder import ClaimedFolder
from ...harness.runs.checkpoints import Checkpoint
from ...harness.runs.evaluate import Examination
from ...harness.runs.provenance import environment
from ...harness.types import Json, digest_all
from ..base import Progress
from ..recipe import Recipe
from ..resolve import recipe_files, resolve
from ..rewards.registry import TRAINERS


def foundation(base: Path, examinations: Sequence[Examination], engine: Mapping[str, Json]) -> dict[str, Json]:
    """What every experiment is made of beside its recipes: where it starts, what is asked, and on what engine."""
    return {
        "base": Checkpoint.read(base).identity(),
        "engine": dict(engine),
        "examinations": {
            examination.suite: {
                "protocol": examination.protocol,
                "sampling": examination.sampling.to_json(),
                "data": digest_all(sample.item.to_json() for sample in examination.asked),
                "prompts": digest_all(sample.prompt.digest() for sample in examination.asked),
            }
            for examination in examinations
        },
    }


@dataclass(frozen=True)
class Training:
    """One training by a recipe in its folder; `files` are the digests of the files that the recipe names."""

    recipe: Recipe
    files: Mapping[str, Json]
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def failure(self) -> str | None:
        """Why the training failed; None if it did not. Raises DataError for a damaged file."""
        record = read_object(self.folder / "failed.json")
        return None if record is None else str(record.get("reason"))

    def final_checkpoint(self) -> Path | None:
        """The last checkpoint of a training that has ended; None before. Raises DataError and CheckpointError."""
        record = read_object(self.folder / "finished.json")
        if record is None:
            return None
        name = record.get("last_checkpoint")
        if not isinstance(name, str) or Path(name).name != name:
            raise DataError(f"{self.folder / 'finished.json'} is damaged: it names no checkpoint")
        checkpoint = self.folder / "checkpoints" / name
        if not checkpoint.is_dir():
            raise CheckpointError(f"{checkpoint} is gone: remove {self.folder} to train again")
        return checkpoint

    def train(self, base: Path, progress: Progress) -> None:
        """Train to the end, or go on to it; a training that diverges is marked as failed.

        Raises RunMismatchError if a file was changed since the experiment was begun.
        """
        resolve(self.recipe)  # which reads its files again
        if recipe_files(self.recipe) != self.files:
            raise RunMismatchError("a file that the recipe names was changed while trainings with it were going on")
        with self.failing():
            TRAINERS.load(self.recipe.trainer)(self.recipe, base, self.folder, True, progress)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Within it, a loss or an output that is no finite number any more marks the training as failed."""
        try:
            yield
        except (DivergedError, NonFiniteOutputError) as error:
            write_json(self.folder / "failed.json", {"reason": str(error)}, indent=None)


class ExperimentFolder(ClaimedFolder):
    """The one process at work in an experiment's folder; a context manager that holds its lock.

    `name` is that of the file which says what is done there, `kind` what people call it, `what` its identity, and `fresh`
    what the file holds beside that at first. The folder may hold its `own` files before. Raises RunLockedError if another
    process holds the folder, RunMismatchError if it belongs to another experiment, UsageError if it holds other files,
    DataError if its file is damaged.
    """

    own: ClassVar[Collection[str]] = ()

    def __init__(self, path: Path, name: str, kind: str, what: Json, fresh: Mapping[str, Json]) -> None:
        super().__init__(path, "the folder", "at work there")
        self.runs = path / "runs"
        self._file = path / name
        with self.released_by_errors():
            begun = {"identity": what, "environment": environment(), **fresh}
            self._stored = self.claim(name, begun, kind, "choose another --out", own=self.own)

    def write(self, more: Mapping[str, Json]) -> None:
        """Put `more` into the file, in the place of what it held under the same names."""
        self._stored = {**self._stored, **more}
        write_json(self._file, self._stored)
