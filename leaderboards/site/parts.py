"""What pages are made of, as HTML: every text of others is escaped here, and nowhere a page runs or loads anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from ...harness.errors import printable
from ...harness.report.text import points
from ..page.standing import FEW_ITEMS, Cell, Change

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
.site { max-width: 76rem; margin: 0 auto; padding: 0 var(--gap) 3rem; }
.site section { padding-top: 2.2rem; }
.site h1 { margin-top: 2rem; }
.site .facts { max-width: 46rem; margin-top: 1rem; }
.site .found + section { padding-top: 1.6rem; }
.site h3 { margin: 1.4rem 0 .3rem; }
.site .detail { display: block; color: var(--muted); font-size: .8rem; }
.site ul.suites { list-style: none; display: flex; flex-wrap: wrap; gap: .8rem 2rem; margin-top: .6rem; }
.site .board th { min-width: 8rem; max-width: 22rem; overflow-wrap: anywhere; white-space: normal; }
.site .board thead th { overflow-wrap: normal; }
.site .board thead th:not(:first-child) { min-width: 0; }
.site .numbers td { min-width: 0; }
.site .change, .site .spread { text-decoration: none; }
.site .box + p, .site section + p, .site section + .note { margin-top: 1.2rem; }
.site td .change { display: inline-block; }
.site .spread { display: block; margin-left: 0; }
body > .top:has(+ .site) { padding-inline: max(var(--gap), calc((100vw - 76rem) / 2 + var(--gap))); }
bdi { overflow-wrap: anywhere; }
"""


class Html(str):
    """HTML whose texts are escaped."""

    __slots__ = ()


def text(value: object) -> Html:
    """A text as HTML; control characters are shown as they are written in Python."""
    return Html(escape(printable(str(value).encode("utf-8", "backslashreplace").decode())))


def name(value: str) -> Html:
    """A name of others, which may be written from right to left, and be broken anywhere."""
    return Html(f"<bdi>{text(value)}</bdi>")


def link(to: str, shown: Html) -> Html:
    """A link to a file of the site, or to an address in it."""
    return Html(f'<a href="{escape(to)}">{shown}</a>')


def table(caption: str, heads: Sequence[Html | str], rows: Iterable[Sequence[Html | str]], kind: str = "") -> Html:
    """A table whose first cells head the rows; strings are texts."""
    head = "".join(f'<th scope="col">{_html(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{_html(first)}</th>{"".join(f"<td>{_html(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    label = text(caption)
    return Html(
        f'<div class="box" tabindex="0" role="region" aria-label="{label}"><table class="board {kind}">'
        f'<caption class="unseen">{label}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _html(cell: Html | str) -> Html:
    return cell if isinstance(cell, Html) else text(cell)


def facts(pairs: Iterable[tuple[str, Html | str]]) -> Html:
    """Names and values; those without a value are left out."""
    shown = "".join(f"<dt>{text(key)}</dt><dd>{_html(value)}</dd>" for key, value in pairs if value)
    return Html(f'<dl class="facts">{shown}</dl>')


def bounds(low: float, high: float, *, signed: bool = False) -> str:
    """An interval in percent, or in points; "" for one that says nothing."""
    if low <= (-1 if signed else 0) and high >= 1:
        return ""
    return f"[{points(low, signed=signed)}, {points(high, signed=signed)}]".replace("-", "−")


def score(cell: Cell | None, items: int) -> Html:
    """A score with its interval, as numbers and as a bar; of few items how many were right. Then the seeds' deviation."""
    if cell is None:
        return Html('<span class="empty">–</span>')
    shown = f"{cell.right} of {cell.total}" if items < FEW_ITEMS else points(cell.value)
    told = cell.spread is not None and items >= FEW_ITEMS
    spread = f'<span class="spread">seeds ± {points(cell.spread or 0.0)}</span>' if told else ""
    left, width = 100 * cell.low, 100 * (cell.high - cell.low)
    return Html(
        f'<span class="score">{shown}</span><span class="range">{bounds(cell.low, cell.high)}</span>'
        f'<span class="bar" aria-hidden="true"><span class="span" style="left:{left:.2f}%;width:{width:.2f}%"></span>'
        f'<span class="dot" style="left:{100 * cell.value:.2f}%"></span></span>{spread}'
    )


def change(one: Change | None) -> Html:
    """A paired difference with its interval; in colour where it is shown."""
    if one is None:
        return Html("")
    found = one.difference
    kind = f" sure {'up' if found.value > 0 else 'down'}" if one.shown else ""
    return Html(
        f'<span class="change{kind}">{points(found.value, signed=True).replace("-", "−")}</span>'
        f'<span class="range">{bounds(found.low, found.high, signed=True)}</span>'
    )


def ranks(cell: Cell | None) -> str:
    """The range of ranks."""
    if cell is None:
        return "–"
    best, worst = cell.ranks
    return str(best) if best == worst else f"{best}–{worst}"


def page(title: str, site: str, up: str, body: Iterable[Html], said: str = "") -> bytes:
    """A whole page. `site` is the site's title, `up` leads to the site's folder, `said` describes the page."""
    style = (files("proctor.leaderboards.page") / "parts" / "style.css").read_text("utf-8")
    described = f'<meta name="description" content="{text(said)}">' if said else ""
    links = (
        ("index.html", "Leaderboard"),
        ("answers.html#answers", "Answers"),
        ("board.csv", "CSV"),
        ("board.json", "JSON"),
    )
    items = "".join(f"<li>{link(up + to, text(shown))}</li>" for to, shown in (*links, ("feed.xml", "Feed")))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'{described}<link rel="alternate" type="application/atom+xml" title="{text(site)}" href="{up}feed.xml">'
        f"<style>{_squeezed(style + _STYLE)}</style></head><body>"
        f'<header class="top"><p class="name">{name(site)}</p><nav aria-label="The site"><ul>{items}</ul></nav></header>'
        f'<main class="site">{"".join(body)}</main></body></html>\n'
    ).encode("utf-8", "replace")


def _squeezed(style: str) -> str:
    """The style sheet without its comments and line ends."""
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
