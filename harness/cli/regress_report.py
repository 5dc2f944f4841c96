"""What `proctor regress` prints and writes: the verdict with its reasons, a table, JSON, a page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import printable

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from ...leaderboards.compare.ab_test import ABVerdict, Arm
    from ...leaderboards.compare.compare import SuiteComparison
    from ...trainers.experiments.regress import ABTest, RegressionFolder


def report(args: argparse.Namespace, result: ABVerdict, found: ABTest, folder: RegressionFolder) -> None:
    """Print the verdict, and write the page if one is wanted."""
    from ...leaderboards.compare.regress_page import SeedCurves, page
    from ..files import write_atomic
    from .terminal import emit_json, log, show_table

    notes = list(_notes(found, folder))
    if args.html:
        trainings = [SeedCurves(one.arm, one.recipe.seed, one.folder) for one in folder.trainings()]
        write_atomic(args.html, page(result, notes, trainings))
        log(f"page: {args.html}")
    if args.json:
        emit_json({**result.to_json(), "notes": notes, "recipe": args.recipe, "out": str(args.out)})
        return
    if result.against_base:
        show_table(_table(result))
    print(
        printable(f"candidate {result.candidate.name} against baseline {result.baseline.name}: {result.word.upper()}")
    )
    for line in (*result.reasons, *notes):
        print(f"  {line}")


def _notes(found: ABTest, folder: RegressionFolder) -> Iterator[str]:
    """What a reader must know of how the two were compared."""
    if found.differing:
        yield f"the arms differ in more than the reward: {', '.join(map(printable, found.differing))}"
    if folder.raised_from:
        before = ", ".join(map(str, folder.raised_from))
        yield (
            f"the seeds were raised to {found.seeds}, after {before}: if that depended on the verdict before, a false alarm "
            "is likelier than 5 in 100"
        )


def _table(result: ABVerdict) -> Table:
    """A row for each suite and reward: its scores, and how far it is from the untrained model."""
    from rich import box
    from rich.table import Table

    table = Table(
        title="Final checkpoints, percent right",
        title_justify="left",
        caption="Intervals are of 95%, over items and seeds; those to the base are not adjusted for several suites.",
        caption_justify="left",
        box=box.HORIZONTALS,
        pad_edge=False,
    )
    for name in ("suite", "reward"):
        table.add_column(name, overflow="fold")
    for name in ("base", "mean", "each seed", "minus base", "95% interval"):
        table.add_column(name, justify="right")
    for arm, one in (("candidate", result.candidate), ("baseline", result.baseline)):
        for compared in result.against_base[arm].suites if arm in result.against_base else ():
            table.add_row(*_cells(arm, one, compared))
    return table


def _cells(arm: str, one: Arm, compared: SuiteComparison) -> tuple[str | Text, ...]:
    from rich.text import Text

    change = compared.difference
    seeds = [
        f"{100 * by_suite[compared.suite].scored.accuracy().estimate.value:.1f}" for by_suite in one.finished.values()
    ]
    return (
        Text(printable(compared.suite)),
        Text(printable(f"{arm}: {one.name}")),
        f"{100 * compared.scores[0]:.1f}",
        f"{100 * compared.scores[1]:.1f}",
        " ".join([*seeds, *["failed"] * len(one.failed)]),
        f"{100 * change.value:+.1f}",
        f"{100 * change.low:+.1f} to {100 * change.high:+.1f}",
    )
