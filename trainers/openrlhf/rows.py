"""Items, prompts and examples as OpenRLHF is given them: a JSON line each in the order of training, with pictures as files.

A prompt's text is rendered here, by the template and with the precautions of an examination (`chat`): OpenRLHF would take the
processor's template, give it no arguments, and let a question spell out the tokens that end a turn or stand for a picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ...harness.engines.chat import ChatTemplate
from ...harness.engines.loading import (
    as_checkpoint_error,
    load_processors,
    load_trainable_configuration,
    scaled_size,
)
from ...harness.engines.pictures import PictureProcessor
from ...harness.errors import UsageError
from ...harness.files import write_atomic
from ...harness.images import as_png, portable
from ...harness.jsonl import json_line, read_lines
from ...harness.limits import RUN_LINE_BYTES
from ...harness.types import Image, Item, Json, Prompt, Rendering, canonical_json
from ..methods.base import Example, Preference
from ..methods.stages import Fitting
from ..recipe import Recipe
from ..sampler import Batches, asking
from .arguments import ORDER, FitPaths

ITEMS, SHOWN, IMAGES = "items.jsonl", "shown.jsonl", "images"
"""The items, the files of their pictures as they are shown, and the folder of those that were made."""


def write_items(recipe: Recipe, batches: Batches, base: Path, folder: Path) -> int:
    """Write the items of every step into `folder`; returns the most pictures that one has.

    Their pictures become files of the pixels that they are shown with. Raises UsageError, CheckpointError, DataError and
    StoreError.
    """
    ask, prompts = asking(recipe), RenderedPrompts(base, folder)
    order = [item for step in range(recipe.policy.steps) for item in batches(step, recipe.policy.prompts)]
    items = {item.id: item for item in order}
    asked = list(map(ask, items.values()))
    prompts.keep_pictures(asked)
    stored = (
        {"item": item.to_json(), "pictures": [str(prompts.files.path(image)) for image in item.images]}
        for item in items.values()
    )
    write_atomic(folder / ITEMS, map(json_line, stored))
    write_atomic(folder / ORDER, (json_line({"item": item.id}) for item in order))
    return max(len(prompt.images) for prompt in asked)


def read_items(folder: Path) -> list[Item]:
    """The items that `write_items` wrote, in the order in which they are trained on."""
    items = {item.id: item for item in _items(folder / ITEMS)}
    return [items[line.value()["item"]] for line in read_lines(folder / ORDER, RUN_LINE_BYTES)]


def _items(file: Path) -> Iterator[Item]:
    for line in read_lines(file, RUN_LINE_BYTES):
        record = line.value()
        paths = iter(record["pictures"])
        yield Item.from_json(record["item"], lambda image, paths=paths: _image(image, Path(next(paths))))  # type: ignore[misc]


def _image(record: Mapping[str, Json], path: Path) -> Image:
    return Image(record["sha256"], record["name"], path)


class RenderedPrompts:
    """Prompts as OpenRLHF has only to read them: nothing is left to a template, a decoder or a scaling of its own.

    Pictures of prompts that were kept in `folder` are not made again.
    """

    def __init__(self, base: Path, folder: Path) -> None:
        with as_checkpoint_error(base):
            tokenizer, self._image_processor = load_processors(base)
            image_token = tokenizer.convert_ids_to_tokens(load_trainable_configuration(base).image_token_id)
        self.files = PictureFiles(folder / IMAGES)
        self._chat = ChatTemplate(tokenizer, image_token)
        self._scaler = PictureProcessor(self._image_processor)
        self._kept = folder / SHOWN
        self._paths: dict[tuple[str, str], Path] = {}
        if self._kept.exists():
            records = (line.value() for line in read_lines(self._kept, RUN_LINE_BYTES))
            kept = {(one["sha256"], one["pixels"]): Path(one["path"]) for one in records}
            self._paths = {key: path for key, path in kept.items() if path.exists()}

    def rendered(self, prompt: Prompt) -> tuple[str, list[str]]:
        """The text, and the pictures' paths. Raises UsageError for a picture that OpenRLHF would scale."""
        return self._chat.text(prompt), [str(self._path(image, prompt.rendering.pixels)) for image in prompt.images]

    def keep_pictures(self, prompts: Iterable[Prompt]) -> None:
        """Make the pictures of these prompts, and say where they are. Raises UsageError as above, and StoreError."""
        for prompt in prompts:
            self.rendered(prompt)
        records = (
            {"sha256": sha256, "pixels": pixels, "path": str(path)} for (sha256, pixels), path in self._paths.items()
        )
        write_atomic(self._kept, map(json_line, records))

    def _path(self, image: Image, pixels: Mapping[str, int]) -> Path:
        key = image.sha256, canonical_json(pixels)
        if key not in self._paths:
            self._paths[key] = self.files.path(self._scaled(image, pixels) if pixels else portable(image))
        return self._paths[key]

    def _scaled(self, image: Image, pixels: Mapping[str, int]) -> Image:
        """The picture in the size that the prompt wants it in. Raises UsageError where the base's own limits change it."""
        picture = self._scaler.scaled(image, pixels)
        least, most = scaled_size(self._image_processor, {}).values()
        if not least <= picture.width * picture.height <= most:
            raise UsageError(
                f"image {image.name} would have {picture.width} x {picture.height} pixels, and OpenRLHF scales what it "
                f"reads to from {least} to {most}, as the base says: keep prompts.min_pixels and max_pixels within that, or "
                "change the base's preprocessor_config.json"
            )
        return as_png(picture, image.name)


class PictureFiles:
    """Pictures as files: those that are files stay where they are, others are written by their digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, image: Image) -> Path:
        """The file with the picture's bytes."""
        if isinstance(image.origin, Path):
            return image.origin.resolve()
        path = self.folder / f"{image.sha256}{Path(image.name).suffix or '.png'}"
        if not path.exists():
            write_atomic(path, [image.origin])
        return path.resolve()


def write_rows(fitting: Fitting, recipe: Recipe, paths: FitPaths) -> None:
    """Write the batches of every step of the stage, one after the other: those that the local trainer has."""
    pictures = PictureFiles(paths.folder / IMAGES)
    parts: Sequence[Example | Preference] = fitting.data

    def rows() -> Iterator[bytes]:
        for step in range(fitting.steps):
            for part in fitting.batch(parts, step, recipe.policy.prompts, recipe.seed):
                yield json_line(_example_row(part, pictures))

    write_atomic(paths.rows, rows())


def read_prompt(row: Mapping[str, Json]) -> Prompt:
    """The prompt of a row."""
    stored = json.loads(row["prompt"])
    parts = (part if isinstance(part, str) else _example_image(part) for part in stored["parts"])
    return Prompt(tuple(parts), stored["system"], Rendering.from_json(stored.get("rendering", {})))


def _example_row(part: Example | Preference, pictures: PictureFiles) -> Json:
    """The prompt, and one response, or the chosen and the rejected one.

    The prompt is JSON within JSON: OpenRLHF's reader wants the same columns and types in all rows.
    """
    responses = [part.response] if isinstance(part, Example) else [part.chosen, part.rejected]
    parts = [
        {**piece.to_json(), "path": str(pictures.path(piece))} if isinstance(piece, Image) else piece
        for piece in part.prompt.parts
    ]
    prompt = {"parts": parts, "system": part.prompt.system, **part.prompt.rendering_json}
    return {"prompt": canonical_json(prompt), "responses": responses}


def _example_image(record: Mapping[str, Json]) -> Image:
    return Image(record["sha256"], record["name"], Path(record["path"]))
