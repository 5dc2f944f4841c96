"""Small pictures with few colours, encoded without a compressor: the same bytes on every machine."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = tuple[int, int, int]

SIDE = 84
RED, GREEN, BLUE, INK = (200, 40, 40), (30, 140, 50), (40, 70, 200), (90, 90, 90)


def blank() -> Pixels:
    """An empty picture of SIDE x SIDE pixels: palette index 0 everywhere."""
    return np.zeros((SIDE, SIDE), np.uint8)


def background(rng: random.Random) -> Colour:
    """A light grey."""
    grey = rng.randint(225, 255)
    return grey, grey, grey


def encode_png(pixels: Pixels, palette: Sequence[Colour]) -> bytes:
    """A PNG of palette indexes below 16, shape (height, even width), stored uncompressed: the same bytes everywhere."""
    height, width = pixels.shape
    packed = (pixels[:, ::2] << 4) | pixels[:, 1::2]
    rows = b"".join(b"\x00" + row.tobytes() for row in packed)
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    data = stored + struct.pack(">I", zlib.adler32(rows))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    chunks = (chunk(b"IHDR", header), chunk(b"PLTE", colours), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
