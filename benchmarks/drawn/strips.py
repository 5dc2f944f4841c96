"""A strip in equal parts, some shaded: which fraction of it, how many percent of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .picture import BLUE, INK, SIDE, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import choose_wording

FRACTIONS = range(2, 9)
PERCENTS = (4, 5, 10)


def _draw_strip(rng: random.Random, accepts: Accepts, parts: Sequence[int]) -> tuple[int, int, bytes, str]:
    """How many parts are shaded, of how many, the picture and the scene."""
    while True:
        whole = rng.choice(parts)
        shaded = rng.randint(1, whole - 1)
        places = set(rng.sample(range(whole), shaded))
        scene = "strip " + "".join("#" if place in places else "." for place in range(whole))
        if accepts(scene):
            break
    pixels = blank()
    top = 22 + rng.randint(-3, 3)
    edges = [1 + (SIDE - 3) * place // whole for place in range(whole + 1)]
    for place in places:
        pixels[top : top + 40, edges[place] : edges[place + 1]] = 1
    for edge in edges:
        pixels[top : top + 40, edge] = 2
    pixels[[top, top + 40], edges[0] : edges[-1] + 1] = 2
    return shaded, whole, encode_png(pixels, (background(rng), BLUE, INK)), scene


def fraction(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The shaded share as a fraction. The systematic mistake: shaded parts over unshaded ones."""
    shaded, whole, image, scene = _draw_strip(rng, accepts, FRACTIONS)
    say = choose_wording(rng)

    def counts(part: int, of: int) -> Solution:
        return Solution(f"{part}/{of}", say(f"{part} of {of} parts.", f"{of}份中有{part}份。"))

    right = counts(shaded, whole)
    near = [(whole - shaded, whole), (shaded, whole + 1), (shaded + 1, whole), (shaded - 1, whole), (whole, shaded)]
    wrong = [(shaded, whole - shaded), *near, (shaded, whole + 2)]
    return DrawnQuestion(
        task="fraction",
        scene=scene,
        question=say("What fraction of the strip is shaded?", "涂色部分占几分之几？"),
        solution=right,
        mistakes=mistaken(right, *(counts(*pair) for pair in wrong if pair[0] * whole != shaded * pair[1] and pair[0])),
        image=image,
        language=say.language,
        steps=2,
    )


def percent(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The shaded share in percent. The systematic mistake: the number of shaded parts as so many percent."""
    shaded, whole, image, scene = _draw_strip(rng, accepts, PERCENTS)
    say = choose_wording(rng)

    def divides(part: int, of: int) -> Solution:
        share = f"{part}/{of}={100 * part // of}%"
        return Solution(
            f"{100 * part // of}%", say(f"{part} of {of} parts. {share}.", f"{of}份中有{part}份。{share}。")
        )

    right = divides(shaded, whole)
    english, chinese = f"{shaded} of {whole} parts. {shaded}%.", f"{whole}份中有{shaded}份。{shaded}%。"
    number = Solution(f"{shaded}%", say(english, chinese))
    near = [(whole - shaded, whole), (shaded + 1, whole), (shaded - 1, whole), *((shaded, of) for of in PERCENTS)]
    return DrawnQuestion(
        task="percent",
        scene=scene,
        question=say("How many percent of the strip is shaded?", "涂色部分占百分之几？"),
        solution=right,
        mistakes=mistaken(right, number, *(divides(*pair) for pair in near if 0 < pair[0] <= pair[1])),
        image=image,
        unit="%",
        language=say.language,
        steps=3,
    )
