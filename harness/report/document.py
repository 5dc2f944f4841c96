"""A whole page: self-contained, without scripts, and forbidden to load or run anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from ..errors import printable
from .style import STYLE

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
