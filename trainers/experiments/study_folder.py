"""A study's folder: what is done of it, so that the same command again does only what is missing.

    study.json           what the engines said of each model that they opened: a finished examination needs none again
    trainings/           NAME-seed-N, a training directory for each
    runs/                the examinations; a changed study makes other runs, and nothing is taken for what it is not
    board/  page.html    made anew at the end
    judge.jsonl          what the judge said

More models, suites or seeds may be added to a study at any time; a training with other settings is refused by what differs.
"""

from __future__ import annotations

from pathlib import Path

from ...benchmarks.examination import run_path
from ...harness.engines.own import file_digest
from ...harness.errors import DataError
from ...harness.files import RUN_FILE, read_object
from ...harness.runs.checkpoints import Checkpoint
from ...harness.runs.store import RunReader
from ...harness.types import Json, digest
from ...harness.user_file import in_file
from .folder import ExperimentFolder
from .known_model import KnownModel
from .study import StudyModel
from .study_plan import Asking, local_checkpoint

STUDY = "study.json"
OURS = ("runs", "trainings", "board", "page.html", "comparisons.json", "judge.jsonl")
"""What may lie in a folder that no study is recorded in yet."""


def model_key(target: str, settings: StudyModel) -> str:
    """What a model is recorded under: its weights, or its name where it has no folder, and how it is run.

    Raises CheckpointError for a folder that is no whole checkpoint.
    """
    path = local_checkpoint(target)
    which: Json = {"name": target} if path is None else Checkpoint.read(path).identity()
    if settings.is_function and (place := in_file(target)):
        which = {"name": target, "file": file_digest(place[0])}
    return digest({"model": which, "engine": settings.engine, "options": settings.options})


def known_models(out: Path) -> dict[str, KnownModel]:
    """Those that a study's folder has recorded, by key; none where there is no such folder. Raises DataError."""
    stored = read_object(out / STUDY) or {}
    try:
        return {
            key: KnownModel(str(one["name"]), dict(one["identity"])) for key, one in stored.get("models", {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{out / STUDY} is damaged: {str(error)[:100]}") from error


class StudyFolder(ExperimentFolder):
    """The one process at work in a study's folder; a context manager that holds its lock.

    Raises RunLockedError if another process holds it, UsageError if it holds other files, DataError if it is damaged.
    """

    own = OURS

    def __init__(self, path: Path) -> None:
        super().__init__(path, STUDY, "study", {"kind": "study"}, {"models": {}})
        with self.released_by_errors():
            self.models = known_models(path)

    def learn(self, key: str, model: KnownModel) -> None:
        """Record what an engine said of a model."""
        self.models[key] = model
        self.write(
            {"models": {k: {"name": one.name, "identity": dict(one.described)} for k, one in self.models.items()}}
        )


def stored_run(runs: Path, asking: Asking, model: KnownModel | None) -> Path | None:
    """Where the examination of a model that is known is, or will be; None for a model that is not."""
    return None if model is None else run_path(runs, asking.examination, model)


def answered(run: Path | None) -> tuple[int, bool]:
    """How many answers a run has, and whether it is complete. Raises DataError for a damaged one."""
    if run is None or not (run / RUN_FILE).is_file():
        return 0, False
    reader = RunReader(run)
    return sum(one.error is None for one in reader.responses()), reader.complete
