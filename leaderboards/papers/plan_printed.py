"""The plan as text, CSV or Markdown. Every estimate is called one."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from ...harness.errors import printable
from .cost import Assumptions
from .plan import Planned, State, Total, total
from .printed import MARKDOWN, WIDTH, aligned, csv_text, escaping
from .tables import AVERAGE, Table

CSV_COLUMNS = (
    "row",
    "table",
    "number",
    "labels",
    "printed",
    "model",
    "recipe",
    "state",
    "counted_with",
    "training_gpu_hours",
    "training_tokens",
    "examination_gpu_hours",
    "examination_tokens",
)
_MILLION = 1e6


def as_text(rows: Sequence[Planned], assumed: Assumptions) -> str:
    """For a terminal: a block for each table, the totals, and what the estimates assume."""
    lines = []
    for table, block in _tables(rows):
        lines += [printable(_heading(table)), ""]
        lines += aligned([[(printable(text),) for text in line] for line in _lines(table, block)])
        lines.append("")
    for note in _notes(total(rows), rows, assumed):
        lines += textwrap.wrap(note, WIDTH, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def as_markdown(rows: Sequence[Planned], assumed: Assumptions) -> str:
    """For a document."""
    escape = escaping(MARKDOWN)
    parts = []
    for table, block in _tables(rows):
        header, *body = _lines(table, block)
        cells = [map(escape, header), ["---"] * len(header), *(map(escape, line) for line in body)]
        parts += [escape(_heading(table)), "\n".join("| " + " | ".join(line) + " |" for line in cells)]
    return "\n\n".join([*parts, *map(escape, _notes(total(rows), rows, assumed))]) + "\n"


def as_csv(rows: Sequence[Planned], assumed: Assumptions) -> str:
    """One line per row, with whole numbers of tokens."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(CSV_COLUMNS)
    for one in rows:
        lines.writerow([csv_text(cell) for cell in _record(one)])
    return text.getvalue()


def _record(one: Planned) -> list[str]:
    place, row = one.place, one.place.row
    examined = one.examination.values()
    trained = (f"{one.training.gpu_hours:.2f}", f"{one.training.tokens:.0f}") if one.training else ("", "")
    return [
        *(place.id, place.table.name, str(place.number), row.name),
        " ".join(f"{key}={value}" for key, value in row.cells.items()),
        *(row.hub, row.recipe, one.state.value, one.counted_with or "", *trained),
        *(f"{one.examination_hours:.2f}", f"{sum(cost.tokens for cost in examined):.0f}"),
    ]


def _tables(rows: Sequence[Planned]) -> Iterator[tuple[Table, list[Planned]]]:
    for _, block in groupby(rows, key=lambda one: one.place.table.name):
        members = list(block)
        yield members[0].place.table, members


def _heading(table: Table) -> str:
    return f"{table.name}: {table.title} (arXiv {table.paper.arxiv}, table {table.number})"


def _lines(table: Table, rows: Sequence[Planned]) -> list[list[str]]:
    """The header, and a line for each row."""
    titles = {column.key: column.title for column in table.columns} | ({AVERAGE: "Avg"} if table.average else {})
    labels = (key.replace("_", " ") for key in table.rows[0].labels)
    costs = ["train GPU h", "exam GPU h", "M tokens"]
    header = ["row", "", *labels, *titles.values(), "recipe", *costs, "state", "counted with"]
    lines = [header]
    for one in rows:
        row = one.place.row
        cells = (row.cells.get(key, "") for key in titles)
        hours = _training_hours(one), f"{one.examination_hours:.1f}"
        known = (one.made_by, *hours, f"{one.tokens / _MILLION:.0f}", _state(one), one.counted_with or "")
        lines.append([one.place.id, str(one.place.number), *row.labels.values(), *cells, *known])
    return lines


def _training_hours(one: Planned) -> str:
    if one.training is None:
        return "?" if one.place.row.recipe else ""
    return f"{one.training.gpu_hours:.1f}"


def _state(one: Planned) -> str:
    """With the last step of the trainings that are under way."""
    steps = [f"seed {found.seed} step {found.step}" for found in one.trainings if found.state == one.state]
    return f"{one.state.value} ({', '.join(steps)})" if steps else one.state.value


def _notes(found: Total, rows: Sequence[Planned], assumed: Assumptions) -> list[str]:
    states = [one.state for one in rows]
    counts = ", ".join(f"{states.count(state)} {state.value}" for state in State if state in states)
    unknown = f", {found.unknown} of them not written yet and so not estimated" if found.unknown else ""
    return [
        f"{len(rows)} rows: {counts}.",
        f"Estimated, each system once: {found.trainings} trainings{unknown}: {found.training_hours:.0f} GPU hours; "
        f"examinations: {found.examination_hours:.0f} GPU hours; {found.tokens / _MILLION:.0f} million tokens.",
        "Hours are those of one GPU, and estimates: nothing of them was measured. Assumed (--assume KEY=VALUE):",
        *assumptions(assumed),
    ]


def assumptions(assumed: Assumptions) -> list[str]:
    """A line for each."""
    return [f"{name} = {value:g}: {meaning}" for name, value, meaning in assumed.told()]


FORMATS: Mapping[str, Callable[[Sequence[Planned], Assumptions], str]] = {
    "text": as_text,
    "csv": as_csv,
    "markdown": as_markdown,
}
