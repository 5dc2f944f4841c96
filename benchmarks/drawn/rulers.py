"""Two bars beside a ruler of 10 cm: the length of one of them, which does not begin at 0."""

from __future__ import annotations

import random

from .picture import BLUE, INK, RED, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import choose_wording

CM = 8
LONGEST = 10
_COLOURS = (("red", "红色"), ("blue", "蓝色"))


def _draw_ends(rng: random.Random) -> tuple[int, int]:
    start, end = sorted(rng.sample(range(1, LONGEST + 1), 2))
    return start, end


def ruler(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The length in cm. The systematic mistake: where the bar ends, as if it began at 0."""
    while True:
        bars = _draw_ends(rng), _draw_ends(rng)
        if accepts(scene := "ruler {} {} {} {}".format(*bars[0], *bars[1])):
            break
    asked = rng.randrange(2)
    (start, end), other = bars[asked], bars[1 - asked]
    say = choose_wording(rng)
    name = say(*_COLOURS[asked])

    def subtracts(first: int, last: int, over: int = 0) -> Solution:
        length = last - first + over
        english, chinese = (
            f"From {first} to {last}. {last}-{first}={length}.",
            f"从{first}到{last}。{last}-{first}={length}。",
        )
        return Solution(str(length), say(english, chinese))

    right = subtracts(start, end)
    only_end = Solution(str(end), say(f"It ends at {end}.", f"末端在{end}。"))
    misread = [subtracts(start, end + 1), subtracts(start + 1, end), subtracts(start, end + 2), subtracts(*other)]
    wrong = [only_end, subtracts(start, end, 1), subtracts(start, end, -1), *misread]
    return DrawnQuestion(
        task="ruler",
        scene=scene,
        question=say(f"How many cm long is the {name} bar?", f"{name}条长多少厘米？"),
        solution=right,
        mistakes=mistaken(right, *(each for each in wrong if each.answer != "0")),
        image=_draw(rng, bars),
        unit=say("cm", "厘米"),
        language=say.language,
        steps=3,
    )


def _draw(rng: random.Random, bars: tuple[tuple[int, int], tuple[int, int]]) -> bytes:
    pixels = blank()
    left = 1 + rng.randint(0, 1)
    pixels[41:43, left : left + LONGEST * CM + 1] = 3
    for mark in range(LONGEST + 1):
        reach = 6 if mark % 5 == 0 else 3
        pixels[42 - reach : 42 + reach, left + CM * mark] = 3
    for index, (start, end) in enumerate(bars):
        top = (12, 56)[index] + rng.randint(-2, 2)
        pixels[top : top + 16, left + CM * start : left + CM * end + 1] = index + 1
    return encode_png(pixels, (background(rng), RED, BLUE, INK))
