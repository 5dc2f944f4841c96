"""An explanation as one self-contained page: no script, no network; everything that a model or a file wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ...harness.report.document import Html, document, table
from ...harness.report.text import interval, points
from ...harness.types import Json
from .explain import Explanation

EXAMPLES = 50

_STYLE = """
.bar { display: inline-block; height: .7em; min-width: 1px; background: var(--good); } .bar.loss { background: var(--bad); }
details { border: 1px solid var(--faint); border-radius: .4rem; padding: .4rem .8rem; margin: .5rem 0; }
summary { cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border-left: .2rem solid var(--faint); padding: .6rem; }
.right { color: var(--good); } .wrong { color: var(--bad); }
"""
_JUDGED = {
    True: '<span class="right">right</span>',
    False: '<span class="wrong">wrong</span>',
    None: "<span>no verdict</span>",
}


def page(explained: Explanation) -> list[bytes]:
    """The page in UTF-8, in pieces."""
    found = explained.to_json(EXAMPLES)
    pieces = document(f"{found['suite']}: why two scores differ", _parts(found), _STYLE)
    return [piece.encode("utf-8", "backslashreplace") for piece in pieces]


def _parts(found: Json) -> Iterator[str]:
    yield _sides(found)
    yield _summary(found)
    for cause in found["causes"]:
        yield f'<section><h2 id="{escape(cause["cause"])}">{escape(cause["cause"])}: {escape(cause["meaning"])}</h2>'
        yield from (_example(one, found) for one in cause["examples"])
        hidden = cause["count"] - len(cause["examples"])
        yield f"<p>{hidden} more are not shown.</p></section>" if hidden else "</section>"


def _sides(found: Json) -> str:
    rows = [
        [name, side["model"], side["protocol"], side["prompt_protocol"], _percent(side["score"]), side["run"]]
        for name, side in (("left", found["left"]), ("right", found["right"]))
    ]
    texts = ("model", "judged by", "asked by", "run")
    return table("The two sides", ("side", *texts[:3], "score", "run"), rows, texts=texts)


def _summary(found: Json) -> str:
    change = found["difference"]
    said = "No answer has a verdict on both sides."
    if change:
        low, high = change["interval"]
        said = (
            f"Right minus left, over {found['judged_by_both']} answers that both sides judge: "
            f"<strong>{points(change['value'], 2, signed=True)} points</strong> "
            f"(95% {interval(low, high, 2, signed=True)}, "
            f"p {change['p']:.2g}). {found['differing']} answers differ; "
            f"{100 * found['named']:.1f}% of them have a named cause."
        )
    largest = max((abs(cause["effect"]) for cause in found["causes"]), default=0) or 1
    head = (
        "cause",
        "answers",
        "right only left",
        "right only right",
        "no verdict",
        "effect, points",
        "size",
        "meaning",
    )
    rows = [_cause_row(cause, largest) for cause in found["causes"]]
    return f"<p>{said}</p>{table('Causes of the difference', head, rows, texts=('size', 'meaning'))}"


def _cause_row(cause: Json, largest: float) -> list[str]:
    width = 6 * abs(cause["effect"]) / largest
    loss = " loss" if cause["effect"] < 0 else ""
    name = escape(cause["cause"])
    return [
        Html(f'<a href="#{name}">{name}</a>'),
        *(str(cause[key]) for key in ("count", "lost", "gained", "no_verdict")),
        f"{100 * cause['effect']:+.2f}",
        Html(f'<span class="bar{loss}" style="width:{width:.2f}rem"></span>'),
        cause["meaning"],
    ]


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
