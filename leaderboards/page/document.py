"""The page: its parts put together, with a policy that lets nothing run but its own scripts and reach no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files
from pathlib import Path

from ...benchmarks.registry import SUITES
from ...harness.errors import MissingExtraError, install
from ...harness.runs.judging import JudgeModel
from ...harness.types import Json
from ..board import known_items
from ..board.known_items import KnownItems
from . import images, overview, run_view, training
from .beside import DataFolder
from .embed import inert, packed, script
from .entries import entries, offered_baselines
from .headline import OWN, headline, references
from .overview import Grid, lay_out, without_copies
from .run_view import RunView, check_protocols, questions, read_run_view
from .standing import Runs, standing

SCRIPTS = (
    *("dom.js", "data.js"),
    *("standing.js", "leaderboard.js", "download.js", "runs.js"),
    *("charts.js", "score_charts.js", "categories.js", "curves.js", "training.js"),
    *("math.js", "rich.js", "rows.js", "list.js", "item.js", "browser.js", "main.js"),
)
"""In this order: each uses what stands before it."""


MATH_PACKAGE = "sphinxcontrib-katex"
"""The package whose file is KaTeX; nothing else of it is used, nor imported."""
MATH_NOTICE = "/*! KaTeX, copyright (c) 2013-2020 Khan Academy and other contributors, MIT License */"


@dataclass(frozen=True)
class PageOptions:
    """How the page is made: its title, further protocols, trainings, baselines by name, and bytes for pictures.

    With `beside`, questions and responses are written there while the page is made. Pictures that are not where their runs
    had them are taken from the `known` items. `home` is the address of the site that the page is a part of, or "".
    """

    title: str = "Results"
    protocols: Sequence[str] = ()
    trainings: Sequence[Path] = ()
    baselines: Sequence[str] = ()
    picture_bytes: int = 24 * 2**20
    beside: DataFolder | None = None
    known: KnownItems = field(default_factory=KnownItems)
    home: str = ""


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
    pieces = _Pieces(options.beside)
    views: list[RunView] = []
    for number, path in enumerate(runs, start=1):
        view = read_run_view(path, options.protocols, referee)
        if not view.complete:
            lacking(path, view.lacks)
        views.append(pieces.keep(view, number, views))
        progress("score the runs", number, len(runs))
    check_protocols(options.protocols, views)
    views = without_copies(views)
    curves = [training.curves(folder) for folder in options.trainings]
    pictures = images.numbered(views)
    first = overview.wrong_or_flipped(views)
    done = iter(range(1, len(pictures) + 1))
    suites = sorted({one.manifest.suite for one in views if one.manifest.suite in SUITES})
    embedded = images.embed(
        pictures,
        first,
        options.picture_bytes,
        lambda _: progress("make pictures small", next(done), len(pictures)),
        lambda: known_items.pictures(options.known, suites),
    )
    numbers = {digest: number for number, digest in enumerate(pictures)}
    grid = lay_out(views)
    shown = {
        **_overview(views, grid, curves, options),
        "pictures": _sizes(embedded),
        "beside": pieces.place,
        "chunk": run_view.CHUNK,
    }
    for number, one in enumerate(overview.question_sets(views).values()):
        pieces.put(f"questions-{number}", packed(questions(one.asked, numbers)))
    for one in views:
        pieces.put_responses(one)
    if options.beside is not None:
        options.beside.finish()
    data = [inert("overview", packed(shown)), *pieces.inside]
    data += [inert(f"picture-{numbers[digest]}", one.data) for digest, one in embedded.items() if one.data]
    yield from _document(options, data, charts)


class _Pieces:
    """Questions and responses on their way into the page, or into the folder beside it."""

    def __init__(self, beside: DataFolder | None) -> None:
        self.beside, self.inside = beside, list[str]()

    @property
    def place(self) -> str:
        """The folder as the page calls it, or ""."""
        return "" if self.beside is None else self.beside.name

    def put(self, name: str, base64_text: str) -> None:
        if self.beside is None:
            self.inside.append(inert(name, base64_text))
        else:
            self.beside.add(name, base64_text)

    def put_responses(self, view: RunView) -> None:
        for n, piece in enumerate(view.responses):
            self.put(f"responses-{view.number}-{n}", piece)

    def keep(self, view: RunView, number: int, others: Sequence[RunView]) -> RunView:
        """The run by its number; its questions are those of another run where they are the same, its responses written."""
        view = replace(view, number=number)
        same = next((one for one in others if one.questions == view.questions and one.asked == view.asked), None)
        if same is not None:
            view = replace(view, asked=same.asked)
        if self.beside is None:
            return view
        self.put_responses(view)
        return replace(view, responses=())


def chart_library() -> str:
    """The code of Vega-Lite. Raises MissingExtraError without the package that holds it."""
    try:
        import vl_convert  # noqa: PLC0415 (only this verb needs it)
    except ImportError:
        raise MissingExtraError(f"the page's charts need the package vl-convert-python: {install('show')}") from None
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def math_library() -> str:
    """The code of KaTeX, which draws formulas; "" without the package that holds it, and then they stay as written."""
    try:
        file = distribution(MATH_PACKAGE).locate_file("sphinxcontrib/katex.min.js")
        code = Path(str(file)).read_text("utf-8")
    except (PackageNotFoundError, OSError):
        return ""
    return f"{MATH_NOTICE}\n{code}"


def _sizes(embedded: dict[str, images.EmbeddedImage]) -> list[Json]:
    return [one.to_json() for one in embedded.values()]


def _overview(
    views: Sequence[RunView], grid: Grid, curves: Sequence[dict[str, Json]], options: PageOptions
) -> dict[str, Json]:
    protocols = list(dict.fromkeys(name for one in views for name in one.judged))
    ranked = entries(views, grid)
    first, offered = offered_baselines(ranked, grid, options.baselines)
    runs = Runs(views, grid, ranked)
    stands = {name: standing(runs, name, offered) for name in protocols}
    own = len({one.base for one in ranked} - {None}) > 1
    modes = {**({OWN: None} if own else {}), **{str(number): number for number in offered}}
    return {
        "version": version("proctor"),
        "protocols": protocols,
        "asked": list(dict.fromkeys(one.manifest.protocol for one in views)),
        "models": grid.models,
        "entries": [one.to_json() for one in ranked],
        "columns": [{"suite": suite, "items": items} for suite, items in grid.columns],
        "baselines": [*modes],
        "baseline": OWN if own and not options.baselines else str(first),
        "runs": overview.runs(views, grid),
        "standings": {
            name: {
                **one.to_json(offered, ranked),
                "headlines": {
                    mode: headline(one, runs, grid, references(ranked, number)) for mode, number in modes.items()
                },
            }
            for name, one in stands.items()
        },
        "trainings": curves,
        "trained": training.seed_groups(curves),
        "checkpoints": training.checkpoints(views, grid, [one["name"] for one in curves]),
    }


def _document(options: PageOptions, data: Sequence[str], charts: str) -> Iterator[bytes]:
    scripts = [script(code) for code in (charts, math_library(), _own_script()) if code]
    sources = " ".join(source for _, source in scripts) + ("" if options.beside is None else " 'strict-dynamic'")
    policy = (
        f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    title = escape(options.title)
    name = f'<a href="{escape(options.home)}">← {title}</a>' if options.home else title
    values = {"policy": policy, "style": _part("style.css"), "title": title, "name": name}
    before, after = _part("page.html").split("<!-- data -->")
    whole = re.sub(r"{{(\w+)}}", lambda name: values[name[1]], before)
    for piece in (whole, *data, *(element for element, _ in scripts), after):
        yield piece.encode("utf-8", "replace")


def _own_script() -> str:
    """The page's scripts as one, in a scope of its own."""
    return '"use strict";\n(() => {\n' + "\n".join(_part(name) for name in SCRIPTS) + "})();\n"


def _part(name: str) -> str:
    return (files(__package__) / "parts" / name).read_text("utf-8")
