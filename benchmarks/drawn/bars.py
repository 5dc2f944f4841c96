"""Three bars A, B, C (red, green, blue) of height 1 to 9: their mean, their order, the tallest's colour, the tall ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from .picture import BLUE, GREEN, INK, RED, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import Wording, choose_wording

LETTERS = "ABC"
HIGHEST = 9
_COLOURS = (("red", "红色"), ("green", "绿色"), ("blue", "蓝色"))


def draw_bars(rng: random.Random, heights: Sequence[int]) -> bytes:
    """A PNG of three bars, 8 pixels to the unit."""
    pixels = blank()
    floor = 79 + rng.randint(-2, 2)
    for index, height in enumerate(heights):
        left = 8 + 28 * index + rng.randint(-2, 2)
        width = rng.randint(10, 14)
        pixels[floor - 8 * height : floor + 1, left : left + width + 1] = index + 1
    pixels[floor] = 4
    return encode_png(pixels, (background(rng), RED, GREEN, BLUE, INK))


def draw_heights(
    rng: random.Random, accepts: Accepts, fit: Callable[[list[int]], bool] = lambda heights: True
) -> tuple[list[int], str]:
    """Three heights that fit, of an accepted scene, and the scene."""
    while True:
        heights = [rng.randint(1, HIGHEST) for _ in range(3)]
        scene = "bars " + " ".join(map(str, heights))
        if accepts(scene) and fit(heights):
            return heights, scene


def misread(value: int) -> list[int]:
    """Heights that a bar may be taken for: first the next line above (below the highest), then others nearby."""
    near = (value + 1, value - 1, value + 2, value - 2)
    return [other for other in near if 1 <= other <= HIGHEST]


def _reading(say: Wording, heights: Sequence[int]) -> str:
    pairs = zip(LETTERS, heights, strict=True)
    return say("{}.", "{}。").format(
        say(", ", "，").join(say(f"{letter} is {height}", f"{letter}是{height}") for letter, height in pairs)
    )


def mean(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The mean, a whole number. The systematic mistake: the middle one of the three in its place."""
    heights, scene = draw_heights(
        rng, accepts, lambda three: sum(three) % 3 == 0 and sorted(three)[1] * 3 != sum(three)
    )
    say = choose_wording(rng)

    def divides(three: Sequence[int], by: int = 3, over: int = 0) -> Solution:
        total = sum(three) + over
        sums = f"{'+'.join(map(str, three))}={total}"
        worked = say(f"{sums}. {total}/{by}={total // by}.", f"{sums}。{total}/{by}={total // by}。")
        return Solution(str(total // by), say(f"{_reading(say, three)} {worked}", f"{_reading(say, three)}{worked}"))

    low, middle, high = sorted(heights)
    ordered = say(f" {low}<{middle}<{high}.", f"{low}<{middle}<{high}。")
    median = Solution(str(middle), f"{_reading(say, heights)}{ordered}")
    right = divides(heights)
    a, b, c = heights
    slips = (divides(heights, over=3), divides(heights, over=-3), divides((a, b + 3 if b < 7 else b - 3, c)))
    halves = (divides(heights, by=2),) if sum(heights) % 2 == 0 else ()
    return DrawnQuestion(
        task="mean",
        scene=scene,
        question=say("What is the mean of the three bars?", "三个柱子的平均数是多少？"),
        solution=right,
        mistakes=mistaken(right, median, *slips, *halves, divides(heights, by=1)),
        image=draw_bars(rng, heights),
        language=say.language,
        steps=5,
    )


def order(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The bars by height, as a list. The systematic mistake: from the tallest down."""
    heights, scene = draw_heights(rng, accepts, lambda three: len(set(three)) == 3)
    say = choose_wording(rng)

    def lists(bars: Sequence[int], sign: str = "<") -> Solution:
        ranked = sign.join(str(heights[bar]) for bar in bars)
        worked = f"{_reading(say, heights)}{say(f' {ranked}.', f'{ranked}。')}"
        return Solution(", ".join(LETTERS[bar] for bar in bars), worked)

    low, middle, high = sorted(range(3), key=heights.__getitem__)
    right = lists((low, middle, high))
    swapped = (lists(bars) for bars in ((middle, low, high), (low, high, middle), (high, low, middle)))
    return DrawnQuestion(
        task="order",
        scene=scene,
        question=say("List the bars from the shortest to the tallest.", "把柱子从矮到高排列。"),
        solution=right,
        mistakes=mistaken(right, lists((high, middle, low), ">"), *swapped),
        image=draw_bars(rng, heights),
        answer_type="list",
        language=say.language,
        steps=4,
    )


def colour(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The tallest bar's colour, as a word. The systematic mistake: the shortest bar's."""
    heights, scene = draw_heights(rng, accepts, lambda three: len(set(three)) == 3)
    say = choose_wording(rng)
    names = [say(*name) for name in _COLOURS]

    def tells(bar: int) -> Solution:
        pairs = list(zip(names, heights, strict=True))
        english = ", ".join(f"{name} is {height}" for name, height in pairs) + f". {heights[bar]} is {names[bar]}."
        chinese = "，".join(f"{name}是{height}" for name, height in pairs) + f"。{heights[bar]}是{names[bar]}。"
        return Solution(names[bar], say(english, chinese))

    low, middle, high = sorted(range(3), key=heights.__getitem__)
    right = tells(high)
    return DrawnQuestion(
        task="colour",
        scene=scene,
        question=say("What colour is the tallest bar?", "最高的柱子是什么颜色？"),
        solution=right,
        mistakes=mistaken(right, tells(low), tells(middle)),
        image=draw_bars(rng, heights),
        answer_type="text",
        language=say.language,
        steps=4,
    )


def above(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The bars taller than one of the heights, as letters. The systematic mistake: those as tall as that too."""
    heights, scene = draw_heights(rng, accepts, lambda three: len(set(three)) > 1)
    line = rng.choice([height for height in heights if height < max(heights)])
    say = choose_wording(rng)

    def names(bars: Sequence[int], sign: str = ">") -> Solution:
        letters = ", ".join(LETTERS[bar] for bar in bars)
        compared = say(", ", "，").join(f"{heights[bar]}{sign}{line}" for bar in bars)
        return Solution(letters, f"{_reading(say, heights)}{say(f' {compared}.', f'{compared}。')}")

    right = names([bar for bar in range(3) if heights[bar] > line])
    as_tall = names([bar for bar in range(3) if heights[bar] >= line], "≥")
    below = names([bar for bar in range(3) if heights[bar] < line], "<")
    singles = (names([bar]) for bar in range(3))
    return DrawnQuestion(
        task="above",
        scene=scene,
        question=say(f"Which bars are taller than {line}?", f"哪些柱子高于{line}？"),
        solution=right,
        mistakes=mistaken(right, as_tall, *(wrong for wrong in (below, *singles) if wrong.answer)),
        image=draw_bars(rng, heights),
        answer_type="multichoice",
        choices=tuple(LETTERS),
        language=say.language,
        steps=4,
    )
