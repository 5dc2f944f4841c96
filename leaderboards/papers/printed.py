"""A printed table with its reproduced numbers, in four formats: every cell is escaped for the format that it is in.

Numbers are in percent. "in" and "out" say whether the printed value lies in the 95% interval of the reproduced one.
"""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

from ...harness.errors import printable
from ...harness.report.csv_cells import to_cell
from .fill import Filled, Reproduced
from .tables import AVERAGE, RECIPE, PrintedRow

UNTRAINED = "proctor eval"
"""What reproduces a row without a recipe."""
LEGEND = (
    "Percent as printed; beside it what complete runs gave, with its 95% interval. in, out: the printed value lies in the "
    "interval or not. *: answers were drawn otherwise than the paper says."
)
CSV_COLUMNS = (
    "recipe",
    "written",
    "column",
    "suite",
    "protocol",
    "metric",
    "items",
    "printed",
    "reproduced",
    "ci_low",
    "ci_high",
    "inside",
    "seeds",
    "steps",
    "drawn_as_printed",
    "runs",
)
MARKDOWN = {**{mark: f"\\{mark}" for mark in "\\|*_`[]~#"}, "<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after a row's end these two would belong to it
    "*": "{*}",
}

WIDTH = 120
"""Characters of a line of notes under a table in text."""

Cell = tuple[str, ...]
"""The lines of a cell."""


def as_text(filled: Filled, written: Mapping[str, int]) -> str:
    """For a terminal: a printed value and, in the same column, what was reproduced over its interval."""
    header: list[Cell] = [(title,) for title in (*_labels(filled), *_titles(filled).values(), RECIPE)]
    rows = [header]
    for number, row in enumerate(filled.table.rows):
        labels = [(printable(label),) for label in row.labels.values()]
        cells = [_stacked(row, key, filled.cells.get((number, key))) for key in _titles(filled)]
        rows.append([*labels, *cells, (_recipe(filled, number, written),)])
    notes = [line for note in _notes(filled, written) for line in textwrap.wrap(printable(note), WIDTH)]
    lines = [*_heading(filled), "", *aligned(rows), "", *notes]
    return "\n".join(lines) + "\n"


def _stacked(row: PrintedRow, key: str, found: Reproduced | None) -> Cell:
    printed = printable(row.cells.get(key, ""))
    if found is None:
        return (printed,)
    value, interval = _numbers(found, row, key)
    return f"{printed:>5}  {value}", f"{'':5}  {interval}"


def aligned(rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Columns side by side, two spaces between them."""
    widths = [max(len(line) for row in rows for line in row[column]) for column in range(len(rows[0]))]
    for row in rows:
        for line in range(max(map(len, row))):
            texts = [cell[line] if line < len(cell) else "" for cell in row]
            yield "  ".join(f"{text:{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()


def as_markdown(filled: Filled, written: Mapping[str, int]) -> str:
    """A table for a document, the reproduced column beside the printed one."""
    labels = list(_labels(filled))
    lines = [_beside(labels, list(_titles(filled).values())), ["---"] * (len(labels) + 2 * len(_titles(filled)) + 1)]
    lines += [_cells(filled, number, written) for number in range(len(filled.table.rows))]
    escape = escaping(MARKDOWN)
    table = ["| " + " | ".join(text if text == "---" else escape(text) for text in line) + " |" for line in lines]
    return "\n\n".join([*map(escape, _heading(filled)), "\n".join(table), *map(escape, _notes(filled, written))]) + "\n"


def as_latex(filled: Filled, written: Mapping[str, int]) -> str:
    """A tabular; what stands around the table is in comments."""
    labels = list(_labels(filled))
    escape = escaping(_LATEX)
    kinds = "l" * len(labels) + "rl" * len(_titles(filled)) + "l"
    body = [
        " & ".join(map(escape, line)) + r" \\"
        for line in (
            _beside(labels, list(_titles(filled).values())),
            *(_cells(filled, number, written) for number in range(len(filled.table.rows))),
        )
    ]
    lines = [
        *(f"% {printable(line)}" for line in (*_heading(filled), *_notes(filled, written))),
        f"\\begin{{tabular}}{{{kinds}}}",
        body[0],
        r"\hline",
        *body[1:],
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _beside(labels: list[str], titles: list[str]) -> list[str]:
    """The header of a table with a reproduced column beside each printed one."""
    return [*labels, *(text for title in titles for text in (title, "reproduced")), RECIPE]


def _cells(filled: Filled, number: int, written: Mapping[str, int]) -> list[str]:
    """The texts of a row of such a table."""
    row = filled.table.rows[number]
    texts = list(row.labels.values())
    for key in _titles(filled):
        found = filled.cells.get((number, key))
        value, interval = _numbers(found, row, key) if found else ("", "")
        texts += [row.cells.get(key, ""), f"{value} ({interval})" if found else ""]
    return [*texts, _recipe(filled, number, written)]


def as_csv(filled: Filled, written: Mapping[str, int]) -> str:
    """One line per cell, printed or reproduced, with all that is known of it."""
    table = filled.table
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["table", *table.rows[0].labels, *CSV_COLUMNS])
    columns = {column.key: (column.suite, column.protocol, column.metric, column.items) for column in table.columns}
    for number, row in enumerate(table.rows):
        for key in _titles(filled):
            found = filled.cells.get((number, key))
            if found is None and key not in row.cells:
                continue
            recipe = found.recipe if found else row.recipe
            is_written = recipe in written if recipe else ""
            about = [recipe, is_written, key, *columns.get(key, ("",) * 4), row.cells.get(key, "")]
            lines.writerow(
                [to_cell(str(cell)) for cell in (table.name, *row.labels.values(), *about, *_measured(found))]
            )
    return text.getvalue()


def _measured(found: Reproduced | None) -> list[str]:
    """The last eight columns of the CSV."""
    if found is None:
        return [""] * 8
    shares = (found.draw.value, found.draw.low, found.draw.high)
    steps = (str(step) for step in found.steps if step is not None)
    return [
        *(f"{100 * share:.4f}" for share in shares),
        "" if found.inside is None else str(found.inside),
        " ".join(map(str, found.seeds)),
        " ".join(steps),
        str(found.as_printed),
        " ".join(found.runs),
    ]


def escaping(marks: Mapping[str, str]) -> Callable[[str], str]:
    """What spells out control characters, and then each mark as it is in the map."""
    table = str.maketrans(dict(marks))
    return lambda text: printable(text).translate(table)


def _labels(filled: Filled) -> Iterator[str]:
    return (key.replace("_", " ") for key in filled.table.rows[0].labels)


def _titles(filled: Filled) -> dict[str, str]:
    """The columns of numbers with their headings."""
    titles = {column.key: column.title for column in filled.table.columns}
    return titles | ({AVERAGE: "Avg"} if filled.table.average else {})


def _recipe(filled: Filled, number: int, written: Mapping[str, int]) -> str:
    """The recipe that a row's numbers are of, or, without any, the one that would give them."""
    row = filled.table.rows[number]
    if not row.recipe:
        return UNTRAINED
    recipe = next((found.recipe for (place, _), found in filled.cells.items() if place == number), row.recipe)
    return recipe if recipe in written else f"{recipe} (not written yet)"


def _numbers(found: Reproduced, row: PrintedRow, key: str) -> tuple[str, str]:
    """The value with its marks, and the interval, to the decimals of the printed cell."""
    decimals = len(row.cells.get(key, "0.00").partition(".")[2])
    value, low, high = (f"{100 * share:.{decimals}f}" for share in (found.draw.value, found.draw.low, found.draw.high))
    marks = {True: " in", False: " out", None: ""}[found.inside]
    seeds = f", {len(found.seeds)} seeds" if len(found.seeds) > 1 else ""
    return f"{value}{'' if found.as_printed else '*'}{marks}{seeds}", f"{low} to {high}"


def _heading(filled: Filled) -> list[str]:
    table = filled.table
    return [f"{table.name}: {table.title} ({table.paper.title}, arXiv {table.paper.arxiv}, table {table.number})"]


def _notes(filled: Filled, written: Mapping[str, int]) -> list[str]:
    """What the columns are, and which checkpoints the reproduced numbers are of."""
    table = filled.table
    columns = [f"{one.title}: {one.suite}, {one.protocol}, {one.metric}, {one.items} items" for one in table.columns]
    made = dict.fromkeys(
        f"{table.rows[number].name}: trained by {found.recipe}, {_trained(found, written[found.recipe])}"
        for (number, _), found in sorted(filled.cells.items())
        if found.recipe
    )
    return [LEGEND, "; ".join(columns), *made]


def _trained(found: Reproduced, steps: int) -> str:
    return ", ".join(f"seed {seed} step {step} of {steps}" for seed, step in zip(found.seeds, found.steps, strict=True))


FORMATS: Mapping[str, Callable[[Filled, Mapping[str, int]], str]] = {
    "text": as_text,
    "csv": as_csv,
    "markdown": as_markdown,
    "latex": as_latex,
}
