"""The one decoded picture that every model is shown, in training and in examination, whatever engine shows it.

Its rules, beyond what Pillow makes RGB of: the first frame of several; turned upright as its EXIF orientation says; white
where it is transparent; of 16 bits the upper 8; numbers without a range that the format tells (floats, 32 bits) from the
picture's least, which is black, to its greatest, which is white.

Pictures are untrusted: few formats, a limit on the pixels, one kind of error.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, UnidentifiedImageError
from PIL import Image as PilImage

from .errors import DataError
from .limits import DECODED_PIXELS
from .types import Image

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")  # none whose decoder starts another program
PLAIN_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")
PLAIN_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
TURNED_PNG = (b"eXIf", b"exif", b"xmp")
"""What a PNG file holds one of that says how it is to be turned: to look for that, Pillow decodes all of it."""
TURNS = {
    2: PilImage.Transpose.FLIP_LEFT_RIGHT,
    3: PilImage.Transpose.ROTATE_180,
    4: PilImage.Transpose.FLIP_TOP_BOTTOM,
    5: PilImage.Transpose.TRANSPOSE,
    6: PilImage.Transpose.ROTATE_270,
    7: PilImage.Transpose.TRANSVERSE,
    8: PilImage.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation."""


warnings.filterwarnings("ignore", category=PilImage.DecompressionBombWarning)  # our limit is lower, and is an error
warnings.filterwarnings("ignore", "Corrupt EXIF data", UserWarning)  # then a picture is shown as it is stored


def decode(image: Image) -> PilImage.Image:
    """An RGB picture. Raises DataError if the bytes are not a picture or it is too large."""
    with _reading(image):
        picture = _opened(image, image.read())
        picture.load()
        return _upright(_rgb(picture), _orientation(picture))


def decoded_size(image: Image) -> tuple[int, int]:
    """Width and height of the decoded picture, of which no more is decoded than it takes. Raises DataError."""
    with _reading(image):
        picture = _opened(image, data := image.read())
        sideways = picture.format != "TIFF" and _told_orientation(picture, data) >= 5  # a TIFF's size is upright
        return picture.size[::-1] if sideways else picture.size


def portable(image: Image) -> Image:
    """The picture in bytes that every decoder reads as `decode` does: its own, or else those of a PNG.

    For what is decoded elsewhere, by a server or another program. Raises DataError as `decode` does.
    """
    with _reading(image):
        if _is_plain(_opened(image, data := image.read()), data):
            return image
    return as_png(decode(image), image.name)


def as_png(picture: PilImage.Image, name: str) -> Image:
    """A picture without loss."""
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return Image.of_bytes(data.getvalue(), name)


@contextmanager
def _reading(image: Image) -> Iterator[None]:
    """Turns whatever a stranger's bytes make Pillow raise into one line."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise DataError(f"image {image.name}: cannot be decoded: no {', '.join(FORMATS)} picture") from error
    except (OSError, ValueError, SyntaxError, TypeError, OverflowError, PilImage.DecompressionBombError) as error:
        raise DataError(f"image {image.name}: cannot be decoded ({str(error)[:120]})") from error


def _opened(image: Image, data: bytes) -> PilImage.Image:
    picture: PilImage.Image = PilImage.open(io.BytesIO(data), formats=FORMATS)
    if picture.width * picture.height > DECODED_PIXELS:
        size = f"{picture.width} x {picture.height} pixels"
        raise DataError(f"image {image.name}: {size} are more than {DECODED_PIXELS}")
    return picture


def _rgb(picture: PilImage.Image) -> PilImage.Image:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return PilImage.fromarray(_eight_bits(picture)).convert("RGB")
    if _is_transparent(picture):
        picture = PilImage.alpha_composite(PilImage.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    rgb = picture.convert("RGB")
    rgb.info = {}  # whoever is given this would turn it once more
    return rgb


def _eight_bits(picture: PilImage.Image) -> NDArray[np.uint8]:
    """Greys (H, W) of a picture of more bits."""
    values = np.asarray(picture)
    if picture.mode.startswith("I;16") or picture.format == "PNG":
        greys = (values >> 8).astype(np.uint8)
        greys[values == picture.info.get("transparency", -1)] = 255
        return greys
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are no finite numbers")
    values -= values.min()
    return (values * (255 / (values.max() or 1))).round().astype(np.uint8)


def _upright(picture: PilImage.Image, orientation: int) -> PilImage.Image:
    return picture.transpose(TURNS[orientation]) if orientation in TURNS else picture


def _orientation(picture: PilImage.Image) -> int:
    """The EXIF orientation that is still to be applied, 1 for none; of damaged metadata nothing counts."""
    try:
        found = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, OverflowError, StructError):
        return 1
    return found if found in TURNS else 1


def _told_orientation(picture: PilImage.Image, data: bytes) -> int:
    """The EXIF orientation of a picture that is not decoded yet."""
    told = picture.format != "PNG" or any(mark in data for mark in TURNED_PNG)
    return _orientation(picture) if told else 1


def _is_transparent(picture: PilImage.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _is_plain(picture: PilImage.Image, data: bytes) -> bool:
    """True if nothing of the rules matters to the picture: whoever makes RGB of its bytes has the same pixels."""
    return (
        picture.format in PLAIN_FORMATS
        and picture.mode in PLAIN_MODES
        and not (picture.format == "PNG" and data[24] == 16)  # bits of a channel
        and not getattr(picture, "is_animated", False)
        and _told_orientation(picture, data) == 1
        and not (_is_transparent(picture) and picture.convert("RGBA").getchannel("A").getextrema() != (255, 255))
    )
