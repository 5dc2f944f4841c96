"""What several methods need: response sets with their majority, prompts about pictures, corrupted and similar pictures.

Pictures are corrupted by fewer pixels or other colours (STIC, arXiv 2405.19716), and paired with the most similar other one
(Vision-Zero, arXiv 2509.25541).
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage
from PIL import ImageEnhance
from PIL.Image import Resampling

from ...harness.answers.vote import Vote, vote
from ...harness.errors import DataError
from ...harness.images import decode
from ...harness.runs.store import Sample
from ...harness.types import Image, Item, Prompt, Response
from ..base import Group, make_group
from .base import Example, StageInput


@dataclass(frozen=True)
class ResponseSet:
    """The n responses to one item; `answer_format` is the form that was asked for, a key of FORMATS."""

    item: Item
    prompt: Prompt
    responses: tuple[Response, ...]
    answer_format: str = "boxed"

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What was said."""
        return tuple(response.text or "" for response in self.responses)

    @cached_property
    def _group(self) -> Group:
        return make_group(self.item, self.texts, needs_gold=False, answer_format=self.answer_format)

    @property
    def ballots(self) -> tuple[str | None, ...]:
        """The answer of each response in the form that was asked for, None of others."""
        return self._group.ballots

    @cached_property
    def learnable(self) -> tuple[bool, ...]:
        """Whether each response came to its end, which is learnt with it, and has the form that was asked for."""
        return tuple(
            not response.truncated and ok for response, ok in zip(self.responses, self._group.well_formed, strict=True)
        )

    @cached_property
    def vote(self) -> Vote:
        """The vote of the responses in the form that was asked for, cut off or not."""
        return vote(self.item.id, self.ballots, self.item.choices)

    def learnt(self, members: Sequence[int]) -> list[str]:
        """The learnable ones of some responses (indexes), repeats included."""
        return [self.texts[index] for index in members if self.learnable[index]]

    @cached_property
    def majority(self) -> list[str]:
        """The distinct learnable ones that state the answer which wins the vote."""
        return list(dict.fromkeys(self.learnt(self.vote.winner or ())))

    def examples(self, texts: Sequence[str]) -> list[Example]:
        """Texts to learn as responses to the prompt."""
        return [Example(self.item.id, self.prompt, text) for text in texts]


def respond(stage_input: StageInput, name: str, samples: Sequence[Sample]) -> list[ResponseSet]:
    """sampling.n responses to each question, kept as the run of that name."""
    rows = stage_input.student.ask(name, samples, stage_input.sampling)
    return [
        ResponseSet(sample.item, sample.prompt, row, stage_input.answer_format)
        for sample, row in zip(samples, rows, strict=True)
    ]


def answered(stage_input: StageInput) -> list[ResponseSet]:
    """The student's responses to the stage_input's own items."""
    return respond(stage_input, "candidates", [Sample(item, stage_input.prompt(item)) for item in stage_input.items])


def some_of(texts: Sequence[str], most: int, seed: int, item_id: str) -> list[str]:
    """At most `most` distinct texts, in a random order that depends on seed and item."""
    distinct = list(dict.fromkeys(texts))
    return random.Random(f"{seed} {item_id}").sample(distinct, min(most, len(distinct)))  # noqa: S311 - reproducible


def one_item_per_image(items: Sequence[Item]) -> list[Item]:
    """The first item of each picture, or set of pictures: what is said of a picture does not depend on the question."""
    first_items: dict[tuple[str, ...], Item] = {}
    for item in items:
        if item.images:
            first_items.setdefault(tuple(image.sha256 for image in item.images), item)
    return list(first_items.values())


def check_images(items: Sequence[Item], method: str) -> None:
    """Raises DataError for an item without a picture."""
    for item in items:
        if not item.images:
            raise DataError(
                f"{method}: item {item.id} has no picture, and the method is about pictures: change prompts"
            )


def shown_image(item: Item, text: str) -> Prompt:
    """The item's pictures, then the text."""
    return Prompt((*item.images, text))


SMALL_SIDE = 20
BRIGHTNESS = 0.5
HUE = 0.3
"""The numbers of STIC's code: the shorter side in pixels, and the most that a colour changes, in shares of the range."""


def corrupted(image: Image, pick: random.Random) -> Image:
    """A PNG of the picture, by a coin scaled down or with jittered colours. Raises DataError if it cannot be decoded."""
    picture = decode(image)
    changed = _scaled_down(picture) if pick.random() < 0.5 else _jittered(picture, pick)
    data = io.BytesIO()
    changed.save(data, "PNG")
    return Image.of_bytes(data.getvalue(), f"{PurePath(image.name).stem}-corrupted.png")


def _scaled_down(picture: PilImage.Image) -> PilImage.Image:
    """The shorter side has SMALL_SIDE pixels, or fewer if it had; the shape stays."""
    scale = min(1.0, SMALL_SIDE / min(picture.size))
    return picture.resize((round(picture.width * scale), round(picture.height * scale)))


def _jittered(picture: PilImage.Image, pick: random.Random) -> PilImage.Image:
    brighter = ImageEnhance.Brightness(picture).enhance(pick.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS))
    shift = round(pick.uniform(-HUE, HUE) * 256)
    hue, *others = brighter.convert("HSV").split()
    return PilImage.merge("HSV", (hue.point(lambda value: (value + shift) % 256), *others)).convert("RGB")


SIDE = 16


def lookalikes(pictures: Sequence[Image]) -> list[int]:
    """For each picture the place of the most similar other one, by the squared difference of small copies in RGB.

    Whole numbers, so that it is the same everywhere; the first of equally similar ones. Raises DataError if all pictures are
    one, or for one that cannot be decoded.
    """
    if len({picture.sha256 for picture in pictures}) < 2:
        raise DataError(f"a pair needs two different pictures, and {len(pictures)} of a step are one")
    small = np.stack([_small(picture) for picture in pictures])
    length = (small * small).sum(1)
    distance = length[:, None] + length[None, :] - 2 * small @ small.T
    digests = np.array([picture.sha256 for picture in pictures])
    distance[digests[:, None] == digests[None, :]] = np.iinfo(np.int64).max
    return [int(place) for place in distance.argmin(1)]


def _small(picture: Image) -> NDArray[np.int64]:
    copy = decode(picture).resize((SIDE, SIDE), Resampling.BOX)
    return np.asarray(copy, dtype=np.int64).ravel()
