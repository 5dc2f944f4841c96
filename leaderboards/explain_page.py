"""An explanation as one self-contained page: no script, no network; everything that a model or a file wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..harness.types import Json
from .explain import Explanation

EXAMPLES = 50

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --gain: #2e7d32; --loss: #c62828; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: inline-block; height: .7em; min-width: 1px; background: var(--gain); }
.bar.loss { background: var(--loss); }
details { border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; margin: .5rem 0; }
summary { cursor: pointer; } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .6rem; }
.right { color: var(--gain); } .wrong { color: var(--loss); }
"""
_JUDGED = {
    True: '<span class="right">right</span>',
    False: '<span class="wrong">wrong</span>',
    None: "<span>no verdict</span>",
}


def page(found: Explanation) -> list[bytes]:
    """The page in UTF-8, in pieces."""
    return [piece.encode("utf-8", "backslashreplace") for piece in _pieces(found.to_json(EXAMPLES))]


def _pieces(found: Json) -> Iterator[str]:
    title = escape(f"{found['suite']}: why two scores differ")
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
    )
    yield _sides(found)
    yield _summary(found)
    for cause in found["causes"]:
        yield f'<section><h2 id="{escape(cause["cause"])}">{escape(cause["cause"])}: {escape(cause["meaning"])}</h2>'
        yield from (_example(one, found) for one in cause["examples"])
        hidden = cause["count"] - len(cause["examples"])
        yield f"<p>{hidden} more are not shown.</p></section>" if hidden else "</section>"
    yield "</main></body></html>\n"


def _sides(found: Json) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{name}</th><td>{escape(side['model'])}</td><td>{escape(side['protocol'])}</td>"
        f"<td>{escape(side['prompt_protocol'])}</td><td class='number'>{_percent(side['score'])}</td>"
        f"<td>{escape(side['run'])}</td></tr>"
        for name, side in (("left", found["left"]), ("right", found["right"]))
    )
    return (
        "<div class='wide'><table><thead><tr><th></th><th>model</th><th>judged by</th><th>asked by</th>"
        f"<th class='number'>score</th><th>run</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _summary(found: Json) -> str:
    change = found["difference"]
    said = "No answer has a verdict on both sides."
    if change:
        low, high = change["interval"]
        said = (
            f"Right minus left, over {found['judged_by_both']} answers that both sides judge: "
            f"<strong>{100 * change['value']:+.2f} points</strong> (95% {100 * low:+.2f} to {100 * high:+.2f}, "
            f"p {change['p']:.2g}). {found['differing']} answers differ; "
            f"{100 * found['named']:.1f}% of them have a named cause."
        )
    largest = max((abs(cause["effect"]) for cause in found["causes"]), default=0) or 1
    rows = "".join(_cause_row(cause, largest) for cause in found["causes"])
    return (
        f"<p>{said}</p><div class='wide'><table><thead><tr><th>cause</th><th class='number'>answers</th>"
        "<th class='number'>right only left</th><th class='number'>right only right</th><th class='number'>no verdict</th>"
        f"<th class='number'>effect, points</th><th></th><th>meaning</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cause_row(cause: Json, largest: float) -> str:
    width = 6 * abs(cause["effect"]) / largest
    loss = " loss" if cause["effect"] < 0 else ""
    return (
        f"<tr><td><a href='#{escape(cause['cause'])}'>{escape(cause['cause'])}</a></td>"
        f"<td class='number'>{cause['count']}</td><td class='number'>{cause['lost']}</td>"
        f"<td class='number'>{cause['gained']}</td><td class='number'>{cause['no_verdict']}</td>"
        f"<td class='number'>{100 * cause['effect']:+.2f}</td>"
        f"<td><span class='bar{loss}' style='width:{width:.2f}rem'></span></td><td>{escape(cause['meaning'])}</td></tr>"
    )


def _example(one: Json, found: Json) -> str:
    same = one["left"]["response"] == one["right"]["response"]
    sides = "".join(_side(one[name], name, found[name], same and name == "right") for name in ("left", "right"))
    return (
        f"<details><summary>item {escape(one['id'])}, sample {one['sample']}, gold {escape(one['gold'])}</summary>"
        f"<pre>{escape(one['question'])}</pre>{sides}</details>"
    )


def _side(verdict: Json, name: str, side: Json, same: bool) -> str:
    read = "nothing" if verdict["read"] is None else f"<code>{escape(verdict['read'])}</code>"
    response = "<p>(the same response)</p>" if same else f"<pre>{escape(verdict['response'])}</pre>"
    return (
        f"<h3>{name}: {escape(side['protocol'])}: {_JUDGED[verdict['correct']]}</h3>"
        f"<p>It reads {read}; {escape(verdict['reason'])} ({escape(verdict['rule'])}).</p>{response}"
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}%"
