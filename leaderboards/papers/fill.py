"""The reproduced column: which runs fill which cells of a printed table, and what they give.

A run fills a cell if its checkpoint was trained by the row's recipe (or is the row's model as it is), if it is complete and
has all the items of the column, and if it was asked by the prompt of the column's protocol. Of each training seed the last
step of which there is such a run counts, for the whole row: a row is of one checkpoint per seed. In the recipe's place the
authors' code may have been followed (`PrintedRow.recipes`); a row is of one of the two. What does not count is left out with
the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ...benchmarks.examination import read_answers, score_answers
from ...benchmarks.subset import asked_of, told
from ...harness.errors import DataError
from ...harness.profiles import profiles
from ...harness.runs.score import ScoredRun
from ...harness.runs.store import Manifest
from ...harness.stats.seeds import SeedEstimate, averaged, of_estimate, pooled
from ..board.table import trained
from .tables import AVERAGE, Column, Paper, PrintedRow, Table

Score = Callable[[Path, str], ScoredRun]
"""A stored run, judged under a protocol. Raises DataError for a damaged one."""


@dataclass(frozen=True)
class Reproduced:
    """What runs gave: the mean over `seeds` with its 95% interval, of checkpoints after `steps` (None: not trained here).

    `recipe` is the one that they were trained by, empty for a model as it is.
    `inside`: the printed value lies in the interval; None where none is printed. `as_printed`: all answers were drawn as the
    paper drew them, as far as it says.
    """

    draw: SeedEstimate
    inside: bool | None
    seeds: tuple[int, ...]
    steps: tuple[int | None, ...]
    as_printed: bool
    runs: tuple[str, ...]
    recipe: str


@dataclass(frozen=True)
class LeftOut:
    """A run that did not count, and why."""

    run: str
    reason: str


@dataclass(frozen=True)
class Filled:
    """A printed table with what was reproduced, by row number and column key.

    Runs that do not count are told in `left_out`, and how many of them are damaged.
    """

    table: Table
    cells: Mapping[tuple[int, str], Reproduced]
    left_out: tuple[LeftOut, ...] = ()
    damaged: int = 0


class SeedAndStep(NamedTuple):
    """Which of a row's checkpoints a run examined: training seed and step, or the sampling seed of a model as it is."""

    seed: int
    step: int | None
    recipe: str = ""


@dataclass(frozen=True)
class Candidate:
    """A run that could fill a cell. `as_printed`: answers were drawn as the paper drew them."""

    row: int
    key: str
    checkpoint: SeedAndStep
    run_id: str
    run: str
    draw: SeedEstimate
    as_printed: bool


def score_stored(path: Path, protocol: str) -> ScoredRun:
    """Judge a stored run by the rules alone."""
    return score_answers(read_answers(path), protocol)


def fill(table: Table, runs: Sequence[Path], written: Mapping[str, int], score: Score = score_stored) -> Filled:
    """Fill a table from run directories.

    `written` has the steps of the recipes that there are; rows of others stay blank.
    """
    candidates: list[Candidate] = []
    left_out: list[LeftOut] = []
    damaged = 0
    for path in runs:
        try:
            found = list(_read(table, path, written, score))
        except DataError as error:
            left_out.append(LeftOut(str(path), str(error)))
            damaged += 1
            continue
        candidates += [one for one in found if isinstance(one, Candidate)]
        left_out += [one for one in found if isinstance(one, LeftOut)]
    chosen, passed_over = _chosen(candidates)
    cells = {at: _reproduced(table.rows[at[0]].cells.get(at[1]), some) for at, some in chosen.items()}
    cells.update(_averages(table, chosen))
    return Filled(table, cells, (*left_out, *passed_over), damaged)


def _read(table: Table, path: Path, written: Mapping[str, int], score: Score) -> Iterator[Candidate | LeftOut]:
    """The cells that a run can fill, or why it can fill none."""
    manifest = Manifest.read(path)
    name = f"{manifest.model_name[:80]}, {manifest.suite}, run {manifest.run_id}"
    rows = [(number, made) for number, row in enumerate(table.rows) if (made := _made(row, manifest, written))]
    columns = [column for column in table.columns if column.suite == manifest.suite]
    if not columns:
        yield LeftOut(name, "its suite is not in the table")
    elif not rows:
        yield LeftOut(name, "no row of the table is of its recipe or model")
    for column in columns if rows else ():
        reason = _unfit(column, manifest)
        found = reason or _draw(column, score(path, column.protocol))
        if isinstance(found, str):
            yield LeftOut(name, found)
            continue
        for number, made in rows:
            yield Candidate(number, column.key, made, manifest.run_id, name, found, _as_printed(table.paper, manifest))


def _made(row: PrintedRow, manifest: Manifest, written: Mapping[str, int]) -> SeedAndStep | None:
    """Which checkpoint of the row a run examined; None if it is another row's."""
    found = trained(manifest)
    if row.recipe:
        ours = found is not None and found.recipe in row.recipes and found.recipe in written
        return SeedAndStep(found.seed, found.step, found.recipe) if found and ours else None
    if "training" in manifest.environment or manifest.model_name not in (row.hub, row.hub.rpartition("/")[2]):
        return None
    return SeedAndStep(manifest.sampling.seed, None)


def _unfit(column: Column, manifest: Manifest) -> str | None:
    """Why a run that was not scored yet cannot fill a column."""
    items = manifest.identity["items"]
    if items != column.items:
        return f"{items} of {column.items} items"
    if (asked := asked_of(manifest)) is not None and asked.partial:
        return f"it asked the {told(manifest)}"
    if manifest.seal is None:
        return "incomplete"
    if manifest.identity["model"].get("prompt", "protocol") != "protocol":
        return "the prompt that its imported answers had is not that of the protocol"
    if manifest.style and manifest.style.name not in profiles():
        return f"asked in the manner of {manifest.style.name}, which is no bundled profile"
    return None


def _draw(column: Column, scored: ScoredRun) -> SeedEstimate | str:
    """The number that a run gives for a column, or why it gives none."""
    if scored.cross_prompt:
        return f"asked by another prompt than that of {column.protocol}"
    if not scored.complete:
        without = f"{scored.unscored} answers have no verdict under {column.protocol}"
        return f"{without}: name a judge with --judge-model, or another --score-protocol"
    metric = next((one for one in scored.metrics if one.name == column.metric), None)
    if metric is None or not scored.shown(metric.estimate):
        return f"its {column.metric} is undefined"
    return of_estimate(metric.estimate)


def _as_printed(paper: Paper, manifest: Manifest) -> bool:
    """An imported run need not say how its answers were drawn, and then it is not known to have been the paper's way."""
    drawn = manifest.identity["sampling"]
    wanted = (paper.temperature, drawn.get("temperature")), (paper.max_tokens, drawn.get("max_tokens"))
    return all(printed in (None, own) for printed, own in wanted)


def _chosen(candidates: Sequence[Candidate]) -> tuple[dict[tuple[int, str], list[Candidate]], list[LeftOut]]:
    """By row and column one run per seed, in the order of the seeds, and why the others are not taken.

    Of several runs of one checkpoint for one cell, one whose answers were drawn as the paper's is taken first. Of the row's
    recipes that there are runs of, the first is taken: names begin alike, so that it is the shortest.
    """
    recipes: dict[int, str] = {}
    for one in candidates:
        recipes[one.row] = min(recipes.get(one.row, one.checkpoint.recipe), one.checkpoint.recipe)
    last: dict[tuple[int, int, str], int] = {}
    for one in candidates:
        at = one.row, one.checkpoint.seed, one.checkpoint.recipe
        last[at] = max(last.get(at, 0), one.checkpoint.step or 0)
    chosen: dict[tuple[int, str], dict[int, Candidate]] = {}
    passed_over: dict[LeftOut, None] = {}
    for one in sorted(
        candidates, key=lambda one: (one.row, one.key, one.checkpoint.seed, not one.as_printed, one.run_id)
    ):
        seed, step, recipe = one.checkpoint
        if recipe != (first := recipes[one.row]):
            passed_over[LeftOut(one.run, f"trained by {recipe}, and the row is filled by {first}")] = None
            continue
        if (step or 0) != (latest := last[one.row, seed, recipe]):
            passed_over[LeftOut(one.run, f"of step {step}; of the same seed, step {latest} was examined")] = None
            continue
        taken = chosen.setdefault((one.row, one.key), {}).setdefault(seed, one)
        if taken.run_id != one.run_id:
            passed_over[LeftOut(one.run, f"run {taken.run_id} is taken for the same cell and seed")] = None
    return {at: list(seeds.values()) for at, seeds in chosen.items()}, list(passed_over)


def _reproduced(printed: str | None, chosen: Sequence[Candidate]) -> Reproduced:
    draw = pooled([one.draw for one in chosen])
    return Reproduced(
        draw,
        _inside(printed, draw),
        tuple(one.checkpoint.seed for one in chosen),
        tuple(one.checkpoint.step for one in chosen),
        all(one.as_printed for one in chosen),
        tuple(one.run_id for one in chosen),
        chosen[0].checkpoint.recipe,
    )


def _inside(printed: str | None, draw: SeedEstimate) -> bool | None:
    return None if printed is None else draw.low <= float(printed) / 100 <= draw.high


def _averages(
    table: Table, chosen: Mapping[tuple[int, str], Sequence[Candidate]]
) -> Iterator[tuple[tuple[int, str], Reproduced]]:
    """The average of every row that has a seed with a run for each column that it covers; other seeds do not enter it."""
    if table.average is None:
        return
    for number, row in enumerate(table.rows):
        suites = [{one.checkpoint.seed: one for one in chosen.get((number, key), ())} for key in table.average.of]
        if not (seeds := sorted(set.intersection(*map(set, suites)))):
            continue
        draw = pooled([averaged([suite[seed].draw for suite in suites]) for seed in seeds])
        runs = [suite[seed] for seed in seeds for suite in suites]
        yield (
            (number, AVERAGE),
            Reproduced(
                draw,
                _inside(row.cells.get(AVERAGE), draw),
                tuple(seeds),
                tuple(suites[0][seed].checkpoint.step for seed in seeds),
                all(one.as_printed for one in runs),
                tuple(one.run_id for one in runs),
                runs[0].checkpoint.recipe,
            ),
        )
