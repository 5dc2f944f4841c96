"""The courses of a simulation as one self-contained page: no script, no network, a table beside every chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ..bench.style import STYLE
from .chart import steps_chart
from .course import WATCHED, Course, Settings
from .prompts import Floats

SHOWN_STEPS = 5
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(run: str, settings: Settings, courses: Mapping[str, Course]) -> str:
    """The page's HTML; `run` is the name of the recorded run."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>What training would do</title>'
        f"<style>{STYLE}</style>"
    )
    body = "".join(_sections(run, settings, courses))
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def _sections(run: str, settings: Settings, courses: Mapping[str, Course]) -> Iterator[str]:
    first = next(iter(courses.values()))
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.to_json().items())
    yield (
        f"<h1>What training would do</h1><p>{escape(run)}: a simulation of {first.kinds[0].prompts} prompts, each of "
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
    rows = {reward: [f"{values[step]:.3f}" for step in steps] for reward, values in curves.items()}
    chart = steps_chart(f"{name} over steps", {reward: values.tolist() for reward, values in curves.items()})
    return (
        f"<section><h2>{escape(name)}</h2><p>{escape(meaning)}</p><figure>{chart}</figure>"
        f"{_table(f'{name} at steps', ['reward', *map(str, steps)], rows)}</section>"
    )


def _table(caption: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for label, cells in rows.items()
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
