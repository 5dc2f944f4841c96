"""Where a checkpoint came from: the recipe, seed and step of the training that wrote it; and the state of training folders.

Provenance is recorded with every evaluation of a checkpoint, and is no part of its identity. A recipe is named as bundled
only if it is the bundled one: a training that changed its settings is called "NAME (changed: KEY, ...)", so that a control
never passes for the real thing. The training directory is untrusted like every file.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..harness.errors import DataError, UsageError
from ..harness.files import read_object
from ..harness.folder import differing_keys, is_locked
from ..harness.runs.checkpoints import find_checkpoints
from ..harness.runs.evaluate import Examination
from ..harness.settings import read_settings
from ..harness.types import Json, digest
from .contamination import Fingerprints, contamination, trained_on
from .recipe import RECIPES, Recipe, load_recipe
from .resolve import resolve

_MAX_NAME = 100
_MAX_KEYS = 4
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STEP = re.compile(r"step-([0-9]{1,9})")
_FREE = ("name", "seed", "checkpoint_every", "keep", "openrlhf", "track")
"""Settings that do not make another recipe: what is learned stays the same, but for chance and rounding."""


@dataclass(frozen=True)
class Provenance:
    """A checkpoint of `recipe` with this training seed, after `step` steps.

    `base` is the digest of the weights that the training began with, `settings` that of everything that makes the recipe what
    it is: two trainings that differ in neither, and not in `recipe`, differ by their seeds alone.
    """

    recipe: str
    seed: int
    step: int
    base: str = field(default="", compare=False)
    settings: str = field(default="", compare=False)

    def to_json(self) -> Json:
        """All fields."""
        return dataclasses.asdict(self)


def provenance_of(model: str | Path) -> Provenance | None:
    """Of a checkpoint in a training directory (`training`); None for any other model. Raises DataError for a damaged one."""
    try:
        checkpoint = Path(model).resolve()
        file = checkpoint.parent.parent / "training.json"
        step = _STEP.fullmatch(checkpoint.name)
        if checkpoint.parent.name != "checkpoints" or not step or not (checkpoint / "config.json").is_file():
            return None
        if not file.is_file():
            return None
    except (OSError, ValueError):  # a name on a server need not be one of a file
        return None
    training = trained_by(file.parent)
    return Provenance(training.recipe, training.seed, int(step[1]), training.base, training.settings)


class TrainedBy(NamedTuple):
    """What a training directory is of, in the words of an Origin."""

    recipe: str
    seed: int
    base: str
    settings: str


def trained_by(training: Path) -> TrainedBy:
    """Raises DataError for a damaged training directory."""
    recipe, base = _read_identity(training / "training.json")
    return TrainedBy(_named(recipe), recipe["seed"], base, digest(_fixed(recipe)))


def recipe_of(training: Path) -> Recipe | None:
    """The recipe of a training directory; None for any other folder. Raises DataError for a damaged one."""
    file = training / "training.json"
    return read_settings(Recipe, _read_identity(file)[0], "recipe") if file.is_file() else None


def _read_identity(file: Path) -> tuple[dict[str, Any], str]:
    """The recipe as a training stored it, with a name and a seed, and the digest of the base's weights."""
    try:
        identity = (read_object(file) or {})["identity"]
        recipe, base = identity["recipe"], identity["base"]["weights"]
        name, seed = recipe["name"], recipe["seed"]
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _MAX_NAME:
            raise ValueError(f"a recipe cannot be called {name!r:.60}")
        if type(seed) is not int or abs(seed) >= 2**63:
            raise ValueError(f"a seed cannot be {seed!r:.60}")
        if not isinstance(base, str) or not _DIGEST.fullmatch(base):
            raise ValueError(f"a base cannot be {base!r:.60}")
        complete = read_settings(Recipe, recipe, "recipe")  # settings that are newer than it have their defaults
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
    return _plain(complete), base


def _plain(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON has it."""
    plain: dict[str, Any] = json.loads(json.dumps(recipe.to_json()))
    return plain


def _named(recipe: dict[str, Any]) -> str:
    """The recipe's name, with the settings that are not those of the bundled recipe of that name."""
    name: str = recipe["name"]
    if name not in RECIPES.members(RECIPES.folder):
        return name
    bundled = resolve(load_recipe(name))
    changed = differing_keys(_fixed(_plain(bundled)), _fixed(recipe))
    if not changed:
        return name
    keys = [key[:_MAX_NAME] for key in changed[:_MAX_KEYS]] + (["..."] if len(changed) > _MAX_KEYS else [])
    return f"{name} (changed: {', '.join(keys)})"


def _fixed(recipe: dict[str, Any]) -> dict[str, Any]:
    """What makes the recipe what it is. How few examples a stage may make is no part of it: those it made are learnt."""
    fixed = {key: value for key, value in recipe.items() if key not in _FREE}
    collect = fixed.get("collect")
    if isinstance(collect, dict):
        fixed["collect"] = {key: value for key, value in collect.items() if key != "least"}
    return fixed


@dataclass(frozen=True)
class TrainingRecord:
    """What trainings of ours recorded of a model: which of them wrote it, and what it was trained on; None where nothing is.

    plans = TrainingRecord.read(checkpoint, log).put_into(plans)
    """

    provenance: Provenance | None
    trained_on: Fingerprints | None

    @classmethod
    def read(cls, model: str | Path, log: Callable[[str], None]) -> TrainingRecord:
        """Of a checkpoint; empty for any other model, and `log` is told of a damaged training directory.

        Raises DataError for a damaged file of fingerprints.
        """
        try:
            provenance = provenance_of(model)
        except DataError as error:
            log(f"{error}; the run does not record which training the checkpoint is of")
            provenance = None
        return cls(provenance, trained_on(model))

    def put_into(self, examinations: Sequence[Examination]) -> list[Examination]:
        """The same examinations; their runs record where the model is from, and how many of their items it was trained on."""
        return [
            dataclasses.replace(examination, recorded={**examination.recorded, **self._recorded(examination)})
            for examination in examinations
        ]

    def _recorded(self, examination: Examination) -> dict[str, Json]:
        if self.trained_on is None:
            counts: Json = "unknown"
        else:
            counts = contamination([sample.item for sample in examination.asked], self.trained_on).to_json()
        training = {} if self.provenance is None else {"training": self.provenance.to_json()}
        return {"overlap": counts, **training}


@dataclass(frozen=True)
class TrainingState:
    """A training directory: recipe, seed and base as an Origin has them, and the step of its last complete checkpoint.

    `finished`: the trainer has written its end mark. `running`: a process holds the directory.
    """

    path: Path
    recipe: str
    seed: int
    base: str
    step: int
    finished: bool
    running: bool


def training_folders(paths: Iterable[Path]) -> list[Path]:
    """The training directories among `paths` and directly under them. Raises UsageError for what is no folder."""
    folders = []
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{path}: no such folder of trainings")
        inside = [path] if (path / "training.json").is_file() else sorted(path.iterdir())
        folders += [child for child in inside if (child / "training.json").is_file()]
    return folders


def look_at_training(training: Path) -> TrainingState:
    """What a training directory says of itself. Raises DataError for a damaged one."""
    by = trained_by(training)
    steps = [int(step[1]) for checkpoint in find_checkpoints(training) if (step := _STEP.fullmatch(checkpoint.name))]
    finished = (training / "finished.json").is_file()
    return TrainingState(training, by.recipe, by.seed, by.base, max(steps, default=0), finished, is_locked(training))
