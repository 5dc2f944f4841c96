"""What is exported of a table: the rows of one model that may be published, and what is said of those that may not."""

from __future__ import annotations

from collections.abc import Sequence

from ...harness.errors import UsageError
from ..table import Row

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
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        raise UsageError(
            f"no row is of model {model!r}; there are: {', '.join(map(repr, names[:NAMED])) or 'none'}{more}"
        )
    weights = {(row.weights, row.configuration) for row in found}
    if len(weights) > 1:
        raise UsageError(
            f"{len(weights)} models with other weights or settings are called {model!r}: name the runs of one of them"
        )
    return found


def unpublishable(row: Row) -> str | None:
    """Why a row's score can not be published, or None."""
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
    return ", ".join(parts)


def judged(row: Row) -> str:
    """The protocol that judged, and whose prompt asked if it was not that protocol's."""
    if row.prompt_protocol == row.protocol:
        return row.protocol
    return f"{row.protocol}, {_asked(row)}"


def _asked(row: Row) -> str:
    return f"asked by the prompt of {row.prompt_protocol or 'unknown'}"


def warnings(row: Row) -> list[str]:
    """What a reader of the score must know: another prompt, a language model's part, items that were trained on."""
    found = []
    if row.prompt_protocol != row.protocol:
        found.append(_asked(row))
    if row.referee:
        found.append(f"{row.referee} judged {row.refereed} answers")
    if row.contamination not in ("", "0"):
        found.append(f"trained on {row.contamination} of the {row.items} items")
    return found
