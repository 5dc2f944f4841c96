"""The training directory: recipe, metrics, and checkpoints that exist only when they are complete.

    training.json    what is trained: recipe, base and judge digests; a resume must agree with it (`resuming`)
    resumes.jsonl    a line per resume: what it changed of how the training is run
    metrics.jsonl    one line per step
    tensorboard/     the same, for TensorBoard
    checkpoints/     step-000020/ ... in Hugging Face format; written under a dot name and renamed when complete
    examined.jsonl   what examinations found, where only some checkpoints are kept (`keeping`)
    guard/           what its guard holds answers against, and its alarm (`guard`)
    finished.json    written last; says if the guard ended the training

A checkpoint keeps the trainer's own state in trainer/state.safetensors, out of the way of loaders.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file
from torch.utils.tensorboard import SummaryWriter

from ..harness.errors import DataError, StoreError, UsageError
from ..harness.files import publish_folder, write_json
from ..harness.folder import ClaimedFolder
from ..harness.jsonl import Journal
from ..harness.limits import METRICS_LINE_BYTES
from ..harness.profiles import load_profile
from ..harness.runs.checkpoints import COMPLETE, Checkpoint
from ..harness.runs.provenance import environment
from ..harness.types import Json
from .keeping import check_room, drop_superfluous
from .recipe import Recipe
from .resolve import recipe_files
from .resuming import Resume, free_keys
from .tracking import LiveTrackers

if TYPE_CHECKING:
    from torch import Tensor

    from ..harness.engines.vlm import VisionLanguageModel

TRAINING, METRICS, FINISHED = "training.json", "metrics.jsonl", "finished.json"
CONFIGURATION = (".json", ".jinja", ".txt", ".model")
"""Suffixes of a checkpoint's files that are no weights."""
OURS = (".lock", "checkpoints", METRICS, "openrlhf", "stages", "synthesis", "tensorboard", "trained_on.json")
"""What may lie in the folder of a training that has not begun."""
STATE = Path("trainer") / "state.safetensors"
_STEP = re.compile(r"step-([0-9]{6,9})")


@dataclass(frozen=True)
class TrainingCheckpoint:
    """A complete checkpoint of this trainer, after `step` steps."""

    path: Path
    step: int

    def state(self) -> dict[str, Tensor]:
        """The trainer's state. Raises DataError if the checkpoint has none."""
        try:
            return load_file(self.path / STATE)
        except Exception as error:
            raise DataError(f"{self.path}: no trainer state to resume from ({str(error)[:100]})") from error


class TrainingFolder(ClaimedFolder):
    """The one writer of a training directory; a context manager that holds its lock.

    `more` is what belongs to the training's identity beside recipe and base. `extended`: it is resumed to another end than
    the one that it was begun with. `guarded`: the last checkpoint of at most so many steps is kept.
    """

    def __init__(
        self, path: Path, recipe: Recipe, base: Path, resume: bool, more: Mapping[str, Json] | None = None
    ) -> None:
        super().__init__(path, "training directory", "training there")
        with self.released_by_errors():
            if (path / TRAINING).exists() and not resume:
                raise UsageError(f"{path} already holds a training: add --resume to go on, or choose another --out")
            identity = {
                "recipe": recipe.to_json(),
                "base": Checkpoint.read(base).identity(),
                "profile": load_profile(recipe.model).style.to_json(),
                **recipe_files(recipe),
                **(more or {}),
            }
            record = {"identity": identity, "base_path": str(base), "environment": environment()}
            begun = (path / TRAINING).exists()
            stored = self.claim(TRAINING, record, "training", "choose another --out", own=OURS, free=free_keys(recipe))
            done = self.last_step()
            resumed = Resume.of(stored["identity"], identity, done) if begun else None
            self.extended = resumed is not None and resumed.extended
            self._resume = resumed
            if self.extended and done < recipe.policy.steps:
                self.reopen()
            self._metrics = self._open_metrics() if (path / METRICS).exists() else None
        last = self.last_checkpoint()
        self._keep, self._stage = recipe.keep, recipe.policy.steps
        self.guarded = 0
        self._trackers = LiveTrackers(recipe.track, path.resolve().name, stored["identity"])
        self._tensorboard = SummaryWriter(str(path / "tensorboard"), purge_step=last.step + 1 if last else None)

    def _open_metrics(self) -> Journal:
        """The journal of metrics, without the steps after the last checkpoint: they are about to be done again."""
        begins: list[int] = []
        journal = Journal(self.path / METRICS, METRICS_LINE_BYTES, lambda line, begin: begins.append(begin))
        if len(begins) > (done := self.last_step()):
            journal.cut(begins[done])
        return journal

    def close(self) -> None:
        """Put the metrics on the disk."""
        self._tensorboard.close()
        self._trackers.close()
        if self._metrics is not None:
            self._metrics.close()

    def checkpoint_path(self, step: int) -> Path:
        """Where the checkpoint after that step is, or will be."""
        return self.path / "checkpoints" / f"step-{step:06d}"

    def last_checkpoint(self, most: int | None = None) -> TrainingCheckpoint | None:
        """The complete checkpoint with the most steps, of those of at most `most` steps if that is given."""
        found = (one for one in self._checkpoints() if most is None or one.step <= most)
        return max(found, key=lambda checkpoint: checkpoint.step, default=None)

    def _checkpoints(self) -> list[TrainingCheckpoint]:
        """The complete ones; folders of other names are not ours."""
        named = ((path, _STEP.fullmatch(path.name)) for path in (self.path / "checkpoints").glob("step-*"))
        return [TrainingCheckpoint(path, int(step[1])) for path, step in named if step]

    def _drop_superfluous(self) -> None:
        if self._keep is not None:
            kept = sorted((checkpoint.step, checkpoint.path) for checkpoint in self._checkpoints())
            drop_superfluous(self.path, kept, self._keep, self._stage, self.guarded)

    def record(self, step: int, metrics: Mapping[str, float]) -> None:
        """Add a step's metrics. Raises StoreError if they cannot be written."""
        if self._metrics is None:
            self._metrics = self._open_metrics()
        if self._resume is not None:
            self._resume.write(self.path)
            self._resume = None
        self._metrics.append(json.dumps({"step": step, **metrics}, allow_nan=False).encode() + b"\n")
        for name, value in metrics.items():
            self._tensorboard.add_scalar(name, value, step)
        self._trackers.log(step, metrics)

    def save_checkpoint(self, step: int, policy: VisionLanguageModel, state: Mapping[str, Tensor]) -> None:
        """Write a checkpoint under a dot name, then rename it: a folder without the dot is complete."""
        final = self.checkpoint_path(step)
        tensors = (*policy.model.parameters(), *state.values())
        check_room(self.path, sum(one.numel() * one.element_size() for one in tensors), f"checkpoint {final.name}")
        temporary = final.with_name(f".{final.name}")
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            (temporary / STATE.parent).mkdir(parents=True)
            policy.save(temporary)
            save_file(dict(state), temporary / STATE)
            (temporary / COMPLETE).touch()
            publish_folder(temporary, final)
        except Exception as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise StoreError(
                f"cannot write checkpoint {final}: {str(error)[:200]}; make room and resume the training"
            ) from error
        self._drop_superfluous()

    def adopt_checkpoint(self, step: int, weights: Path, base: Path) -> None:
        """Make a checkpoint of weights that another process has finished writing; `weights` is moved here.

        Files of tokenizer and processor that it lacks are copied from `base`, for it is examined with the same.
        """
        final = self.checkpoint_path(step)
        temporary = final.with_name(f".{final.name}")
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            final.parent.mkdir(parents=True, exist_ok=True)
            weights.replace(temporary)
            for file in base.iterdir():
                if (
                    file.suffix in CONFIGURATION
                    and "safetensors" not in file.name
                    and not (temporary / file.name).exists()
                ):
                    shutil.copy(file, temporary)
            (temporary / COMPLETE).touch()
            publish_folder(temporary, final)
        except OSError as error:
            raise StoreError(
                f"cannot make checkpoint {final} of {weights}: {error.strerror or error}; make room and resume the training"
            ) from error
        self._drop_superfluous()

    def last_step(self) -> int:
        """The steps of the last checkpoint; 0 without one."""
        last = self.last_checkpoint()
        return last.step if last else 0

    def finish(self, ended_by: str | None = None) -> None:
        """Mark the training as ended: no more checkpoints will come. `ended_by` is who ended it before its last step."""
        last = self.last_checkpoint()
        record = {"last_checkpoint": last.path.name if last else None, **({"ended_by": ended_by} if ended_by else {})}
        write_json(self.path / FINISHED, record, indent=None)

    def reopen(self) -> None:
        """Take the end mark away: there is more to do."""
        (self.path / FINISHED).unlink(missing_ok=True)
