"""The courses of a simulation as one self-contained page: no script, no network, a table beside every chart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape

from ...harness.report.charts import Series, legend, line_chart
from ...harness.report.charts import steps as steps_axis
from ...harness.report.document import COLOURS, document, table
from .policy import Floats
from .simulate import WATCHED, Settings, Simulation

SHOWN_STEPS = 5
MOST_POINTS = 400
MOST_CURVES = 2 * COLOURS
"""More curves in one chart could not be followed."""
_TITLE = "What training would do"


def page(run: str, settings: Settings, courses: Mapping[str, Simulation]) -> str:
    """The page's HTML; `run` is the name of the recorded run."""
    return "".join(document(_TITLE, _sections(run, settings, courses)))


def _sections(run: str, settings: Settings, courses: Mapping[str, Simulation]) -> Iterator[str]:
    first = next(iter(courses.values()))
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.to_json().items())
    yield (
        f"<p>{escape(run)}: a simulation of {first.kinds[0].prompts} prompts, each of "
        f"which starts from its recorded answers and learns from its own groups alone: {escape(chosen)}. What a training's "
        "shared network carries from prompt to prompt is not in it.</p>"
    )
    for name, meaning in WATCHED.items():
        curves = {reward: course.curve(name) for reward, course in courses.items()}
        yield _section(name.replace("_", " "), meaning, curves)
    for kind in first.kinds[1:]:
        curves = {reward: course.curve("accuracy", kind.name) for reward, course in courses.items()}
        yield _section(f"accuracy, {kind.name}", f"{kind.prompts} prompts that were so when recorded", curves)


def _section(name: str, meaning: str, curves: Mapping[str, Floats]) -> str:
    """A heading, the curves, and their values at some steps, the first and the last among them."""
    last = len(next(iter(curves.values()))) - 1
    steps = sorted({round(k * last / SHOWN_STEPS) for k in range(SHOWN_STEPS + 1)})
    rows = [[reward, *(f"{values[step]:.3f}" for step in steps)] for reward, values in curves.items()]
    return (
        f"<section><h2>{escape(name)}</h2><p>{escape(meaning)}</p><figure>{_chart(f'{name} over steps', curves)}</figure>"
        f"{table(f'{name} at steps', ['reward', *map(str, steps)], rows)}</section>"
    )


def _chart(title: str, curves: Mapping[str, Floats]) -> str:
    """The curves at some steps, evenly, the last one among them; the axis goes from 0 to 1, or to a whole number above."""
    last = len(next(iter(curves.values()))) - 1
    stride = -(-(last + 1) // MOST_POINTS)
    places = sorted({*range(0, last + 1, stride), last})
    lines = [
        Series(reward, look, places, [float(values[step]) for step in places])
        for look, (reward, values) in enumerate(curves.items())
    ]
    top = max(1, math.ceil(max(float(values.max()) for values in curves.values()) - 1e-9))
    return line_chart(title, lines, steps_axis(last), (0.0, float(top))) + legend(list(curves))
