"""What was found, in a few sentences, from the evidence of a leaderboard alone; what is not known is said to be unknown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from ...harness.report.text import counted, points
from ..board.table import trained
from .entries import Entry
from .overview import Grid
from .standing import Change, Runs, Standing

OWN = "own"
"""The baseline that stands for the model which each training began with."""
LONGEST_NAME = 60


def references(entries: Sequence[Entry], baseline: int | None) -> dict[int, int]:
    """For each entry the one that it is compared with: `baseline`, or its own base where that is None and known."""
    if baseline is not None:
        return {n: baseline for n in range(len(entries)) if n != baseline}
    return {n: one.base for n, one in enumerate(entries) if one.base is not None}


def headline(stands: Standing, runs: Runs, grid: Grid, references: Mapping[int, int]) -> list[str]:
    """The sentences: the first says what was found, those after it what else is known and what is not."""
    entries = runs.entries
    if not stands.cells:
        return ["No run has a score under this protocol."]
    primary = next((c for c in stands.telling if _compared(stands, references, c)), None)
    if primary is None:
        return [_alone(stands, entries, grid)]
    found = _compared(stands, references, primary)
    better = [one for one in found if one.shown and one.difference.value > 0]
    worse = [one for one in found if one.shown and one.difference.value < 0]
    begun = [one for one in found if _began_with(entries[one.after], entries[one.before], one.before)] or found
    candidates = begun if any(one.shown for one in begun) or not better else found
    rises = any(one.shown and one.difference.value > 0 for one in candidates)
    most = max(candidates, key=lambda one: one.difference.value if rises else abs(one.difference.value) * one.shown)
    sentences = [_first(most, found, entries, grid)]
    if len(found) > 1:
        sentences.append(_rest(better, worse, found, {*references.values()}, entries))
    if most.shown and most.difference.value > 0:
        sentences += _ties(stands, most, entries)
    sentences += _elsewhere(stands, most, primary, grid)
    sentences += _unknown(runs, most.after, primary)
    return [one for one in sentences if one]


def _compared(stands: Standing, references: Mapping[int, int], column: int) -> list[Change]:
    keys = ((after, before, column) for after, before in references.items())
    return [stands.changes[key] for key in keys if key in stands.changes]


def _name(one: Entry) -> str:
    return one.name if len(one.name) <= LONGEST_NAME else one.name[:LONGEST_NAME] + "…"


def _suite(grid: Grid, column: int) -> str:
    return grid.columns[column][0]


def _alone(stands: Standing, entries: Sequence[Entry], grid: Grid) -> str:
    column = stands.telling[0]
    entry, cell = max(
        ((entry, cell) for (entry, its), cell in stands.cells.items() if its == column), key=lambda one: one[1].value
    )
    return (
        f"{_name(entries[entry])} has {points(cell.value)}% right on {_suite(grid, column)} "
        f"[{points(cell.low)}, {points(cell.high)}]; no other model was asked the same, so nothing can be compared."
    )


def _first(most: Change, found: Sequence[Change], entries: Sequence[Entry], grid: Grid) -> str:
    after, before = entries[most.after], entries[most.before]
    suite, one = _suite(grid, most.column), most.difference
    better = one.value > 0
    if most.shown:
        verb = ("raises" if better else "lowers") if _began_with(after, before, most.before) else ""
        size = f"{points(abs(one.value))} points"
        bounds = f"[{points(one.low, signed=True)}, {points(one.high, signed=True)}] (p {_p(most.adjusted)})"
        if verb:
            return f"{_name(after)} {verb} {_name(before)} by {size} on {suite} {bounds}."
        return f"{_name(after)} is {size} {'better' if better else 'worse'} than {_name(before)} on {suite} {bounds}."
    subject = _name(after) if len(found) == 1 else "No model"
    verb = "cannot" if len(found) == 1 else "can"
    sight = (
        f"{counted(one.n, 'item')} would likely show a difference of {points(one.detectable)} points or more"
        if math.isfinite(one.detectable)
        else f"{counted(one.n, 'item')} are too few to tell"
    )
    return f"{subject} {verb} be told from {_name(before)} on {suite}: {sight}."


def _began_with(after: Entry, before: Entry, place: int) -> bool:
    return after.base == place or (bool(after.recipe) and after.base is None and not before.recipe)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def _rest(
    better: Sequence[Change],
    worse: Sequence[Change],
    found: Sequence[Change],
    bases: set[int],
    entries: Sequence[Entry],
) -> str:
    than = _name(entries[min(bases)]) if len(bases) == 1 else "what each began with"
    untold = len(found) - len(better) - len(worse)
    if not untold and (not better or not worse):
        return f"All {len(found)} are {'better' if better else 'worse'} than {than}."
    parts = [f"{len(better)} better", f"{len(worse)} worse", f"{untold} that cannot be told"]
    return f"Of {len(found)} compared with {than}: {', '.join(part for part in parts if not part.startswith('0 '))}."


def _ties(stands: Standing, best: Change, entries: Sequence[Entry]) -> Iterator[str]:
    """How many share the first place with the best."""
    low, high = stands.cells[best.after, best.column].ranks
    if low == 1 and high > 1:
        yield f"{counted(high - 1, 'other')} cannot be told from {_name(entries[best.after])}."


def _elsewhere(stands: Standing, most: Change, primary: int, grid: Grid) -> Iterator[str]:
    """What the same two are on the other suites."""
    others = [
        one
        for (after, before, column), one in sorted(stands.changes.items(), key=lambda pair: pair[0][2])
        if (after, before) == (most.after, most.before) and column != primary
    ]
    shown = [one for one in others if one.shown]
    if shown:
        told = [f"{points(one.difference.value, signed=True)} on {_suite(grid, one.column)}" for one in shown[:3]]
        more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        yield f"Elsewhere the same comparison shows {', '.join(told)}{more}."
    untold = [one for one in others if not one.shown]
    if untold:
        sizes = sorted(one.difference.n for one in untold)
        items = counted(sizes[0], "item") if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]} items"
        least = min(one.difference.detectable for one in untold)
        sight = (
            f"a difference below {points(least)} points would go unseen in {items}"
            if math.isfinite(least)
            else f"{items} cannot tell"
        )
        where = f"{counted(len(untold), 'suite')} more" if shown else f"the other {counted(len(untold), 'suite')}"
        yield f"On {where} none is shown: {sight}."


def _unknown(runs: Runs, entry: int, column: int) -> Iterator[str]:
    """What the evidence does not say of the model that the first sentence is about."""
    one, manifest = runs.entries[entry], runs.of[entry, column][0].manifest
    if trained(manifest) is not None and len(one.rows) == 1:
        yield "It was trained with one seed: what another seed gives is unknown."
    elif len(one.rows) > 1:
        yield f"It is the mean of {len(one.rows)} training seeds, and the interval counts them."
    overlap = manifest.environment.get("overlap")
    if isinstance(overlap, Mapping) and type(overlap.get("overlapping")) is int and type(overlap.get("items")) is int:
        same = overlap["overlapping"]
        if same:
            yield f"{same} of its {counted(overlap['items'], 'item')} resemble what it was trained on."
    else:
        yield f"Whether {_name(one)} had seen these items in training is unknown."
