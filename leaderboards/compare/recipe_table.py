"""What each recipe made of one base: its accuracy over training seeds, and the paired difference from the untrained model.

The runs of one suite are put together by the recipe that they record, and by the digest of its settings: trainings in one
row differ by their seeds alone. Of each training the last step that was examined counts. A training that began with other
weights than the base's is refused, and so are runs that were asked in another way. A recipe is said to help or to harm
only where the difference over items and seeds has a p below 0.05 after Holm's adjustment for all recipes of the table, and
never by one seed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from ...benchmarks.subset import suite_of
from ...harness.errors import UsageError, printable
from ...harness.report.text import first_of, interval, p_value, points
from ...harness.runs.store import Manifest
from ...harness.stats.intervals import ALPHA, Difference, holm
from ...harness.stats.seeds import SeedEstimate, of_estimate, pooled
from ...harness.types import Json
from ..board.table import Trained, trained
from ..export.markdown import escaped
from .ab_test import FEWEST_SEEDS, read_side
from .compare import ComparisonSide, asked_otherwise, compare_arms
from .explain import Side

HELPS, HARMS, UNDECIDED = "helps", "harms", "no difference shown"


@dataclass(frozen=True)
class RecipeRow:
    """A recipe's trainings; shares from 0 to 1. `change` is against the untrained model, `p` adjusted for all recipes.

    `based`: every run records that its training began with the base of the table.
    """

    recipe: str
    based: bool
    seeds: tuple[int, ...]
    steps: tuple[int, ...]
    accuracy: SeedEstimate
    change: Difference
    p: float

    @property
    def word(self) -> str:
        """What can be said of it."""
        if len(self.seeds) < FEWEST_SEEDS or self.p >= ALPHA:
            return UNDECIDED
        return HELPS if self.change.value > 0 else HARMS

    def to_json(self) -> Json:
        """Everything, in percent and percentage points."""
        return {
            "recipe": self.recipe,
            "base_recorded": self.based,
            "seeds": self.seeds,
            "steps": self.steps,
            **_percent(self.accuracy),
            "difference": round(100 * self.change.value, 6),
            "difference_low": round(100 * self.change.low, 6),
            "difference_high": round(100 * self.change.high, 6),
            "p_holm": self.p,
            "detectable": round(100 * self.change.detectable, 6) if math.isfinite(self.change.detectable) else None,
            "verdict": self.word,
        }


@dataclass(frozen=True)
class RecipeTable:
    """A suite's rows, the best first, below the untrained model that all trainings started from.

    `asked` is the suite with which of its items were asked.
    """

    suite: str
    asked: str
    base: str
    accuracy: SeedEstimate
    rows: tuple[RecipeRow, ...]

    def to_json(self) -> Json:
        """Everything, in percent and percentage points."""
        base = {"model": self.base, **_percent(self.accuracy)}
        return {"suite": self.suite, "asked": self.asked, "base": base, "recipes": [row.to_json() for row in self.rows]}


def recipe_table(runs: Sequence[Path], suite: str) -> RecipeTable:
    """The table of a suite's runs; runs of other suites are left out.

    Raises UsageError unless exactly one model without a recorded training, and a trained one, are among them, all asked in
    one way, all trainings from that model, and no training there twice; IncompleteRunError for an incomplete run, DataError
    for a damaged one.
    """
    found = [(path, Manifest.read(path)) for path in runs]
    suites = sorted({manifest.suite for _, manifest in found})
    if suite not in suites:
        raise UsageError(f"no runs of suite {suite!r:.60}; there are: {printable(', '.join(suites))}")
    found = [(path, manifest) for path, manifest in found if manifest.suite == suite]
    bases = [path for path, manifest in found if trained(manifest) is None]
    if not bases:
        raise UsageError(
            f"{suite}: no run is of the untrained model, which recipes are compared with: evaluate it into the same folder, "
            f"`proctor eval --model BASE --suite {suite} --out FOLDER`"
        )
    if len(bases) > 1:
        raise UsageError(
            f"{suite}: {len(bases)} runs record no training ({first_of((path.name for path in bases), NAMED)}): "
            "leave in only that of the model which the trainings began with"
        )
    ends = _final((path, made) for path, manifest in found if (made := trained(manifest)) is not None)
    if not ends:
        raise UsageError(f"{suite}: no run records a training: examine checkpoints of a training directory")
    base = read_side(bases[0])
    rows = [_row(name, group, base, suite) for name, group in _by_recipe(ends)]
    adjusted = holm([row.change.p for row in rows])
    rows = [replace(row, p=p) for row, p in zip(rows, adjusted, strict=True)]
    name = base.scored.run.manifest.model_name
    asked = suite_of(base.scored.run.manifest)
    return RecipeTable(suite, asked, name, _draw(base), tuple(sorted(rows, key=lambda row: -row.accuracy.value)))


def _final(runs: Iterable[tuple[Path, Trained]]) -> list[tuple[Path, Trained]]:
    """The run of each training's last step that was examined. Raises UsageError for two runs of one step."""
    ends: dict[tuple[str, str, str, int], tuple[Path, Trained]] = {}
    for path, made in sorted(runs, key=lambda run: run[1].step):
        training = (made.recipe, made.settings, made.base, made.seed)
        before = ends.get(training)
        if before and before[1].step == made.step:
            raise UsageError(
                f"{before[0].name} and {path.name} are both of {printable(made.recipe)}, seed {made.seed}, step {made.step}: "
                "leave one out"
            )
        ends[training] = path, made
    return list(ends.values())


NAMED = 5
"""So many runs are named."""

Group: TypeAlias = "list[tuple[Path, Trained]]"


def _by_recipe(ends: Group) -> Iterator[tuple[str, Group]]:
    """Trainings that differ by their seeds alone; where a name has several settings, their digests tell them apart."""
    groups: dict[tuple[str, str], Group] = {}
    for path, made in ends:
        groups.setdefault((made.recipe, made.settings), []).append((path, made))
    names = Counter(recipe for recipe, _ in groups)
    for (recipe, settings), group in groups.items():
        yield (recipe if names[recipe] == 1 else f"{recipe} #{settings[:8]}"), group


def _row(recipe: str, group: Group, base: Side, suite: str) -> RecipeRow:
    group = sorted(group, key=lambda one: one[1].seed)
    manifest = base.scored.run.manifest
    weights = manifest.identity["model"].get("weights")
    for path, made in group:
        if made.base and made.base != weights:
            raise UsageError(f"{path.name}: its training began with another model than {_name(base)}: leave it out")
    sides = tuple(read_side(path) for path, _ in group)
    compared = compare_arms(
        ComparisonSide("the base", {suite: (base,)}), ComparisonSide(recipe, {suite: sides})
    ).suites[0]
    for side in sides:
        if differing := [key for key in asked_otherwise(manifest, side.scored.run.manifest) if key != "sampling.seed"]:
            raise UsageError(f"{_name(side)} was asked in another way than {_name(base)}: {', '.join(differing)}")
    return RecipeRow(
        recipe,
        all(made.base for _, made in group),
        tuple(made.seed for _, made in group),
        tuple(made.step for _, made in group),
        pooled([_draw(side) for side in sides]),
        compared.difference,
        1.0,
    )


def _name(side: Side) -> str:
    return printable(side.scored.run.manifest.model_name)


def _draw(side: Side) -> SeedEstimate:
    return of_estimate(side.scored.accuracy().estimate)


def _percent(draw: SeedEstimate) -> dict[str, float]:
    return {
        "accuracy": round(100 * draw.value, 6),
        "low": round(100 * draw.low, 6),
        "high": round(100 * draw.high, 6),
    }


HEADINGS = ("recipe", "seeds", "step", "accuracy (95%)", "against the base (95%)", "p (Holm)", "could be seen", "")


def recipe_cells(table: RecipeTable) -> list[tuple[str, ...]]:
    """The table as text, a row each, the base first."""
    first = (table.base, "", "", _interval(table.accuracy), "", "", "", "the base")
    return [first, *(_cells(row) for row in table.rows)]


def _cells(row: RecipeRow) -> tuple[str, ...]:
    change = row.change
    return (
        row.recipe,
        " ".join(map(str, row.seeds)),
        " ".join(map(str, sorted({*row.steps}))),
        _interval(row.accuracy),
        f"{points(change.value, signed=True)} ({interval(change.low, change.high, signed=True, clusters=change.clusters)})",
        p_value(row.p),
        f"{100 * change.detectable:.1f}",
        row.word if row.based else f"{row.word} (no base recorded)",
    )


def _interval(draw: SeedEstimate) -> str:
    return f"{points(draw.value)}% ({interval(draw.low, draw.high)})"


def recipes_as_markdown(table: RecipeTable) -> str:
    """The table in Markdown."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *recipe_cells(table)]
    return "".join(f"| {' | '.join(escaped(printable(cell)) for cell in line)} |\n" for line in lines)
