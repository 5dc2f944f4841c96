"""The plan: every row of the papers' tables with what it takes, what it is estimated to cost, and how far it is.

A system that stands in several tables is trained once, and asked once for each suite and protocol: totals count it once.

The plan as text, CSV or Markdown. Every estimate is called one.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from ...harness.errors import printable
from ...harness.report.csv_cells import to_cell
from ...harness.types import Json
from .cost import Assumptions, Cost, Work, examination_cost, training_cost
from .fill import Filled
from .printed import MARKDOWN, WIDTH, aligned, escaping
from .tables import AVERAGE, Column, PaperRow, Table, places

UNSAID_TOKENS = 16384
"""The longest answer where a paper does not say: what MM-UPT allows (arXiv 2505.22453)."""
AS_IT_IS = "as it is: examined only"


class State(StrEnum):
    """How far a row is, from nothing to a published number."""

    NOT_WRITTEN = "not written yet"
    NOT_RUN = "not run"
    STOPPED = "stopped"
    RUNNING = "running"
    TRAINED = "trained"
    EXAMINED = "examined"
    PUBLISHED = "published"


@dataclass(frozen=True)
class PlannedTraining:
    """A training directory of a recipe: its seed, the step of its last checkpoint, and how far it is."""

    path: str
    seed: int
    step: int
    state: State


@dataclass(frozen=True)
class Known:
    """What there is: recipes with their work, trainings by recipe, and tables by name as runs and as boards fill them."""

    written: Mapping[str, Work]
    trainings: Mapping[str, Sequence[PlannedTraining]] = field(default_factory=dict)
    runs: Mapping[str, Filled] = field(default_factory=dict)
    boards: Mapping[str, Filled] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A row of the plan. `counted_with`: an earlier row of the plan with the same system; `training` None: none is known.

    `examination` has a cost for each suite and protocol.
    """

    place: PaperRow
    state: State
    training: Cost | None
    examination: Mapping[tuple[str, str], Cost]
    trainings: tuple[PlannedTraining, ...]
    counted_with: str | None

    @property
    def made_by(self) -> str:
        """The recipe, or that there is none."""
        return self.place.row.recipe or AS_IT_IS

    @property
    def examination_hours(self) -> float:
        """GPU hours of its examinations."""
        return sum(one.gpu_hours for one in self.examination.values())

    @property
    def tokens(self) -> float:
        """Of training and examinations."""
        return sum(one.tokens for one in (*filter(None, [self.training]), *self.examination.values()))

    def to_json(self) -> Json:
        """For machines, with the parts of the estimate."""
        row = self.place.row
        return {
            "id": self.place.id,
            "table": self.place.table.name,
            "number": self.place.number,
            "labels": dict(row.labels),
            "printed": dict(row.cells),
            "model": row.hub,
            "recipe": row.recipe or None,
            "state": self.state.value,
            "counted_with": self.counted_with,
            "trainings": [dataclasses.asdict(one) | {"state": one.state.value} for one in self.trainings],
            "training": self.training.to_json() if self.training else None,
            "examination": [
                {"suite": suite, "protocol": protocol, **cost.to_json()}
                for (suite, protocol), cost in self.examination.items()
            ],
        }


@dataclass(frozen=True)
class Total:
    """All rows of a plan, each system counted once; `unknown` trainings have no recipe yet, and so no estimate."""

    trainings: int
    unknown: int
    training_hours: float
    examination_hours: float
    tokens: float


def make_plan(tables: Iterable[Table], known: Known, assumed: Assumptions) -> list[Planned]:
    """The rows of the tables, in order."""
    first: dict[str, str] = {}
    rows: list[Planned] = []
    for place in (place for table in tables for place in places(table)):
        before = first.setdefault(place.system, place.id)
        rows.append(_planned(place, known, assumed, None if before == place.id else before))
    return rows


def total(rows: Sequence[Planned]) -> Total:
    """What the whole plan costs."""
    trained = {one.place.system: one.training for one in rows if one.place.row.recipe}
    asked = {(one.place.system, *key): cost for one in rows for key, cost in one.examination.items()}
    costs = [cost for cost in trained.values() if cost]
    return Total(
        len(trained),
        len(trained) - len(costs),
        sum(one.gpu_hours for one in costs),
        sum(one.gpu_hours for one in asked.values()),
        sum(one.tokens for one in (*costs, *asked.values())),
    )


def _planned(place: PaperRow, known: Known, assumed: Assumptions, before: str | None) -> Planned:
    row, table = place.row, place.table
    work = known.written.get(row.recipe)
    length = table.paper.max_tokens or UNSAID_TOKENS
    return Planned(
        place,
        _state(place, known),
        training_cost(work, row.hub, assumed) if work else None,
        {(one.suite, one.protocol): examination_cost(one.items, length, row.hub, assumed) for one in asked_of(place)},
        tuple(known.trainings.get(row.recipe, ())),
        before,
    )


def asked_of(place: PaperRow) -> list[Column]:
    """The columns that the row has a printed number in, one for each suite and protocol."""
    columns = {(one.suite, one.protocol): one for one in place.table.columns if one.key in place.row.cells}
    return list(columns.values())


def _state(place: PaperRow, known: Known) -> State:
    for filled, state in ((known.boards, State.PUBLISHED), (known.runs, State.EXAMINED)):
        if place.table.name in filled and _examined(place, filled[place.table.name], known.written):
            return state
    recipe = place.row.recipe
    if not recipe:
        return State.NOT_RUN
    if recipe not in known.written:
        return State.NOT_WRITTEN
    order = list(State)
    return max((one.state for one in known.trainings.get(recipe, ())), key=order.index, default=State.NOT_RUN)


def _examined(place: PaperRow, filled: Filled, written: Mapping[str, Work]) -> bool:
    """True if one seed's final checkpoint, or the model as it is, has a run for every printed column."""
    work = written.get(place.row.recipe)
    final = work.steps if work else None
    seeds = []
    for column in place.table.columns:
        if column.key not in place.row.cells:
            continue
        cell = filled.cells.get((place.number - 1, column.key))
        found = zip(cell.seeds, cell.steps, strict=True) if cell else ()
        seeds.append({seed for seed, step in found if step == final})
    return bool(seeds and set.intersection(*seeds))


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


def plan_as_text(rows: Sequence[Planned], assumed: Assumptions) -> str:
    """For a terminal: a block for each table, the totals, and what the estimates assume."""
    lines = []
    for table, block in _tables(rows):
        lines += [printable(_heading(table)), ""]
        lines += aligned([[(printable(text),) for text in line] for line in _lines(table, block)])
        lines.append("")
    for note in _notes(total(rows), rows, assumed):
        lines += textwrap.wrap(note, WIDTH, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def plan_as_markdown(rows: Sequence[Planned], assumed: Assumptions) -> str:
    """For a document."""
    escape = escaping(MARKDOWN)
    parts = []
    for table, block in _tables(rows):
        header, *body = _lines(table, block)
        cells = [map(escape, header), ["---"] * len(header), *(map(escape, line) for line in body)]
        parts += [escape(_heading(table)), "\n".join("| " + " | ".join(line) + " |" for line in cells)]
    return "\n\n".join([*parts, *map(escape, _notes(total(rows), rows, assumed))]) + "\n"


def plan_as_csv(rows: Sequence[Planned], assumed: Assumptions) -> str:
    """One line per row, with whole numbers of tokens."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(CSV_COLUMNS)
    for one in rows:
        lines.writerow([to_cell(cell) for cell in _record(one)])
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
        known = (one.made_by, *hours, f"{one.tokens / _MILLION:.0f}", _state_text(one), one.counted_with or "")
        lines.append([one.place.id, str(one.place.number), *row.labels.values(), *cells, *known])
    return lines


def _training_hours(one: Planned) -> str:
    if one.training is None:
        return "?" if one.place.row.recipe else ""
    return f"{one.training.gpu_hours:.1f}"


def _state_text(one: Planned) -> str:
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
    "text": plan_as_text,
    "csv": plan_as_csv,
    "markdown": plan_as_markdown,
}
