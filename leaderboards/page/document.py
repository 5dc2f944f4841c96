"""The page: its parts put together, with a policy that lets nothing run but its own scripts and reach no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from ...harness.errors import MissingExtraError, install
from ...harness.runs.judging import JudgeModel
from ...harness.types import Json
from . import images, overview, training
from .embed import inert, packed, script
from .overview import Grid, baselines, lay_out, without_copies
from .run_view import RunView, check_protocols, questions, read_run_view

SCRIPTS = (
    *("dom.js", "data.js"),
    *("leaderboard.js", "charts.js", "categories.js", "training.js"),
    *("rows.js", "list.js", "item.js", "browser.js", "main.js"),
)
"""In this order: each uses what stands before it."""


@dataclass(frozen=True)
class PageOptions:
    """How the page is made: its title, further protocols, trainings, baselines by name, and bytes for pictures."""

    title: str = "Results"
    protocols: Sequence[str] = ()
    trainings: Sequence[Path] = ()
    baselines: Sequence[str] = ()
    picture_bytes: int = 24 * 2**20


Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""
Lacking = Callable[[Path, str], None]
"""Told each run that has no score under the protocol that asked, and what it lacks."""


def page(
    runs: Sequence[Path],
    options: PageOptions,
    referee: JudgeModel | None = None,
    progress: Progress = lambda *_: None,
    lacking: Lacking = lambda *_: None,
) -> Iterator[bytes]:
    """The page in UTF-8, in pieces; the same runs give the same bytes.

    Raises DataError for damaged runs, UsageError for unknown names, MissingExtraError without the package of the charts.
    """
    charts = chart_library()
    views = []
    for number, path in enumerate(runs, start=1):
        views.append(read_run_view(path, options.protocols, referee))
        if not views[-1].complete:
            lacking(path, views[-1].lacks)
        progress("score the runs", number, len(runs))
    check_protocols(options.protocols, views)
    views = without_copies(views)
    curves = [training.curves(folder) for folder in options.trainings]
    pictures = images.numbered(views)
    first = overview.wrong_or_flipped(views)
    done = iter(range(1, len(pictures) + 1))
    embedded = images.embed(
        pictures, first, options.picture_bytes, lambda _: progress("make pictures small", next(done), len(pictures))
    )
    numbers = {digest: number for number, digest in enumerate(pictures)}
    grid = lay_out(views)
    data = [inert("overview", packed({**_overview(views, grid, curves, options), "pictures": _sizes(embedded)}))]
    for number, one in enumerate(overview.question_sets(views).values()):
        data.append(inert(f"questions-{number}", packed(questions(one.asked, numbers))))
    data += [inert(f"responses-{number}", one.responses) for number, one in enumerate(views)]
    data += [inert(f"picture-{numbers[digest]}", one.data) for digest, one in embedded.items() if one.data]
    yield from _document(options.title, data, charts)


def chart_library() -> str:
    """The code of Vega-Lite. Raises MissingExtraError without the package that holds it."""
    try:
        import vl_convert  # noqa: PLC0415 (only this verb needs it)
    except ImportError:
        raise MissingExtraError(f"the page's charts need the package vl-convert-python: {install('show')}") from None
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _sizes(embedded: dict[str, images.EmbeddedImage]) -> list[Json]:
    return [one.to_json() for one in embedded.values()]


def _overview(views: Sequence[RunView], grid: Grid, curves: Sequence[Json], options: PageOptions) -> dict[str, Json]:
    first = baselines(grid.models, options.baselines)
    offered = overview.choosable(grid.models, first, bool(options.baselines))
    return {
        "version": version("proctor"),
        "protocols": list(dict.fromkeys(name for one in views for name in one.judged)),
        "asked": list(dict.fromkeys(one.manifest.protocol for one in views)),
        "models": grid.models,
        "columns": [{"suite": suite, "items": items} for suite, items in grid.columns],
        "baselines": offered,
        "runs": overview.runs(views, grid),
        "differences": overview.differences(views, grid, offered),
        "trainings": curves,
        "checkpoints": training.checkpoints(views, grid, [one["name"] for one in curves]),
    }


def _document(title: str, data: Sequence[str], charts: str) -> Iterator[bytes]:
    chart_element, chart_source = script(charts)
    own_element, own_source = script(_own_script())
    policy = (
        f"default-src 'none'; script-src {chart_source} {own_source}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    values = {"policy": policy, "style": _part("style.css"), "title": escape(title)}
    before, after = _part("page.html").split("<!-- data -->")
    whole = re.sub(r"{{(\w+)}}", lambda name: values[name[1]], before)
    for piece in (whole, *data, chart_element, own_element, after):
        yield piece.encode("utf-8", "replace")


def _own_script() -> str:
    """The page's scripts as one, in a scope of its own."""
    return '"use strict";\n(() => {\n' + "\n".join(_part(name) for name in SCRIPTS) + "})();\n"


def _part(name: str) -> str:
    return (files(__package__) / "parts" / name).read_text("utf-8")
