"""Pairs of pictures that look alike and are not the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Resampling

from ...harness.errors import DataError
from ...harness.pictures import decode
from ...harness.types import Image

SIDE = 16


def lookalikes(pictures: Sequence[Image]) -> list[int]:
    """For each picture the place of the most similar other one, by the squared difference of small copies in RGB.

    Whole numbers, so that it is the same everywhere; the first of equally similar ones. Raises DataError if all pictures are
    one, or for one that can not be decoded.
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
