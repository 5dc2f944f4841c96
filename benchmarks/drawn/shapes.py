"""Circles, squares and triangles, red or blue, on a grid of 3 x 3: how many of some kind, of two kinds, and in what ratio."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .lines import Mask
from .picture import BLUE, RED, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import Wording, choose_wording

CELLS = 9
_RED, _BLUE = 1, 2
_COLOUR = {"o": _RED, "O": _BLUE, "s": _BLUE, "S": _RED, "t": _RED, "T": _BLUE}
"""What a letter of a scene is drawn in: o and O are circles, s and S squares, t and T triangles."""


def draw_shapes(rng: random.Random, cells: str) -> bytes:
    """A PNG of nine cells, row by row; a dot is an empty one."""
    pixels = blank()
    for index, cell in enumerate(cells):
        top, left = (3 + 28 * position + rng.randint(0, 4) for position in divmod(index, 3))
        size = rng.randint(13, 17)
        if cell != ".":
            pixels[top : top + size + 1, left : left + size + 1][_shape(cell, size)] = _COLOUR[cell]
    return encode_png(pixels, (background(rng), RED, BLUE))


def _shape(cell: str, size: int) -> Mask:
    y, x = np.ogrid[: size + 1, : size + 1]
    across, down = 2 * x - size, 2 * y - size
    mask: Mask = np.full((size + 1, size + 1), True)
    if cell in "oO":
        mask = across**2 + down**2 <= size**2
    elif cell in "tT":
        mask = 2 * np.abs(across) <= down + size
    return mask


def _draw_cells(rng: random.Random, accepts: Accepts, fit: Callable[[str], bool]) -> tuple[str, str]:
    while True:
        cells = "".join(rng.choice("..ooOOssSStT") for _ in range(CELLS))
        if accepts(scene := f"shapes {cells}") and fit(cells):
            return cells, scene


def _rows(cells: str, kinds: str) -> list[int]:
    return [sum(cell in kinds for cell in cells[k : k + 3]) for k in (0, 3, 6)]


def _number(cells: str, kinds: str) -> int:
    return sum(_rows(cells, kinds))


def _by_rows(say: Wording, rows: Sequence[int]) -> Solution:
    listed, sums, total = say(", ", "，").join(map(str, rows)), "+".join(map(str, rows)), sum(rows)
    return Solution(str(total), say(f"Rows {listed}. {sums}={total}.", f"各行{listed}。{sums}={total}。"))


def _nearby(rows: Sequence[int]) -> list[list[int]]:
    """The same rows with one of them misread."""
    return [
        [*rows[:k], row + step, *rows[k + 1 :]]
        for step in (1, -1, 2)
        for k, row in enumerate(rows)
        if 0 <= row + step <= 3
    ]


class _Counting(NamedTuple):
    """A question how many cells hold one of `counted`, where some hold one of `present`.

    The systematic mistake counts the first of `mistaken_for`, other ones the rest; `asked` is in English and in Chinese.
    """

    task: str
    present: str
    counted: str
    mistaken_for: tuple[str, ...]
    asked: tuple[str, str]


def count(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The red circles. The systematic mistake: all circles, whatever their colour."""
    asked = ("How many red circles are there?", "有多少个红色的圆？")
    return _count(rng, accepts, _Counting("count", "O", "o", ("oO", "oSt"), asked))


def both(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """Circles and squares together. The systematic mistake: all shapes, the triangles too."""
    asked = ("How many circles and squares are there in all?", "圆和正方形一共有多少个？")
    return _count(rng, accepts, _Counting("both", "tT", "oOsS", ("oOsStT", "oO", "sS"), asked))


def _count(rng: random.Random, accepts: Accepts, one: _Counting) -> DrawnQuestion:
    cells, scene = _draw_cells(rng, accepts, lambda cells: not set(one.present).isdisjoint(cells))
    say = choose_wording(rng)
    rows = _rows(cells, one.counted)
    right = _by_rows(say, rows)
    systematic, *others = (_rows(cells, kinds) for kinds in one.mistaken_for)
    wrong = [systematic, *_nearby(rows), *others]
    return DrawnQuestion(
        task=one.task,
        scene=scene,
        question=say(*one.asked),
        solution=right,
        mistakes=mistaken(right, *(_by_rows(say, each) for each in wrong)),
        image=draw_shapes(rng, cells),
        language=say.language,
        steps=4,
    )


def ratio(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """Circles to squares, as a ratio. The systematic mistake: squares to circles."""

    def fit(cells: str) -> bool:
        return 0 < _number(cells, "oO") != _number(cells, "sS") > 0

    cells, scene = _draw_cells(rng, accepts, fit)
    say = choose_wording(rng)
    circles, squares = _number(cells, "oO"), _number(cells, "sS")

    def tells(first: int, second: int, *, turned: bool = False) -> Solution:
        numbers = (second, first) if turned else (first, second)
        worked = say(f"Circles {first}, squares {second}.", f"圆{first}个，正方形{second}个。")
        return Solution("{}:{}".format(*numbers), worked)

    right = tells(circles, squares)
    near = [(circles + 1, squares), (circles, squares + 1), (circles - 1, squares), (circles, squares - 1)]
    misread = (tells(*pair) for pair in near if min(pair) > 0 and pair[0] * squares != pair[1] * circles)
    return DrawnQuestion(
        task="ratio",
        scene=scene,
        question=say("What is the ratio of circles to squares?", "圆与正方形的个数比是多少？"),
        solution=right,
        mistakes=mistaken(right, tells(circles, squares, turned=True), *misread),
        image=draw_shapes(rng, cells),
        answer_type="ratio",
        language=say.language,
        steps=3,
    )
