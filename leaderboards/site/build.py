"""The folder of a site. It is written over an earlier site, and over nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from ...harness.errors import UsageError
from ...harness.files import write_output
from ..board.evidence import BOARD, is_board, run_folders
from ..board.table import read_csv
from ..page import document
from ..page.run_view import read_run_view
from . import pages
from .contents import Contents, read_contents
from .feed import as_json, atom

MARK = "board.json"
"""The file by which a site is known; written last."""
FOLDERS = ("models", "suites", "comparisons")


def build_site(board: Path, out: Path, title: str, url: str, progress: Callable[[str, int, int], None]) -> Contents:
    """Write the site of a board's folder into `out`; returns what it shows.

    `url` is the site's public address with a slash at its end, or "". Raises UsageError for what is no board, or an `out`
    that holds other files, DataError for damaged evidence, MissingExtraError without the package of the charts.
    """
    if not is_board(board):
        raise UsageError(
            f"{board} is no board: it has no {BOARD}; make one with `proctor board build RUNS --out {board}`"
        )
    _check(out, board)
    further = list(dict.fromkeys(row.protocol for row in read_csv(board / BOARD)))
    with run_folders([board]) as folders:
        views = []
        for number, path in enumerate(folders, start=1):
            views.append(read_run_view(path, further))
            progress("read the board", number, len(folders))
        site = read_contents(title, url, version("proctor"), views)
        options = document.PageOptions(title=title, protocols=further, home="index.html")
        answers = list(document.page(folders, options, progress=progress))
    (out / MARK).unlink(missing_ok=True)
    written = set()
    for name, content in (*_pages(site), ("answers.html", answers), (BOARD, (board / BOARD).read_bytes())):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        write_output(out / name, content)
        written.add(name)
    for stale in _stale(out, written):
        stale.unlink()
    write_output(out / MARK, as_json(site))
    return site


def _check(out: Path, board: Path) -> None:
    """Raise UsageError for a folder that a site must not be written into."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder: name another with --out")
    if out.is_dir() and any(out.iterdir()) and not ((out / "feed.xml").is_file() and (out / "index.html").is_file()):
        raise UsageError(f"{out} holds other files than a site: name an empty or a new folder with --out")
    if out.resolve() == board.resolve():
        raise UsageError(f"{out} is the board itself: name another folder with --out")


def _pages(site: Contents) -> Iterator[tuple[str, bytes | Iterable[bytes]]]:
    yield "index.html", pages.index(site)
    yield from ((site.model_file(entry), pages.model(site, entry)) for entry in range(len(site.entries)))
    yield from ((site.suite_file(column), pages.suite(site, column)) for column in range(len(site.grid.columns)))
    yield from ((site.comparison_file(*pair), pages.comparison(site, *pair)) for pair in site.comparisons())
    yield "feed.xml", atom(site)


def _stale(out: Path, written: set[str]) -> list[Path]:
    """Pages of an earlier site that this one has not."""
    found = [file for folder in FOLDERS for file in sorted((out / folder).glob("*.html"))]
    return [file for file in found if file.relative_to(out).as_posix() not in written]
