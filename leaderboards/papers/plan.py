"""The plan: every row of the papers' tables with what it takes, what it is estimated to cost, and how far it is.

A system that stands in several tables is trained once, and asked once for each suite and protocol: totals count it once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ...harness.types import Json
from .cost import Assumptions, Cost, Work, examination_cost, training_cost
from .fill import Filled
from .rows import Place, places
from .tables import Column, Table

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
class Training:
    """A training directory of a recipe: its seed, the step of its last checkpoint, and how far it is."""

    path: str
    seed: int
    step: int
    state: State


@dataclass(frozen=True)
class Known:
    """What there is: recipes with their work, trainings by recipe, and tables by name as runs and as boards fill them."""

    written: Mapping[str, Work]
    trainings: Mapping[str, Sequence[Training]] = field(default_factory=dict)
    runs: Mapping[str, Filled] = field(default_factory=dict)
    boards: Mapping[str, Filled] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A row of the plan. `counted_with`: an earlier row of the plan with the same system; `training` None: none is known.

    `examination` has a cost for each suite and protocol.
    """

    place: Place
    state: State
    training: Cost | None
    examination: Mapping[tuple[str, str], Cost]
    trainings: tuple[Training, ...]
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


def _planned(place: Place, known: Known, assumed: Assumptions, before: str | None) -> Planned:
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


def asked_of(place: Place) -> list[Column]:
    """The columns that the row has a printed number in, one for each suite and protocol."""
    columns = {(one.suite, one.protocol): one for one in place.table.columns if one.key in place.row.cells}
    return list(columns.values())


def _state(place: Place, known: Known) -> State:
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


def _examined(place: Place, filled: Filled, written: Mapping[str, Work]) -> bool:
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
