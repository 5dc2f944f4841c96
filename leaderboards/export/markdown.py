"""A model's scores as a section of markdown, with all that is needed to recompute them. Texts of rows are escaped.

What is exported of a table: the rows of one model that may be published, and what is said of those that may not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ...benchmarks.subset import is_bundled
from ...harness.errors import UsageError, printable
from ...harness.report.text import first_of, interval, points
from ..board.load_rows import as_share
from ..board.table import Row
from .hub import published_set

COMPLETE = "complete"
HEADLINE = "accuracy"
"""The metric that every suite has."""
NAMED = 10
"""So many models are named where the one that was asked for is not there."""


def rows_of(model: str, rows: Sequence[Row]) -> list[Row]:
    """The rows of the model of that name.

    Raises UsageError, naming those there are, if it has none, and if models with other weights bear its name.
    """
    found = [row for row in rows if row.model == model]
    if not found:
        names = sorted({row.model for row in rows})
        raise UsageError(f"no row is of model {model!r}; there are: {first_of(map(repr, names), NAMED) or 'none'}")
    weights = {(row.weights, row.configuration) for row in found}
    if len(weights) > 1:
        raise UsageError(
            f"{len(weights)} models with other weights or settings are called {model!r}: name the runs of one of them"
        )
    return found


def unpublishable(row: Row) -> str | None:
    """Why a row's score cannot be published, or None."""
    if row.status == COMPLETE and row.score:
        return None
    why = "has no defined score" if row.status == COMPLETE else f"is {row.status or 'of unknown status'}"
    return f"{row.suite} under {row.protocol}: run {row.run_id} {why}"


def setting(row: Row) -> str:
    """How the answers were drawn, in words; what is not known is left out."""
    parts = [f"{row.samples} answer{'s' if row.samples > 1 else ''} per item"]
    for name, value in (
        ("temperature", row.temperature),
        ("top_p", row.top_p),
        ("max_tokens", row.max_tokens),
        ("seed", row.seed),
    ):
        parts += [f"{name} {value}"] if value else []
    return ", ".join([*parts, *shaped_by(row.shaping)])


def shaped_by(shaping: str) -> list[str]:
    """What a row's `shaping` says, in words."""
    try:
        found = json.loads(shaping or "{}")
        return [f"{name} {value}" for name, value in found.items()]
    except (ValueError, AttributeError, RecursionError):  # no row of ours
        return [shaping]


def warnings(row: Row) -> list[str]:
    """What a reader of the score must know: another prompt, a language model's part, items that were trained on."""
    found = []
    if row.asked_otherwise:
        found.append(row.asked_otherwise)
    if row.referee:
        found.append(f"{row.referee} judged {row.refereed} answers")
    if row.contamination not in ("", "0"):
        found.append(f"trained on {row.contamination} of the {row.items} items")
    return found


LONGEST = 200
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = re.compile(r"[\\`*_{}\[\]()#!|~$:@^=\"]|(?<=[wW])\.")
_RECOMPUTE = """\
```
proctor score RUN --score-protocol PROTOCOL --metrics    # judges the stored responses again, without the model
proctor board verify BOARD                               # recomputes every row of a board from its evidence
sha256sum RUN/responses.jsonl                      # must be the digest above
```
"""


def escaped(text: str) -> str:
    """A text as it stands, on one line, of which markdown and HTML make nothing else; long ones are cut."""
    line = printable(text)
    if len(line) > LONGEST:
        line = line[: LONGEST - 1] + "…"
    line = re.sub("[&<>]", lambda found: _ENTITIES[found[0]], line)
    return _ACTIVE.sub(lambda found: "\\" + found[0], line)


def section(model: str, rows: Sequence[Row]) -> str:
    """The section on a model: scores with intervals, what was run, how to recompute. Breakdowns by category are left out.

    Raises UsageError if no complete row is of that model, DataError for a row that says something else than a score.
    """
    shown = [row for row in rows_of(model, rows) if not unpublishable(row) and not {"/", "="} & {*row.metric}]
    if not shown:
        raise UsageError(f"model {model!r} has no complete run: finish one before publishing its scores")
    runs = {(row.run_id, row.protocol): row for row in shown}.values()
    said = [
        "## Evaluation\n",
        f"Scores of {escaped(model)} in percent. The 95% intervals allow for items that share a picture or a problem.\n",
        *_table(shown),
        "",
        "What was run:\n",
        *_digests("- ", weights=shown[0].weights, configuration=shown[0].configuration),
        *(line for row in runs for line in _run(row)),
        "",
        "To recompute the scores from the stored responses:\n",
        _RECOMPUTE,
    ]
    return "\n".join(said)


def _table(rows: Sequence[Row]) -> list[str]:
    lines = ["| suite | items | metric | score | 95% interval | n | protocol |", "|---|---|---|---:|---:|---:|---|"]
    for row in rows:
        score, low, high = (
            as_share(text, name)
            for text, name in ((row.score, "score"), (row.ci_low, "ci_low"), (row.ci_high, "ci_high"))
        )
        cells = [
            escaped(row.suite),
            _items(row),
            escaped(row.metric),
            points(score or 0.0),
            "" if low is None or high is None else interval(low, high, clusters=row.clusters),
            str(row.n),
            escaped(row.judged_by),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _items(row: Row) -> str:
    """How many items were asked, and which published set they are the size of."""
    found = published_set(row.suite, row.items)
    if row.subset or is_bundled(row.suite, row.data):
        return escaped(row.of_items)
    if found is None:
        return f"{row.items} (no published set)"
    name, part = found
    return f"{row.items} ({name}{', a part' if part else ''})"


def _run(row: Row) -> list[str]:
    """What was run, in words, and the digests that name it."""
    engine = f"engine {row.engine} {row.engine_version}".rstrip()
    versions = f"protocol version {row.protocol_version}, grader {row.grader_version}, proctor {row.proctor_version}"
    said = [setting(row), *warnings(row), engine, versions]
    return [
        f"- **{escaped(row.suite)}** under {escaped(row.protocol)}, run {escaped(row.run_id)}: "
        f"{'; '.join(map(escaped, said))}",
        *_digests(
            "  - ",
            items=row.data,
            images=row.images,
            prompts=row.prompts,
            responses=row.responses,
            evidence=row.evidence,
        ),
    ]


def _digests(bullet: str, **digests: str) -> list[str]:
    """A line for each digest that is known."""
    return [f"{bullet}{name}: {escaped(digest)}" for name, digest in digests.items() if digest]
