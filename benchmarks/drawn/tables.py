"""Written numbers: a table of nine digits, a row of which is added, and a sequence that is continued."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .digits import write
from .picture import BLUE, INK, SIDE, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import choose_wording

_CELL = SIDE // 3


def table(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The sum of a row. The systematic mistake: that of the column of the same number."""
    while True:
        digits = [rng.randint(1, 9) for _ in range(9)]
        row = rng.randrange(3)
        across, down = digits[3 * row : 3 * row + 3], digits[row::3]
        if sum(across) != sum(down) and accepts(scene := "table " + "".join(map(str, digits))):
            break
    say = choose_wording(rng)

    def adds(numbers: Sequence[int], over: int = 0) -> Solution:
        a, b, c = numbers
        total = a + b + c + over
        sums = (
            f"{a}, {b}, {c}. {a}+{b}={a + b}. {a + b}+{c}={total}.",
            f"{a}，{b}，{c}。{a}+{b}={a + b}。{a + b}+{c}={total}。",
        )
        return Solution(str(total), say(*sums))

    right = adds(across)
    others = [adds(digits[3 * other : 3 * other + 3]) for other in range(3)]
    pixels = blank()
    for line in (_CELL, 2 * _CELL):
        pixels[line], pixels[:, line] = 2, 2
    for place, digit in enumerate(digits):
        y, x = (_CELL * part + _CELL // 2 + rng.randint(-1, 1) for part in divmod(place, 3))
        write(pixels, str(digit), (x, y), 3, 1)
    return DrawnQuestion(
        task="table",
        scene=scene,
        question=say(f"What is the sum of row {row + 1}?", f"第{row + 1}行的和是多少？"),
        solution=right,
        mistakes=mistaken(right, adds(down), *others, adds(across, 1), adds(across, -1), adds(across, 10)),
        image=encode_png(pixels, (background(rng), BLUE, INK)),
        language=say.language,
        steps=5,
    )


def sequence(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The number after three. The systematic mistake: the one after that."""
    while True:
        first, step = rng.randint(1, 30), rng.randint(2, 9)
        if accepts(scene := f"sequence {first} {step}"):
            break
    say = choose_wording(rng)
    numbers = [first, first + step, first + 2 * step]
    last = numbers[-1]

    def continues(by: int, over: int = 0) -> Solution:
        shown = say(", ", "，").join(map(str, numbers))
        steps = shown, f"{numbers[1]}-{first}={by}", f"{last}+{by}={last + by + over}"
        return Solution(str(last + by + over), say("{}. {}. {}.", "{}。{}。{}。").format(*steps))

    right = continues(step)
    further = f"{last + step}+{step}={last + 2 * step}"
    twice = Solution(str(last + 2 * step), right.worked + say(f" {further}.", f"{further}。"))
    slips = [continues(step, -1), continues(step, 1), continues(step + 1), continues(step - 1), continues(step, 10)]
    pixels = blank()
    for place, number in enumerate(numbers):
        centre = _CELL * place + _CELL // 2 + rng.randint(-1, 1), SIDE // 2 + rng.randint(-1, 1)
        write(pixels, str(number), centre, 2, 1)
    return DrawnQuestion(
        task="sequence",
        scene=scene,
        question=say("Which number comes next?", "下一个数是多少？"),
        solution=right,
        mistakes=mistaken(right, twice, *slips),
        image=encode_png(pixels, (background(rng), BLUE)),
        language=say.language,
        steps=5,
    )
