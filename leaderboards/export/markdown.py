"""A model's scores as a section of markdown, with all that is needed to recompute them. Texts of rows are escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...harness.errors import UsageError, printable
from ..gather import share
from ..table import Row
from .hub import WHOLE, published_set
from .selection import judged, rows_of, setting, unpublishable, warnings

LONGEST = 200
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = re.compile(r"[\\`*_{}\[\]()#!|~$:@^=\"]|(?<=[wW])\.")
_RECOMPUTE = """\
```
proctor score RUN --protocol PROTOCOL --metrics    # judges the stored responses again, without the model
proctor verify BOARD                               # recomputes every row of a board from its evidence
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
            share(text, name) for text, name in ((row.score, "score"), (row.ci_low, "ci_low"), (row.ci_high, "ci_high"))
        )
        interval = "" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"
        cells = [
            escaped(row.suite),
            _items(row),
            escaped(row.metric),
            f"{100 * (score or 0.0):.1f}",
            interval,
            str(row.n),
            escaped(judged(row)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _items(row: Row) -> str:
    """How many items were asked, and which published set they are the size of."""
    name = published_set(row.suite, row.items)
    if name is None:
        return f"{row.items} (no published set)"
    part = name not in WHOLE.get(row.suite, (name,))
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
