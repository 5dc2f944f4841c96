"""A stage's examples as OpenRLHF reads them: a JSON line each in the order of training, with pictures as files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...harness.files import write_atomic
from ...harness.types import Image, Json, Prompt, canonical_json
from ..methods.base import Example, Preference
from ..recipe import Recipe
from ..stages import Fitting
from .fit_arguments import FitPaths
from .prompts import IMAGES, PictureFiles, as_line


def write_rows(fitting: Fitting, recipe: Recipe, paths: FitPaths) -> None:
    """Write the batches of every step of the stage, one after the other: those that the local trainer has."""
    pictures = PictureFiles(paths.folder / IMAGES)
    made: Sequence[Example | Preference] = fitting.made

    def rows() -> Iterator[bytes]:
        for step in range(fitting.steps):
            for part in fitting.batch(made, step, recipe.policy.prompts, recipe.seed):
                yield as_line(_row(part, pictures))

    write_atomic(paths.rows, rows())


def read_prompt(row: Mapping[str, Json]) -> Prompt:
    """The prompt of a row."""
    stored = json.loads(row["prompt"])
    parts = (part if isinstance(part, str) else _image(part) for part in stored["parts"])
    return Prompt(tuple(parts), stored["system"])


def _row(part: Example | Preference, pictures: PictureFiles) -> Json:
    """The prompt, and one response, or the chosen and the rejected one.

    The prompt is JSON within JSON: OpenRLHF's reader wants the same columns and types in all rows.
    """
    responses = [part.response] if isinstance(part, Example) else [part.chosen, part.rejected]
    parts = [
        {**one.to_json(), "path": str(pictures.path(one))} if isinstance(one, Image) else one
        for one in part.prompt.parts
    ]
    return {"prompt": canonical_json({"parts": parts, "system": part.prompt.system}), "responses": responses}


def _image(record: Mapping[str, Json]) -> Image:
    return Image(record["sha256"], record["name"], Path(record["path"]))
