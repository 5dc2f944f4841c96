"""A red and a blue point in a grid from (0, 0) to (9, 9): the coordinates of one of them, as a pair."""

from __future__ import annotations

import random

from .lines import disc
from .picture import BLUE, INK, RED, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import choose_wording

UNIT = 8
FARTHEST = 9
_LEFT, _FLOOR = 7, 78
_COLOURS = (("red", "红"), ("blue", "蓝"))
_LINES = (190, 190, 190)


def point(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The coordinates. The systematic mistake: in the other order, the height first."""
    while True:
        points = [(rng.randint(0, FARTHEST), rng.randint(0, FARTHEST)) for _ in range(2)]
        scene = "points {} {} {} {}".format(*points[0], *points[1])
        apart = max(abs(points[0][k] - points[1][k]) for k in (0, 1)) > 1
        if apart and all(x != y for x, y in points) and accepts(scene):
            break
    asked = rng.randrange(2)
    (x, y), other = points[asked], points[1 - asked]
    say = choose_wording(rng)
    name = say(*_COLOURS[asked])

    def reads(right: int, up: int) -> Solution:
        return Solution(f"({right}, {up})", say(f"Right {right}, up {up}.", f"向右{right}，向上{up}。"))

    swapped = Solution(f"({y}, {x})", say(f"Up {y}, right {x}.", f"向上{y}，向右{x}。"))
    solution = reads(x, y)
    near = [(x + 1, y), (x, y + 1), (x - 1, y), (x, y - 1)]
    misread = (reads(*pair) for pair in near if min(pair) >= 0 and max(pair) <= FARTHEST)
    return DrawnQuestion(
        task="point",
        scene=scene,
        question=say(f"What are the coordinates of the {name} point?", f"{name}点的坐标是多少？"),
        solution=solution,
        mistakes=mistaken(solution, swapped, *misread, reads(*other)),
        image=_draw(rng, points),
        answer_type="tuple",
        language=say.language,
        steps=2,
    )


def _draw(rng: random.Random, points: list[tuple[int, int]]) -> bytes:
    pixels = blank()
    top, right = _FLOOR - UNIT * FARTHEST, _LEFT + UNIT * FARTHEST
    pixels[top : _FLOOR + 1 : UNIT, _LEFT : right + 1] = 4
    pixels[top : _FLOOR + 1, _LEFT : right + 1 : UNIT] = 4
    pixels[_FLOOR - 1 : _FLOOR + 1, _LEFT : right + 1] = 3
    pixels[top : _FLOOR + 1, _LEFT : _LEFT + 2] = 3
    for index, (x, y) in enumerate(points):
        pixels[disc((_LEFT + UNIT * x, _FLOOR - UNIT * y), 4)] = index + 1
    return encode_png(pixels, (background(rng), RED, BLUE, INK, _LINES))
