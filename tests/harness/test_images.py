"""The one decoded picture: of every kind, and on every way to a model."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from proctor.harness.errors import DataError
from proctor.harness.images import decode, decoded_size, portable
from proctor.harness.types import Image

from ..pictures import encode, pictures

PICTURES = pictures()
REAL = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "wemath" / "images"


def read_by_others(data):
    """What a program makes of a picture's bytes that knows nothing of our rules."""
    with PilImage.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_decoded_by_the_rules(kind):
    drawn = PICTURES[kind]
    found = decode(drawn.image)
    assert found.mode == "RGB"
    assert np.array_equal(np.asarray(found), drawn.pixels), np.abs(np.asarray(found) - drawn.pixels).max()
    assert not found.getexif(), "whoever is given it would turn it once more"
    assert decoded_size(drawn.image) == found.size


@pytest.mark.parametrize("kind", PICTURES)
def test_whoever_decodes_the_portable_picture_sees_the_same(kind):
    drawn = PICTURES[kind]
    sent = portable(drawn.image)
    assert np.array_equal(read_by_others(sent.read()), drawn.pixels)
    assert (sent == drawn.image) == drawn.plain


def test_damaged_metadata_turn_nothing():
    whole = encode(PilImage.fromarray(PICTURES["plain PNG"].pixels), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert np.array_equal(np.asarray(decode(Image.of_bytes(whole, "x"))), read_by_others(whole))


def test_numbers_that_are_none_are_no_picture():
    data = encode(PilImage.fromarray(np.full((9, 9), np.nan, dtype=np.float32)), "TIFF")
    with pytest.raises(DataError, match="values that are no finite numbers"):
        decode(Image.of_bytes(data, "x"))
    flat = encode(PilImage.fromarray(np.full((9, 9), 7.5, dtype=np.float32)), "TIFF")
    assert not np.asarray(decode(Image.of_bytes(flat, "x"))).any()


def test_real_pictures_are_shown_on_white():
    """Of We-Math, some of whose pictures are transparent."""
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not there")
    rewritten = 0
    for file in sorted(REAL.iterdir()):
        image = Image.of_file(file, file.name)
        sent = portable(image)
        rewritten += sent != image
        assert np.array_equal(read_by_others(sent.read()), np.asarray(decode(image))), file
    assert 0 < rewritten < 40
