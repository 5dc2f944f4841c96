"""Whole numbers in a pixel font of 5 x 7."""

from __future__ import annotations

import numpy as np

from .picture import Pixels

_ROWS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    "?": "01110 10001 00001 00010 00100 00000 00100",
}


def glyphs(text: str, scale: int) -> Pixels:
    """0 and 1 of shape (7 * scale, (6 * len(text) - 1) * scale). Raises KeyError for anything but digits and "?"."""
    gap = np.zeros((7, 1), np.uint8)
    columns = [column for character in text for column in (_glyph(character), gap)][:-1]
    return np.hstack(columns).repeat(scale, 0).repeat(scale, 1)


def _glyph(character: str) -> Pixels:
    return np.array([[int(bit) for bit in row] for row in _ROWS[character].split()], np.uint8)


def write(pixels: Pixels, text: str, centre: tuple[int, int], scale: int, colour: int) -> None:
    """Write a text around a point (x, y) in palette index `colour`; it must lie within the picture."""
    mask = glyphs(text, scale)
    left, top = centre[0] - mask.shape[1] // 2, centre[1] - mask.shape[0] // 2
    pixels[top : top + mask.shape[0], left : left + mask.shape[1]][mask == 1] = colour
