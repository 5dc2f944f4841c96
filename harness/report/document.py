"""A whole page: self-contained, without scripts, and forbidden to load or run anything.

The one style sheet of the pages, light and dark.

Tables of numbers as HTML: with a caption, headings that say what they head, and a frame that scrolls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from html import escape

from ..errors import printable

_LIGHT = ("#1f6fb2", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0f766e", "#a16207", "#475569")
_DARK = ("#7cc0f5", "#fb9a5b", "#6fdc8c", "#d2a8ff", "#ff8a8a", "#5fd6c9", "#f0c75e", "#b6c2d2")
_DASHES = ("none", "7 3", "2 3", "10 3 2 3", "14 4 4 4")

COLOURS, DASHES = len(_LIGHT), len(_DASHES)
"""Charts have the colours s0, s1, ... and the dashes d0, d1, ..., the first of which is a whole line."""


def _colours(values: tuple[str, ...]) -> str:
    return " ".join(f"--s{number}: {colour};" for number, colour in enumerate(values))


STYLE = f"""
:root {{ color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #d5d9de; --soft: #5b6570;
  --good: #2e7d32; --bad: #c62828; {_colours(_LIGHT)} }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e9ed; --paper: #15181c; --faint: #3a4149; --soft: #a3adb8;
    --good: #81c784; --bad: #ef9a9a; {_colours(_DARK)} }}
}}
body {{ font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin-top: 2.2rem; }} h2::first-letter {{ text-transform: uppercase; }}
.wide {{ overflow-x: auto; margin: 1rem 0; }} figure {{ margin: 1rem 0; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; color: var(--soft); padding-bottom: .3rem; }}
th, td {{ padding: .25rem .7rem; border-bottom: 1px solid var(--faint); text-align: right; white-space: nowrap; }}
thead th {{ vertical-align: bottom; white-space: pre-line; overflow-wrap: normal; }}
tbody th, thead th:first-child {{ text-align: left; }} tbody th {{ min-width: 9rem; max-width: 16rem; white-space: normal; }}
th.text, td.text {{ text-align: left; }} td.text {{ white-space: normal; min-width: 6rem; }}
td small {{ display: block; color: var(--soft); }}
.chart {{ max-width: 100%; height: auto; font-size: 12px; }} .chart text {{ fill: var(--ink); }}
.grid {{ stroke: var(--faint); }}
.line {{ fill: none; stroke-width: 2; }} .thin {{ stroke-width: 1; opacity: .6; }}
.legend {{ list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; }}
{" ".join(f".s{number} {{ stroke: var(--s{number}); }}" for number in range(COLOURS))}
{" ".join(f".d{number} {{ stroke-dasharray: {dash}; }}" for number, dash in enumerate(_DASHES))}
"""


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, body: Iterable[str], style: str = "") -> Iterator[str]:
    """The page in pieces: `title`, which is text, also as its heading, and below it `body`, which is HTML.

    `style` is CSS of the page's own, after the common one; neither it nor `body` may hold unescaped text of others.
    """
    name = escape(printable(title))
    yield (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}{style}</style></head><body><main><h1>{name}</h1>"
    )
    yield from body
    yield "</main></body></html>\n"


class Html(str):
    """A cell that is HTML already, with everything escaped in it that others wrote; any other cell is text."""

    __slots__ = ()


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, texts: Collection[str] = ()) -> str:
    """A table; the first of a row's cells heads it. Cells are right-aligned but in the columns named in `texts`."""
    name = escape(printable(caption))
    kinds = [' class="text"' if column in texts else "" for column in columns]
    head = "".join(f'<th scope="col"{kind}>{escape(column)}</th>' for column, kind in zip(columns, kinds, strict=True))
    body = "".join(_row(row, kinds) for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{name}"><table>'
        f"<caption>{name}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Sequence[str], kinds: Sequence[str]) -> str:
    first, *rest = map(_html, row)
    cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
    return f'<tr><th scope="row">{first}</th>{cells}</tr>'


def _html(cell: str) -> str:
    return cell if isinstance(cell, Html) else escape(printable(cell))
