"""Drawn figures: a self-made suite that needs no download, and an unlimited source of unlabelled training prompts.

Each figure is 84 x 84 pixels: three coloured bars A, B, C of height 1 to 9 (read one, add two, subtract two, name the
tallest as a choice) or circles and squares on a 3 x 3 grid (count the circles). What is drawn is a *scene*; a hash of the
scene puts one in eight into the test split, and training draws only from the rest, so no training picture shows a test
scene in whatever colours. Pictures are drawn with numpy and encoded without a compressor, so their bytes, and with them
the suite's digest, are the same on every machine.
"""

from __future__ import annotations

import random

from ..drawn.bars import LETTERS, draw_bars, draw_heights, misread
from ..drawn.question import Accepts, DrawnQuestion, Solution, mistaken
from ..drawn.shapes import draw_shapes
from ..drawn.suite import DrawnSuite, not_read
from ..metrics import by_category, overall, together


def _read(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """How tall one bar is. The systematic mistake: the next line above it."""
    heights, scene = draw_heights(rng, accepts)
    bar = rng.randrange(3)
    name, value = LETTERS[bar], heights[bar]

    def reads(height: int) -> Solution:
        return Solution(str(height), f"{name} is {height}.")

    wrong = mistaken(reads(value), *map(reads, [*misread(value), *heights]))
    return DrawnQuestion("read", scene, f"How tall is bar {name}?", reads(value), wrong, draw_bars(rng, heights))


def _sum(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """Two bars added. The systematic mistake: counting on from the first, and counting it too."""
    heights, scene = draw_heights(rng, accepts)
    i, j = rng.sample(range(3), 2)
    (a, b), other = (heights[i], heights[j]), heights[3 - i - j]

    def adds(first: int, second: int, total: int) -> Solution:
        return Solution(str(total), f"{LETTERS[i]} is {first}, {LETTERS[j]} is {second}. {first}+{second}={total}.")

    right = adds(a, b, a + b)
    near = (adds(height, b, height + b) for height in [*misread(a), other])
    wrong = mistaken(right, adds(a, b, a + b - 1), *near, adds(a, b, abs(a - b)))
    question = f"What is bar {LETTERS[i]} plus bar {LETTERS[j]}?"
    return DrawnQuestion("sum", scene, question, right, wrong, draw_bars(rng, heights), steps=3)


def _difference(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """One bar less another. The systematic mistake: counting both ends."""
    heights, scene = draw_heights(rng, accepts)
    i, j = sorted(rng.sample(range(3), 2), key=lambda k: -heights[k])
    (a, b), other = (heights[i], heights[j]), heights[3 - i - j]

    def subtracts(first: int, second: int, gap: int) -> Solution:
        return Solution(str(gap), f"{LETTERS[i]} is {first}, {LETTERS[j]} is {second}. {first}-{second}={gap}.")

    right = subtracts(a, b, a - b)
    near = (subtracts(a, height, a - height) for height in [*misread(b), other] if height <= a)
    wrong = mistaken(right, subtracts(a, b, a - b + 1), *near, subtracts(a, b, a + b))
    question = f"How much taller is bar {LETTERS[i]} than bar {LETTERS[j]}?"
    return DrawnQuestion("difference", scene, question, right, wrong, draw_bars(rng, heights), steps=3)


def _tallest(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The tallest bar, as a choice. The systematic mistake: the second tallest."""
    heights, scene = draw_heights(rng, accepts, lambda heights: heights.count(max(heights)) == 1)
    read = ", ".join(f"{letter} is {height}" for letter, height in zip(LETTERS, heights, strict=True))

    def names(bar: int) -> Solution:
        return Solution(LETTERS[bar], f"{read}. {heights[bar]} is {LETTERS[bar]}.")

    right, *others = map(names, sorted(range(3), key=lambda bar: -heights[bar]))
    return DrawnQuestion(
        task="tallest",
        scene=scene,
        question="Which bar is the tallest?",
        solution=right,
        mistakes=mistaken(right, *others),
        image=draw_bars(rng, heights),
        answer_type="choice",
        choices=tuple(LETTERS),
        steps=4,
    )


def _count(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The circles on a grid, row by row. The systematic mistake: the last one counted twice."""
    while True:
        share = rng.uniform(0.25, 0.9)
        cells = "".join("." if rng.random() > 0.8 else "o" if rng.random() < share else "s" for _ in range(9))
        if accepts(scene := f"grid {cells}"):
            break
    rows = [cells[k : k + 3].count("o") for k in (0, 3, 6)]

    def adds(a: int, b: int, c: int, over: int = 0) -> Solution:
        return Solution(str(total := a + b + c + over), f"Rows {a}, {b}, {c}. {a}+{b}+{c}={total}.")

    right, (a, b, c) = adds(*rows), rows
    shapes = [sum(cell != "." for cell in cells[k : k + 3]) for k in (0, 3, 6)]
    missed = adds(a, b, c, -1) if any(rows) else right
    wrong = mistaken(right, adds(a, b, c, 1), missed, adds(*shapes), adds(a, b, 0), adds(0, b, c), adds(a, b, c, 2))
    question = "How many circles are there?"
    return DrawnQuestion("count", scene, question, right, wrong, draw_shapes(rng, cells), steps=4)


SUITE = DrawnSuite(
    name="figures",
    title="Drawn figures",
    parse=not_read,
    metrics=together(overall, by_category("task")),
    tasks={"read": _read, "sum": _sum, "difference": _difference, "tallest": _tallest, "count": _count},
    test_seed=20260,
)

draw, as_item = SUITE.draw, SUITE.as_item
