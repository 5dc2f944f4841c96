"""Angles: one that is marked, its supplement on a straight line, its kind, and the third angle of a triangle."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .digits import write
from .lines import direction, ray, sector, segment
from .picture import BLUE, INK, RED, SIDE, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import choose_wording

STEP = 10
OBLIQUE = (*range(20, 90, STEP), *range(100, 170, STEP))
KINDS = (("acute", "锐角"), ("right", "直角"), ("obtuse", "钝角"), ("straight", "平角"))
_ARMS = (26, 36)
_WEDGE, _FIRST, _SECOND = 1, 2, 3
_WEDGE_COLOUR = (250, 190, 120)
_CORNERS = ((42, 22), (12, 58), (72, 58))
_LABELS = ((42, 11), (14, 70), (70, 70))


@dataclass(frozen=True)
class _Angle:
    """An angle of `degrees` whose first arm lies `turn` quarters from the right; `arms` are 0 (short) or 1 (long)."""

    degrees: int
    turn: int
    arms: tuple[int, int]

    @property
    def scene(self) -> str:
        return f"angle {self.degrees} {self.turn} {self.arms[0]}{self.arms[1]}"

    def draw(self, rng: random.Random, *, on_line: bool = False) -> bytes:
        pixels = blank()
        middle = SIDE // 2
        vertex = middle + rng.randint(-2, 2), middle + rng.randint(-2, 2)
        first, second = direction(90 * self.turn), direction(90 * self.turn + self.degrees)
        pixels[sector(vertex, first, second, 18)] = _WEDGE
        pixels[ray(vertex, second, _ARMS[self.arms[1]])] = _SECOND
        pixels[ray(vertex, first, _ARMS[self.arms[0]])] = _FIRST
        if on_line:
            pixels[ray(vertex, (-first[0], -first[1]), _ARMS[self.arms[0]])] = _FIRST
        return encode_png(pixels, (background(rng), _WEDGE_COLOUR, BLUE, RED))


def _draw_angle(rng: random.Random, accepts: Accepts, degrees: tuple[int, ...]) -> _Angle:
    while True:
        angle = _Angle(rng.choice(degrees), rng.randrange(4), (rng.randrange(2), rng.randrange(2)))
        if accepts(angle.scene):
            return angle


def _near(degrees: int) -> list[int]:
    return [degrees + STEP, degrees - STEP, degrees + 2 * STEP, degrees - 2 * STEP]


def angle(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The marked angle. The systematic mistake: the other scale of the protractor, 180 less it."""
    drawn = _draw_angle(rng, accepts, OBLIQUE)
    say = choose_wording(rng)

    def reads(degrees: int) -> Solution:
        return Solution(str(degrees), say(f"It opens {degrees} degrees.", f"张开{degrees}度。"))

    right = reads(drawn.degrees)
    return DrawnQuestion(
        task="angle",
        scene=drawn.scene,
        question=say("How many degrees is the marked angle?", "标出的角是多少度？"),
        solution=right,
        mistakes=mistaken(right, reads(180 - drawn.degrees), *map(reads, _near(drawn.degrees))),
        image=drawn.draw(rng),
        unit=say("degrees", "度"),
        language=say.language,
    )


def supplement(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The unmarked angle on a straight line. The systematic mistake: the marked one."""
    drawn = _draw_angle(rng, accepts, OBLIQUE)
    say = choose_wording(rng)

    def subtracts(degrees: int, whole: int = 180) -> Solution:
        rest = whole - degrees
        worked = (
            f"The marked one is {degrees}. {whole}-{degrees}={rest}.",
            f"标出的是{degrees}。{whole}-{degrees}={rest}。",
        )
        return Solution(str(rest), say(*worked))

    right = subtracts(drawn.degrees)
    marked = Solution(str(drawn.degrees), say(f"The marked one is {drawn.degrees}.", f"标出的是{drawn.degrees}。"))
    wrong = [subtracts(degrees) for degrees in _near(drawn.degrees)]
    return DrawnQuestion(
        task="supplement",
        scene=drawn.scene,
        question=say("How many degrees is the unmarked angle on the line?", "直线上没有标出的角是多少度？"),
        solution=right,
        mistakes=mistaken(right, marked, *wrong, subtracts(drawn.degrees, 190), subtracts(drawn.degrees, 360)),
        image=drawn.draw(rng, on_line=True),
        unit=say("degrees", "度"),
        language=say.language,
        steps=2,
    )


def kind(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The kind of the marked angle, of four options in any order. The systematic mistake: acute for obtuse, and so on."""
    degrees = rng.choice((OBLIQUE[:7], (90,), OBLIQUE[7:], (180,)))
    drawn = _draw_angle(rng, accepts, degrees)
    say = choose_wording(rng)
    names = [say(*name) for name in KINDS]
    choices = tuple(rng.sample(names, len(names)))
    signs = (("less than 90", "小于90度"), ("90", "等于90度"), ("more than 90", "大于90度"), ("180", "等于180度"))

    def calls(place: int) -> Solution:
        letter = "ABCD"[choices.index(names[place])]
        english = f"It opens {drawn.degrees} degrees, {signs[true][0]}: {names[place]}, {letter}."
        return Solution(letter, say(english, f"张开{drawn.degrees}度，{signs[true][1]}：{names[place]}，{letter}。"))

    true = 0 if drawn.degrees < 90 else 1 if drawn.degrees == 90 else 3 if drawn.degrees == 180 else 2
    right, confused = calls(true), calls((2, 0, 0, 2)[true])
    return DrawnQuestion(
        task="kind",
        scene=drawn.scene,
        question=say("What kind of angle is marked?", "标出的是什么角？"),
        solution=right,
        mistakes=mistaken(right, confused, *map(calls, range(4))),
        image=drawn.draw(rng),
        answer_type="choice",
        choices=choices,
        language=say.language,
        steps=3,
    )


def triangle(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The third angle, two being written at their corners. The systematic mistake: their sum, not taken from 180."""
    while True:
        a, b = rng.choice(range(20, 100, STEP)), rng.choice(range(20, 100, STEP))
        asked = rng.randrange(3)
        if a + b not in (90, 170, 180) and a + b < 180 and accepts(scene := f"triangle {a} {b} {asked}"):
            break
    say = choose_wording(rng)
    labels = [str(a), str(b)]
    labels.insert(asked, "?")
    pixels = blank()
    for start, end in ((0, 1), (1, 2), (2, 0)):
        pixels[segment(_CORNERS[start], _CORNERS[end])] = 1
    for label, place in zip(labels, _LABELS, strict=True):
        write(pixels, label, place, 2, 2)

    def subtracts(first: int, second: int, total: int, whole: int = 180) -> Solution:
        steps = f"{first}+{second}={total}", f"{whole}-{total}={whole - total}"
        return Solution(str(whole - total), say("{}. {}.", "{}。{}。").format(*steps))

    right = subtracts(a, b, a + b)
    total = Solution(str(a + b), say(f"{a}+{b}={a + b}.", f"{a}+{b}={a + b}。"))
    slips = [subtracts(a, b, a + b + over) for over in (STEP, -STEP, 2 * STEP) if a + b + over < 180]
    misread = [subtracts(a + STEP, b, a + b + STEP), subtracts(a, b - STEP, a + b - STEP)]
    return DrawnQuestion(
        task="triangle",
        scene=scene,
        question=say("How many degrees is the third angle?", "第三个角是多少度？"),
        solution=right,
        mistakes=mistaken(right, total, *slips, subtracts(a, b, a + b, 360), *misread),
        image=encode_png(pixels, (background(rng), BLUE, INK)),
        unit=say("degrees", "度"),
        language=say.language,
        steps=4,
    )
