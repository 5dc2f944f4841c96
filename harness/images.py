"""Encoded pictures to pixels. They are untrusted: few formats, a limit on the pixels, one kind of error."""

from __future__ import annotations

import io
import warnings

from PIL import Image as PilImage
from PIL import UnidentifiedImageError

from .errors import DataError
from .limits import DECODED_PIXELS
from .types import Image

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")  # none whose decoder starts another program


warnings.filterwarnings("ignore", category=PilImage.DecompressionBombWarning)  # our limit is lower, and is an error


def decode(image: Image) -> PilImage.Image:
    """An RGB picture. Raises DataError if the bytes are not a picture or it is too large."""
    try:
        picture: PilImage.Image = PilImage.open(io.BytesIO(image.read()), formats=FORMATS)
        if picture.width * picture.height > DECODED_PIXELS:
            size = f"{picture.width} x {picture.height} pixels"
            raise DataError(f"image {image.name}: {size} are more than {DECODED_PIXELS}")
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            picture = PilImage.alpha_composite(PilImage.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
        return picture.convert("RGB")
    except UnidentifiedImageError as error:
        raise DataError(f"image {image.name}: cannot be decoded: no {', '.join(FORMATS)} picture") from error
    except (OSError, ValueError, SyntaxError, TypeError, OverflowError, PilImage.DecompressionBombError) as error:
        raise DataError(f"image {image.name}: cannot be decoded ({str(error)[:120]})") from error
