"""What the first view shows of every run: its place among rows and columns, metrics by category, and facts.

`Grid` says which model is a row of the leaderboard and which suite a column; each run has one place of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...benchmarks.subset import suite_of
from ...harness.errors import UsageError
from ...harness.report.told_apart import Told, run_facts, told_apart
from ...harness.types import Json
from .run_view import RunView, short


@dataclass(frozen=True)
class Grid:
    """Rows and columns by name; `of` gives each view's (row, column), in the order of the views."""

    models: Sequence[str]
    columns: Sequence[tuple[str, int]]
    of: Sequence[tuple[int, int]]


def without_copies(views: Sequence[RunView]) -> list[RunView]:
    """One exam of each run: where a run is there twice the complete one."""
    kept: dict[str, RunView] = {}
    for one in views:
        if one.manifest.run_id not in kept or (one.complete and not kept[one.manifest.run_id].complete):
            kept[one.manifest.run_id] = one
    return list(kept.values())


def lay_out(views: Sequence[RunView]) -> Grid:
    """Rows in the order of their names, numbers by size; columns, each a suite with its items, the largest first.

    Runs of one name that asked the same are told apart by what differs between them.
    """
    columns = sorted({one.data for one in views}, key=lambda key: (-_items(views, key), key))
    names = _names(views)
    models = sorted(set(names), key=_natural)
    rows, places = {name: n for n, name in enumerate(models)}, {key: n for n, key in enumerate(columns)}
    return Grid(
        models,
        [(_shown(views, key), _items(views, key)) for key in columns],
        [(rows[name], places[one.data]) for name, one in zip(names, views, strict=True)],
    )


def rows_of(models: Sequence[str], name: str) -> list[int]:
    """The rows of a model, which say in parentheses how they differ. Raises UsageError if there are none."""
    rows = [number for number, model in enumerate(models) if model == name or model.startswith(f"{name} (")]
    if not rows:
        raise UsageError(f"no model is called {name!r}; there are: {', '.join(models)}")
    return rows


def _items(views: Sequence[RunView], data: tuple[str, str]) -> int:
    return next(len(one.asked) for one in views if one.data == data)


def _shown(views: Sequence[RunView], data: tuple[str, str]) -> str:
    """The suite with which of its items were asked; several runs of the same items may have recorded it otherwise."""
    return " or ".join(sorted({suite_of(one.manifest) for one in views if one.data == data}))


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that puts step-9 before step-10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]{1,18})", name)]


def _names(views: Sequence[RunView]) -> list[str]:
    """What each view is called: its model, and what tells it apart from others of that name that asked the same."""
    remarks = told_apart([Told(one.manifest.model_name, one.data, run_facts(one.manifest)) for one in views])
    called = [
        short(one.manifest.model_name or "(no name)") + (f" ({short(told)})" if told else "")
        for one, told in zip(views, remarks, strict=True)
    ]
    taken = Counter((name, one.data) for name, one in zip(called, views, strict=True))
    return [
        name if taken[name, one.data] == 1 else f"{name} [{one.manifest.run_id[:8]}]"
        for name, one in zip(called, views, strict=True)
    ]


def runs(views: Sequence[RunView], grid: Grid) -> list[Json]:
    """Every run: its place, its facts, and what each protocol says of it."""
    sets = {key: number for number, key in enumerate(question_sets(views))}
    return [
        {
            "model": row,
            "column": column,
            "id": one.manifest.run_id,
            "questions": sets[one.questions],
            "responses": one.number,
            "samples": one.manifest.sampling.n,
            "facts": facts_of(one),
            "judged": {
                name: {**judged.summary, "metrics": judged.metrics, "marks": judged.marks}
                for name, judged in one.judged.items()
            },
        }
        for one, (row, column) in zip(views, grid.of, strict=True)
    ]


def question_sets(views: Sequence[RunView]) -> dict[tuple[str, str, str], RunView]:
    """A run of each set of questions that were put in the same words."""
    found: dict[tuple[str, str, str], RunView] = {}
    for one in views:
        found.setdefault(one.questions, one)
    return found


def wrong_or_flipped(views: Sequence[RunView]) -> Iterator[str]:
    """Digests of the pictures of items that some run answered wrongly."""
    for one in views:
        scores = next(iter(one.judged.values())).item_scores
        for asked in one.asked:
            if scores.get(asked.item.id, 0.0) < 1:
                yield from (image.sha256 for image in asked.prompt.images)


def facts_of(one: RunView) -> list[Json]:
    """Name and value of what identifies a run."""
    identity, environment = one.manifest.identity, one.manifest.environment
    drawn, model = identity["sampling"], identity["model"]
    facts = {
        "asked by": one.manifest.prompted_by,
        "samples": drawn.get("n"),
        "temperature": drawn.get("temperature"),
        "tokens at most": drawn.get("max_tokens"),
        **{name: str(value) for name, value in one.manifest.sampling.shaping.items()},
        "engine": model.get("engine"),
        "weights": str(model.get("weights") or "")[:16],
        "data": str(identity["data"])[:16],
        "started": environment.get("started"),
    }
    return [[name, short(str(value))] for name, value in facts.items() if value not in (None, "")]
