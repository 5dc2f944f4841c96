"""Tables of numbers as HTML: with a caption, headings that say what they head, and a frame that scrolls."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from ..errors import printable


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
