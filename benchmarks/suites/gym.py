"""The gym: drawn questions in English and Chinese, whose answers are of every common kind, to try ways of training on.

Twenty tasks on pictures of 84 x 84 pixels (angles, a ruler, squared paper, strips, bars, shapes, written numbers, points, a
clock). Each has a mistake of its own that is always made in the same way: the end of a bar for its length, the area for the
perimeter, the supplement for the angle. So a base can be made that is wrong in a shared way, or in a scattered one. Scenes,
splits, bytes and streams are as in the figures.
"""

from __future__ import annotations

from ..drawn.angles import angle, kind, supplement, triangle
from ..drawn.bars import above, colour, mean, order
from ..drawn.clocks import clock
from ..drawn.points import point
from ..drawn.rectangles import area, perimeter
from ..drawn.rulers import ruler
from ..drawn.shapes import both, count, ratio
from ..drawn.strips import fraction, percent
from ..drawn.suite import DrawnSuite, not_read
from ..drawn.tables import sequence, table
from ..metrics import by_category, overall, together

SUITE = DrawnSuite(
    name="gym",
    title="Gym",
    parse=not_read,
    metrics=together(overall, by_category("task"), by_category("language"), by_category("steps")),
    tasks={
        "angle": angle,
        "supplement": supplement,
        "kind": kind,
        "triangle": triangle,
        "ruler": ruler,
        "perimeter": perimeter,
        "area": area,
        "fraction": fraction,
        "percent": percent,
        "mean": mean,
        "order": order,
        "colour": colour,
        "above": above,
        "count": count,
        "both": both,
        "ratio": ratio,
        "table": table,
        "sequence": sequence,
        "point": point,
        "clock": clock,
    },
    test_seed=20261,
    labels=("task", "language", "steps"),
)
