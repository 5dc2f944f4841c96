"""Questions' pictures, made small, each once, as many as a budget allows."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...harness.errors import DataError
from ...harness.images import decode
from ...harness.types import Image, Json
from .run_view import RunView

LONGEST_SIDE = 640
QUALITY = 82
NOT_FOUND = "left out: its file was not found, or was changed since it was asked about (--data names the suite's data)"


@dataclass(frozen=True)
class EmbeddedImage:
    """A picture as the page has it: base64 of WebP and its size, or why it has none."""

    data: str = ""
    size: tuple[int, int] = (0, 0)
    absent: str = ""

    def to_json(self) -> Json:
        """Its size, or the words that stand in its place."""
        return self.absent or list(self.size)


def numbered(views: Iterable[RunView]) -> dict[str, list[Image]]:
    """Where each picture may be found, by digest, in the order of the questions; its number is its place."""
    found: dict[str, list[Image]] = {}
    for one in views:
        for asked in one.asked:
            for image in asked.prompt.images:
                known = found.setdefault(image.sha256, [])
                if all(image.origin != other.origin for other in known):
                    known.append(image)
    return found


def embed(
    images: Mapping[str, Sequence[Image]],
    first: Iterable[str],
    budget: int,
    progress: Callable[[int], None],
    known: Callable[[], Mapping[str, Image]] = dict,
) -> dict[str, EmbeddedImage]:
    """The pictures by digest; those of `first` come first while the `budget`, bytes in the page, lasts.

    What is in none of its places is looked for among the `known` ones, which are asked for when the first is.
    """
    further: Mapping[str, Image] | None = None
    made: dict[str, EmbeddedImage] = {}
    left = budget
    for digest in dict.fromkeys([*first, *images]):
        picture = small(images[digest]) if left > 0 else EmbeddedImage(absent=_over(budget))
        if picture.absent == NOT_FOUND:
            further = known() if further is None else further
            picture = small([further[digest]]) if digest in further else picture
        if len(picture.data) > left:
            picture = EmbeddedImage(absent=_over(budget))
            left = 0
        left -= len(picture.data)
        made[digest] = picture
        progress(1)
    return {digest: made[digest] for digest in images}


def _over(budget: int) -> str:
    return f"left out: the page's pictures have {budget / 2**20:g} MB at most (--images-mb)"


def small(places: Sequence[Image]) -> EmbeddedImage:
    """A picture from the first place that has it, at most `LONGEST_SIDE` pixels long."""
    for image in places:
        try:
            data = image.read()
        except DataError:
            continue
        try:
            pixels = decode(Image(image.sha256, image.name, data))
        except DataError:
            return EmbeddedImage(absent="left out: it cannot be decoded")
        pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        encoded = io.BytesIO()
        pixels.save(encoded, "WEBP", quality=QUALITY, method=4)
        return EmbeddedImage(base64.b64encode(encoded.getvalue()).decode(), pixels.size)
    return EmbeddedImage(absent=NOT_FOUND)
