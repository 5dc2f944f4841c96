"""A rectangle on squared paper: its perimeter in cm, its area in cm²."""

from __future__ import annotations

import random

from .picture import BLUE, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import Wording, choose_wording

CM = 8
SQUARES = 10
SIDES = range(2, 9)
_LINES = (190, 190, 190)


def _draw_sides(rng: random.Random, accepts: Accepts) -> tuple[int, int, bytes, str]:
    """Width, height, picture and scene; area and perimeter are not the same number."""
    while True:
        width, height = rng.choice(SIDES), rng.choice(SIDES)
        column, row = rng.randint(0, SQUARES - width), rng.randint(0, SQUARES - height)
        scene = f"rectangle {width} {height} {column} {row}"
        if width * height != 2 * (width + height) and accepts(scene):
            break
    pixels = blank()
    pixels[1 : CM * SQUARES + 2 : CM, 1 : CM * SQUARES + 2] = 1
    pixels[1 : CM * SQUARES + 2, 1 : CM * SQUARES + 2 : CM] = 1
    top, left = 1 + CM * row, 1 + CM * column
    pixels[top : top + CM * height + 1, left : left + CM * width + 1] = 2
    pixels[top : top + CM * height + 1 : CM, left : left + CM * width + 1] = 1
    pixels[top : top + CM * height + 1, left : left + CM * width + 1 : CM] = 1
    return width, height, encode_png(pixels, (background(rng), _LINES, BLUE)), scene


def _around(say: Wording, width: int, height: int, times: int = 2) -> Solution:
    half, whole = width + height, times * (width + height)
    english = f"{width} by {height}. {width}+{height}={half}. {times}*{half}={whole}."
    return Solution(
        str(whole), say(english, f"宽{width}，高{height}。{width}+{height}={half}。{times}*{half}={whole}。")
    )


def _inside(say: Wording, width: int, height: int, over: int = 0) -> Solution:
    product = width * height + over
    english = f"{width} by {height}. {width}*{height}={product}."
    return Solution(str(product), say(english, f"宽{width}，高{height}。{width}*{height}={product}。"))


def _near(width: int, height: int) -> list[tuple[int, int]]:
    return [(width + 1, height), (width, height + 1), (width - 1, height), (width, height - 1)]


def perimeter(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The perimeter. The systematic mistake: the area."""
    width, height, image, scene = _draw_sides(rng, accepts)
    say = choose_wording(rng)
    right = _around(say, width, height)
    wrong = [_inside(say, width, height), *(_around(say, *sides) for sides in _near(width, height))]
    return DrawnQuestion(
        task="perimeter",
        scene=scene,
        question=say("The squares are 1 cm wide. How many cm is the perimeter?", "每格宽1厘米。周长是多少厘米？"),
        solution=right,
        mistakes=mistaken(right, *wrong, _around(say, width, height, 1), _around(say, width, height, 4)),
        image=image,
        unit=say("cm", "厘米"),
        language=say.language,
        steps=4,
    )


def area(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The area. The systematic mistake: the perimeter."""
    width, height, image, scene = _draw_sides(rng, accepts)
    say = choose_wording(rng)
    right = _inside(say, width, height)
    wrong = [_around(say, width, height), *(_inside(say, *sides) for sides in _near(width, height))]
    slips = (_inside(say, width, height, over) for over in (-1, 1, width))
    return DrawnQuestion(
        task="area",
        scene=scene,
        question=say("The squares are 1 cm wide. How many cm² is the area?", "每格宽1厘米。面积是多少平方厘米？"),
        solution=right,
        mistakes=mistaken(right, *wrong, *slips),
        image=image,
        unit=say("cm²", "平方厘米"),
        language=say.language,
        steps=3,
    )
