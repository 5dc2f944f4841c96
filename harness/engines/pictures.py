"""Decoded pictures as the Qwen2-VL family takes them: scaled to a grid of patches, of which so many become one token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image as PilImage
from torch import Tensor
from transformers.image_utils import SizeDict

from ..errors import DataError
from ..images import decode, decoded_size
from ..types import Image
from .loading import scaled_size


class PictureProcessor:
    """A checkpoint's image processor, by whose own rule pictures are scaled.

    `pixels` are the limits of a prompt's rendering by name; what they do not say is the checkpoint's. Raises DataError for a
    picture that cannot be decoded or is too long and thin.
    """

    def __init__(self, image_processor: Any) -> None:
        self.image_processor = image_processor
        self._patches_to_a_token = int(image_processor.merge_size) ** 2
        self.patch = int(image_processor.patch_size) * int(image_processor.merge_size)
        """The side of the square of pixels that is one token."""

    def patches(self, images: Sequence[Image], pixels: Mapping[str, int]) -> Mapping[str, Tensor]:
        """`pixel_values` of all patches and `image_grid_thw` (len(images), 3)."""
        decoded = [decode(image) for image in images]
        limits = {"size": scaled_size(self.image_processor, pixels)} if pixels else {}
        try:
            found: Mapping[str, Tensor] = self.image_processor(images=decoded, return_tensors="pt", **limits)
        except ValueError as error:
            raise DataError(f"images {', '.join(image.name for image in images)}: {str(error)[:120]}") from error
        return found

    def counted(self, patches: Mapping[str, Tensor]) -> list[int]:
        """Tokens of each picture of `patches`; none for an empty mapping."""
        counts: list[int] = (patches["image_grid_thw"].prod(-1) // self._patches_to_a_token).tolist() if patches else []
        return counts

    def scaled(self, image: Image, pixels: Mapping[str, int]) -> PilImage.Image:
        """The decoded picture in the size in which it is cut into patches."""
        picture = decode(image)
        if not self.image_processor.do_resize:
            return picture
        size = SizeDict(**scaled_size(self.image_processor, pixels)) if pixels else self.image_processor.size
        try:
            fitted: Any = self.image_processor.resize(
                np.asarray(picture).transpose(2, 0, 1),
                size=size,
                resample=self.image_processor.resample,
                factor=self.patch,
            )
        except ValueError as error:
            raise DataError(f"image {image.name}: {str(error)[:120]}") from error
        return PilImage.fromarray(np.ascontiguousarray(fitted.transpose(1, 2, 0)))

    def tokens(self, image: Image, pixels: Mapping[str, int]) -> int:
        """How many tokens the picture is; it is not decoded for that."""
        width, height = decoded_size(image)
        if not self.image_processor.do_resize:
            return (width // self.patch) * (height // self.patch)
        size = scaled_size(self.image_processor, pixels)
        limits = {"min_pixels": size["shortest_edge"], "max_pixels": size["longest_edge"]}
        try:
            patches = int(self.image_processor.get_number_of_image_patches(height, width, limits))
        except ValueError as error:
            raise DataError(f"image {image.name}: {str(error)[:120]}") from error
        return patches // self._patches_to_a_token
