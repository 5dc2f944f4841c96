"""Pictures made hard to read: fewer pixels, or other colours (STIC, arXiv 2405.19716)."""

from __future__ import annotations

import io
import random
from pathlib import PurePath

from PIL import Image as PilImage
from PIL import ImageEnhance

from ...harness.pictures import decode
from ...harness.types import Image

SMALL_SIDE = 20
BRIGHTNESS = 0.5
HUE = 0.3
"""The numbers of STIC's code: the shorter side in pixels, and the most that a colour changes, in shares of the range."""


def corrupted(image: Image, pick: random.Random) -> Image:
    """A PNG of the picture, by a coin scaled down or with jittered colours. Raises DataError if it can not be decoded."""
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
