"""Pictures of every kind that decoders disagree about, each with the pixels that a model must be shown of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags
from PIL import Image as PilImage

from proctor.harness.types import Image

WIDTH, HEIGHT = 84, 56
TURNED: Mapping[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: lambda pixels: pixels,
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""What an EXIF orientation does to rows and columns."""


@dataclass(frozen=True)
class DrawnPicture:
    """A picture, the pixels (H, W, 3) that it shows, and whether any decoder reads them from its own bytes."""

    image: Image
    pixels: NDArray[np.uint8]
    plain: bool = False


def encode(picture: PilImage.Image, kind: str, **options: Any) -> bytes:
    """Its bytes."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def drawing(shift: int = 0) -> NDArray[np.uint8]:
    """A colourful picture without symmetry, (H, W, 3)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    colours = [rows * 4 + shift, columns * 3, (rows * columns) // 7 + shift]
    return np.stack(colours, axis=-1).astype(np.uint8)


def exif(orientation: int) -> PilImage.Exif:
    """Metadata that say how a picture is to be turned."""
    found = PilImage.Exif()
    found[ExifTags.Base.Orientation] = orientation
    return found


def pictures() -> dict[str, DrawnPicture]:
    """By what they are."""
    base = drawing()
    rgb, grey, alpha = PilImage.fromarray(base), base[..., 2], base[..., 0]
    return {
        "plain PNG": _drawn(encode(rgb, "PNG"), base, plain=True),
        "plain JPEG": _lossy(encode(rgb, "JPEG"), plain=True),
        "grey": _drawn(encode(PilImage.fromarray(grey), "PNG"), _grey(grey), plain=True),
        "opaque RGBA": _drawn(encode(rgb.convert("RGBA"), "PNG"), base, plain=True),
        "transparent": _drawn(encode(PilImage.fromarray(np.dstack([base, alpha])), "PNG"), _on_white(base, alpha)),
        "transparent grey": _drawn(
            encode(PilImage.merge("LA", [PilImage.fromarray(grey), PilImage.fromarray(alpha)]), "PNG"),
            _on_white(_grey(grey), alpha),
        ),
        "transparent palette": _palette(),
        "transparent colour": _drawn(
            encode(rgb, "PNG", transparency=tuple(map(int, base[3, 5]))), _without(base, base[3, 5])
        ),
        "16 bits": _drawn(encode(PilImage.fromarray(grey.astype(np.uint16) << 8 | 99), "PNG"), _grey(grey)),
        "floats": _drawn(
            encode(PilImage.fromarray(_stretched(grey).astype(np.float32) / 100 - 1), "TIFF"), _grey(_stretched(grey))
        ),
        "32 bits": _drawn(
            encode(PilImage.fromarray(_stretched(grey).astype(np.int32) * 1000 - 7), "TIFF"), _grey(_stretched(grey))
        ),
        "CMYK": _lossy(encode(rgb.convert("CMYK"), "JPEG")),
        "animated GIF": _animated("GIF"),
        "animated PNG": _animated("PNG"),
        **{
            f"turned {n} PNG": _drawn(encode(rgb, "PNG", exif=exif(n)), turn(base), n == 1)
            for n, turn in TURNED.items()
        },
        **{f"turned {n} JPEG": _lossy(encode(rgb, "JPEG", exif=exif(n)), n, plain=n == 1) for n in TURNED},
        "turned TIFF": _drawn(encode(rgb, "TIFF", exif=exif(6)), TURNED[6](base)),
        "turned and transparent": _drawn(
            encode(PilImage.fromarray(np.dstack([base, alpha])), "PNG", exif=exif(8)),
            TURNED[8](_on_white(base, alpha)),
        ),
    }


def _drawn(data: bytes, pixels: NDArray[Any], plain: bool = False) -> DrawnPicture:
    return DrawnPicture(Image.of_bytes(data, "p"), np.ascontiguousarray(pixels, dtype=np.uint8), plain)


def _lossy(data: bytes, orientation: int = 1, plain: bool = False) -> DrawnPicture:
    """Of a JPEG, whose stored pixels are what Pillow reads before anything is turned."""
    stored = np.asarray(PilImage.open(io.BytesIO(data)).convert("RGB"))
    return _drawn(data, TURNED[orientation](stored), plain)


def _grey(values: NDArray[Any]) -> NDArray[Any]:
    return np.stack([values] * 3, axis=-1)


def _stretched(grey: NDArray[Any]) -> NDArray[Any]:
    """The same greys, with black and white among them."""
    found = grey.copy()
    found[0, 0], found[0, 1] = 0, 255
    return found


def _on_white(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """As the formula has it, to the nearest whole number."""
    share = alpha[..., None].astype(np.float64) / 255
    return np.asarray((pixels * share + 255 * (1 - share)).round(), dtype=np.uint8)


def _without(pixels: NDArray[Any], colour: NDArray[Any]) -> NDArray[Any]:
    return np.where((pixels == colour).all(-1, keepdims=True), 255, pixels)


def _palette() -> DrawnPicture:
    indexed = PilImage.fromarray(drawing()).quantize(16)
    seen = np.asarray(indexed.convert("RGB"))
    return _drawn(encode(indexed, "PNG", transparency=3), np.where(np.asarray(indexed)[..., None] == 3, 255, seen))


def _animated(kind: str) -> DrawnPicture:
    """Its first frame is shown."""
    frames = [PilImage.fromarray(drawing(shift)).quantize(32) for shift in (0, 90)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=80)
    return _drawn(data, np.asarray(frames[0].convert("RGB")))
