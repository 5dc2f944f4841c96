"""Where a checkpoint came from: the recipe, the seed and the step of the training of ours that wrote it.

They are recorded with every examination of the checkpoint, and are no part of its identity. A recipe is named as bundled
only if it is the bundled one: a training that changed its settings is called "NAME (changed: KEY, ...)", so that a control
never passes for the real thing. The training directory is untrusted like every file.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..harness.errors import DataError
from ..harness.run import Examination
from ..harness.store import differing_keys
from ..harness.types import Json
from .recipe import RECIPES, load_recipe
from .whole import whole

_MAX_BYTES = 2**20
_MAX_NAME = 100
_MAX_KEYS = 4
_STEP = re.compile(r"step-([0-9]{1,9})")
_FREE = ("name", "seed", "checkpoint_every", "openrlhf")
"""Settings that do not make another recipe: what is learned stays the same, but for chance and rounding."""


@dataclass(frozen=True)
class Origin:
    """A checkpoint of `recipe` with this training seed, after `step` steps."""

    recipe: str
    seed: int
    step: int

    def to_json(self) -> Json:
        """All fields."""
        return dataclasses.asdict(self)


def origin(model: str | Path) -> Origin | None:
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
    return Origin(*trained_by(file.parent), int(step[1]))


def trained_by(training: Path) -> tuple[str, int]:
    """The recipe, called as in an Origin, and the seed of a training directory. Raises DataError for a damaged one."""
    recipe = _read_recipe(training / "training.json")
    return _named(recipe), recipe["seed"]


def _read_recipe(file: Path) -> dict[str, Any]:
    """The recipe as a training stored it, with a name and a seed."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES} bytes")
        recipe = json.loads(content)["identity"]["recipe"]
        name, seed = recipe["name"], recipe["seed"]
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _MAX_NAME:
            raise ValueError(f"a recipe can not be called {name!r:.60}")
        if type(seed) is not int or abs(seed) >= 2**63:
            raise ValueError(f"a seed can not be {seed!r:.60}")
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
    return dict(recipe)


def _named(recipe: dict[str, Any]) -> str:
    """The recipe's name, with the settings that are not those of the bundled recipe of that name."""
    name: str = recipe["name"]
    if name not in {file.stem for file in RECIPES.glob("*.toml")}:
        return name
    bundled = whole(load_recipe(name))
    changed = differing_keys(_fixed(json.loads(json.dumps(bundled.to_json()))), _fixed(recipe))
    if not changed:
        return name
    keys = [key[:_MAX_NAME] for key in changed[:_MAX_KEYS]] + (["..."] if len(changed) > _MAX_KEYS else [])
    return f"{name} (changed: {', '.join(keys)})"


def _fixed(recipe: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in recipe.items() if key not in _FREE}


def with_origin(
    examinations: Sequence[Examination], model: str | Path, tell: Callable[[str], None]
) -> list[Examination]:
    """The same examinations, which record the origin of the model with their runs if it has one.

    Of a damaged training directory nothing is recorded, and `tell` is told so.
    """
    try:
        found = origin(model)
    except DataError as error:
        tell(f"{error}; the run does not record which training the checkpoint is of")
        found = None
    if found is None:
        return list(examinations)
    return [dataclasses.replace(one, recorded={**one.recorded, "training": found.to_json()}) for one in examinations]
