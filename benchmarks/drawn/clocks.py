"""A clock with two hands: the time, to five minutes."""

from __future__ import annotations

import random

from .lines import direction, disc, offsets, ray
from .picture import BLUE, INK, RED, SIDE, background, blank, encode_png
from .question import Accepts, DrawnQuestion, Solution, mistaken
from .wording import choose_wording

_HOURS = 12
_DIAL, _SHORT, _LONG = 40, 20, 34


def clock(rng: random.Random, accepts: Accepts) -> DrawnQuestion:
    """The time. The systematic mistake: the hands taken for each other."""
    while True:
        hour, mark = rng.randint(1, _HOURS), rng.randint(1, _HOURS)
        if hour != mark and accepts(scene := f"clock {hour} {mark}"):
            break
    say = choose_wording(rng)

    def reads(hours: int, at: int) -> Solution:
        minutes = at * 5 % 60
        english = f"The short hand is past {hours}, the long one at {at}. {at}*5={at * 5}."
        chinese = f"短针过{hours}，长针在{at}。{at}*5={at * 5}。"
        return Solution(f"{hours}:{minutes:02}", say(english, chinese))

    def wraps(number: int) -> int:
        return (number - 1) % _HOURS + 1

    right = reads(hour, mark)
    near = [(wraps(hour + 1), mark), (hour, wraps(mark + 1)), (hour, wraps(mark - 1)), (wraps(hour - 1), mark)]
    return DrawnQuestion(
        task="clock",
        scene=scene,
        question=say("What time does the clock show?", "钟面上是几点几分？"),
        solution=right,
        mistakes=mistaken(right, reads(mark, hour), *(reads(*pair) for pair in near)),
        image=_draw(rng, hour, mark),
        answer_type="time",
        language=say.language,
        steps=3,
    )


def _draw(rng: random.Random, hour: int, mark: int) -> bytes:
    pixels = blank()
    centre = SIDE // 2, SIDE // 2
    rim = disc(centre, _DIAL) & ~disc(centre, _DIAL - 2)
    x, y = offsets(centre)
    pixels[rim] = 3
    for number in range(_HOURS):
        inner = x * x + y * y >= (_DIAL - (8 if number % 3 == 0 else 5)) ** 2
        pixels[ray(centre, direction(90 - 30 * number), _DIAL, 0) & inner] = 3
    past = 30 * hour + (mark % _HOURS) * 5 / 2
    pixels[ray(centre, direction(90 - 30 * mark), _LONG)] = 2
    pixels[ray(centre, direction(90 - past), _SHORT, 2)] = 1
    return encode_png(pixels, (background(rng), RED, BLUE, INK))
