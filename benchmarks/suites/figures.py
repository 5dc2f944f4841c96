"""Drawn figures: a self-made suite that needs no download, and an unlimited source of unlabelled training prompts.

Each figure is 84 x 84 pixels: three coloured bars A, B, C of height 1 to 9 (read one, add two, subtract two, name the
tallest as a choice) or circles and squares on a 3 x 3 grid (count the circles). What is drawn is a *scene*; a hash of the
scene puts one in eight into the test split, and training draws only from the rest, so no training picture shows a test
scene in whatever colours. Pictures are drawn with numpy and encoded without a compressor, so their bytes, and with them
the suite's digest, are the same on every machine.
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...harness.errors import DataError, UsageError
from ...harness.types import Image, Item
from ..base import Suite
from ..metrics import by_category, overall, together
from ..sources.published import Published

SIDE = 84
TEST_SIZE = 600
TEST_SEED = 20260
LETTERS = "ABC"
BAR_COLOURS = ((200, 40, 40), (30, 140, 50), (40, 70, 200))
INK, CIRCLE_COLOUR, SQUARE_COLOUR = (90, 90, 90), (200, 40, 40), (40, 70, 200)

Split: TypeAlias = Literal["train", "test"]
Pixels: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True)
class Figure:
    """One drawn question. `worked` is a worked answer's text before the box, used to warm up the tiny model only."""

    task: str
    scene: str
    question: str
    answer: str
    worked: str
    image: bytes
    choices: tuple[str, ...] = ()


def in_test_split(scene: str) -> bool:
    """True for the one scene in eight that training never draws."""
    return hashlib.sha256(scene.encode()).digest()[0] < 32


def encode_png(pixels: Pixels, palette: Sequence[tuple[int, int, int]]) -> bytes:
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


def _background(rng: random.Random) -> tuple[int, int, int]:
    grey = rng.randint(225, 255)
    return grey, grey, grey


def _draw_bars(rng: random.Random, heights: Sequence[int]) -> bytes:
    pixels: Pixels = np.zeros((SIDE, SIDE), np.uint8)
    floor = 79 + rng.randint(-2, 2)
    for index, height in enumerate(heights):
        left = 8 + 28 * index + rng.randint(-2, 2)
        width = rng.randint(10, 14)
        pixels[floor - 8 * height : floor + 1, left : left + width + 1] = index + 1
    pixels[floor] = 4
    return encode_png(pixels, (_background(rng), *BAR_COLOURS, INK))


def _draw_grid(rng: random.Random, cells: str) -> bytes:
    pixels: Pixels = np.zeros((SIDE, SIDE), np.uint8)
    for index, cell in enumerate(cells):
        top, left = (3 + 28 * position + rng.randint(0, 4) for position in divmod(index, 3))
        size = rng.randint(13, 17)
        y, x = np.ogrid[: size + 1, : size + 1]
        box = pixels[top : top + size + 1, left : left + size + 1]
        if cell == "o":
            box[(2 * y - size) ** 2 + (2 * x - size) ** 2 <= size**2] = 1
        elif cell == "s":
            box[:] = 2
    return encode_png(pixels, (_background(rng), CIRCLE_COLOUR, SQUARE_COLOUR))


def _bars_scene(heights: Sequence[int]) -> str:
    return "bars " + " ".join(map(str, heights))


def _bars(rng: random.Random, accepts: Callable[[str], bool], distinct_top: bool = False) -> tuple[list[int], str]:
    while True:
        heights = [rng.randint(1, 9) for _ in range(3)]
        scene = _bars_scene(heights)
        if accepts(scene) and not (distinct_top and heights.count(max(heights)) > 1):
            return heights, scene


def _read(rng: random.Random, accepts: Callable[[str], bool]) -> Figure:
    heights, scene = _bars(rng, accepts)
    bar = rng.randrange(3)
    name, value = LETTERS[bar], heights[bar]
    question = f"How tall is bar {name}?"
    return Figure("read", scene, question, str(value), f"{name} is {value}.", _draw_bars(rng, heights))


def _sum(rng: random.Random, accepts: Callable[[str], bool]) -> Figure:
    heights, scene = _bars(rng, accepts)
    i, j = rng.sample(range(3), 2)
    (a, b), total = (heights[i], heights[j]), heights[i] + heights[j]
    question = f"What is bar {LETTERS[i]} plus bar {LETTERS[j]}?"
    worked = f"{LETTERS[i]} is {a}, {LETTERS[j]} is {b}. {a}+{b}={total}."
    return Figure("sum", scene, question, str(total), worked, _draw_bars(rng, heights))


def _difference(rng: random.Random, accepts: Callable[[str], bool]) -> Figure:
    heights, scene = _bars(rng, accepts)
    i, j = sorted(rng.sample(range(3), 2), key=lambda k: -heights[k])
    (a, b), gap = (heights[i], heights[j]), heights[i] - heights[j]
    question = f"How much taller is bar {LETTERS[i]} than bar {LETTERS[j]}?"
    worked = f"{LETTERS[i]} is {a}, {LETTERS[j]} is {b}. {a}-{b}={gap}."
    return Figure("difference", scene, question, str(gap), worked, _draw_bars(rng, heights))


def _tallest(rng: random.Random, accepts: Callable[[str], bool]) -> Figure:
    heights, scene = _bars(rng, accepts, distinct_top=True)
    top = max(heights)
    name = LETTERS[heights.index(top)]
    read = ", ".join(f"{letter} is {height}" for letter, height in zip(LETTERS, heights, strict=True))
    worked = f"{read}. {top} is {name}."
    question = "Which bar is the tallest?"
    return Figure("tallest", scene, question, name, worked, _draw_bars(rng, heights), choices=tuple(LETTERS))


def _count(rng: random.Random, accepts: Callable[[str], bool]) -> Figure:
    while True:
        share = rng.uniform(0.25, 0.9)
        cells = "".join("." if rng.random() > 0.8 else "o" if rng.random() < share else "s" for _ in range(9))
        if accepts(scene := f"grid {cells}"):
            break
    rows = [cells[k : k + 3].count("o") for k in (0, 3, 6)]
    total = sum(rows)
    worked = f"Rows {rows[0]}, {rows[1]}, {rows[2]}. {rows[0]}+{rows[1]}+{rows[2]}={total}."
    return Figure("count", scene, "How many circles are there?", str(total), worked, _draw_grid(rng, cells))


TASKS: Mapping[str, Callable[[random.Random, Callable[[str], bool]], Figure]] = {
    "read": _read,
    "sum": _sum,
    "difference": _difference,
    "tallest": _tallest,
    "count": _count,
}


def draw(seed: int, split: Split, tasks: Sequence[str] = tuple(TASKS)) -> Iterator[Figure]:
    """An endless stream of figures of a split, the tasks in turn; the same for the same arguments.

    Raises UsageError for a task that does not exist.
    """
    for task in tasks:
        if task not in TASKS:
            raise UsageError(f"figures: no task is called {task!r}; there are: {', '.join(TASKS)}")
    rng = random.Random(f"{split} {seed}")  # noqa: S311 - reproducible, not secret
    wanted = split == "test"
    while True:
        for task in tasks:
            yield TASKS[task](rng, lambda scene: in_test_split(scene) == wanted)


def as_item(figure: Figure, item_id: str) -> Item:
    """The question as an item; figures with one scene form one cluster."""
    return Item(
        id=item_id,
        suite="figures",
        question=figure.question,
        answer=figure.answer,
        answer_type="choice" if figure.choices else "number",
        images=(Image.of_bytes(figure.image, f"{item_id}.png"),),
        choices=figure.choices,
        cluster=figure.scene,
        meta={"task": figure.task},
    )


@dataclass(frozen=True)
class FiguresSuite(Suite):
    """The fixed test set: TEST_SIZE figures of the test split, no picture and question twice."""

    @property
    def has_sample(self) -> bool:
        """True: it is drawn."""
        return True

    def load(self, data: Path | None = None) -> list[Item]:
        """Draw the test set. Raises DataError if a data file is named: there is none to read."""
        if data is not None:
            raise DataError(f"suite figures is drawn, not read: leave out the data path {data}")
        seen: set[tuple[str, str]] = set()
        figures = (figure for figure in draw(TEST_SEED, "test") if not _repeats(figure, seen))
        return [as_item(figure, f"{n:04d}-{figure.task}") for n, figure in enumerate(islice(figures, TEST_SIZE))]


def _repeats(figure: Figure, seen: set[tuple[str, str]]) -> bool:
    key = (figure.scene, figure.question)
    repeats = key in seen
    seen.add(key)
    return repeats


def _no_records(*_: object) -> Item:
    raise DataError("suite figures is drawn, not read")


METRICS = together(overall, by_category("task"))

SUITE = FiguresSuite(
    name="figures",
    title="Drawn figures",
    parse=_no_records,
    metrics=METRICS,
    published=Published(sets={"test": TEST_SIZE}),
)
