"""What a person sees: progress with the time left on stderr, results on stdout."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import printable
from ..report.text import interval
from ..types import Json

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text

    from ...leaderboards.board.table import Row
    from ...leaderboards.compare.recipe_table import RecipeTable
    from ..runs.evaluate import Examination
    from ..runs.score import ScoredRun
    from ..stats.intervals import Difference, Estimate
    from ..types import Sampling

PLAIN_WIDTH = 160
LEAST_NAME = 24
"""So many characters a line of a model's name has at least."""


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Bars with counts, time passed and time left, on stderr, from the first progress on: an error before it stands alone."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )

    class LateProgress(Progress):
        """Shown from the first progress on."""

        def update(self, *arguments: Any, **changes: Any) -> None:
            self.start()
            super().update(*arguments, **changes)

        def advance(self, task_id: TaskID, advance: float = 1) -> None:
            self.start()
            super().advance(task_id, advance)

    progress = LateProgress(*columns, console=Console(stderr=True))
    try:
        yield progress
    finally:
        if progress.live.is_started:
            progress.stop()


def log(message: str) -> None:
    """A line for a person (or several), on stderr; what a terminal would act on is spelled out."""
    print("\n".join(map(printable, message.split("\n"))), file=sys.stderr, flush=True)


def log_stopping() -> None:
    """What the first signal to stop is answered with; written past all buffers, since a signal may come amid a print."""
    os.write(2, b"\nstopping: what is in flight is finished and stored; once more interrupts at once\n")


def log_greedy_samples(drawn: Sequence[Sampling]) -> None:
    """Say that greedy samples of one item are all alike, if several of them are asked for."""
    several = max((one.n for one in drawn if one.greedy), default=1)
    if several > 1:
        log(
            f"{several} samples of each item at temperature 0 are {several} times the same answer: avg@k, pass@k and maj@k "
            "say no more than one does; draw them with --temperature"
        )


IDLE = ("top_k", "min_p", "top_p", "seed")
"""Options that choose among tokens, or draw them."""


def log_idle(plans: Sequence[Examination], given: Collection[str]) -> None:
    """Say which of the options that were given change nothing of greedy answers."""
    named = [f"--{name.replace('_', '-')}" for name in IDLE if name in given]
    if named and plans and all(one.sampling.greedy for one in plans):
        verb = "changes" if len(named) == 1 else "change"
        log(f"{', '.join(named)} {verb} nothing of greedy answers: draw them with --temperature")


def emit_json(value: Json) -> None:
    """A value for a machine, on stdout."""
    print(json.dumps(value, indent=1, allow_nan=False))


def show_table(table: Table) -> None:
    """A table on stdout, as wide as the terminal; a pipe gets a wide one."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False).print(table)


def percent(estimate: Estimate) -> str:
    """A score with its standard error, in percent: "67.1 ± 1.9"."""
    error = "?" if math.isnan(estimate.stderr) else f"{100 * estimate.stderr:.1f}"
    return f"{100 * estimate.value:.1f} ± {error}"


def percent_interval(estimate: Estimate) -> str:
    """A score and, on a second line, its 95% interval, in percent."""
    return f"{100 * estimate.value:.1f}\n{interval(estimate.low, estimate.high, 0, clusters=estimate.clusters)}"


def change(difference: Difference) -> str:
    """A paired difference, marked by how sure it is, and on a second line its 95% interval, in percentage points."""
    mark = "***" if difference.p < 0.001 else "**" if difference.p < 0.01 else "*" if difference.p < 0.05 else ""
    found = interval(difference.low, difference.high, 0, signed=True, clusters=difference.clusters)
    return f"{100 * difference.value:+.1f}{mark}\n{found}"


def scores_table(scored: Sequence[ScoredRun]) -> Table:
    """A line for each run, under its suite and protocol; fits into 80 characters."""
    from ...benchmarks.subset import suite_of
    from ..report.told_apart import Told, run_facts, told_apart

    judged = [one.rules.name + (f" ({_crossed(one)})" if one.cross_prompt else "") for one in scored]
    manifests = [one.run.manifest for one in scored]
    groups = [f"{suite_of(manifest)}, {by}" for manifest, by in zip(manifests, judged, strict=True)]
    remarks = told_apart(
        [Told(one.model_name, group, run_facts(one)) for one, group in zip(manifests, groups, strict=True)]
    )
    also = [name for name in ("refused", "errors") if any(getattr(one, name) for one in scored)]
    headings = ("score %", "95% interval", "right", "no\nanswer", "cut\noff", *also)
    lines = [
        (group, _called(manifest.model_name, remark), _score_cells(one, also))
        for one, manifest, group, remark in zip(scored, manifests, groups, remarks, strict=True)
    ]
    return _grouped("Scores", headings, lines)


def _score_cells(one: ScoredRun, also: Sequence[str]) -> list[str]:
    metric = one.accuracy()
    estimate = metric.estimate
    lacks = ((one.missing, "missing"), (one.unscored, "without a verdict"))
    lacking = f"{one.status}: " + ", ".join(f"{count} {what}" for count, what in lacks if count)
    if one.complete and one.missing:
        lacking = f"{one.missing} {one.status}"
    value = "undefined" if one.status == "complete" else lacking
    shown = ""
    if one.shown(estimate):
        value = percent(estimate) if one.status == "complete" else f"{percent(estimate)}\n{lacking}"
        shown = interval(estimate.low, estimate.high, clusters=estimate.clusters)
    counts = [f"{metric.correct}/{metric.total}", str(one.unparsed), str(one.truncated)]
    return [value, shown, *counts, *(str(getattr(one, name)) for name in also)]


def _called(name: str, remark: str) -> str:
    """A model's name with what tells its runs apart."""
    return f"{name} ({remark})" if remark else name


def _grouped(title: str, headings: Sequence[str], lines: Sequence[tuple[str, str, Sequence[str]]]) -> Table:
    """A table of lines (group, model, cells): each group has its name as a line, and the models under it, named in full."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.HORIZONTALS, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("model", overflow="fold", min_width=LEAST_NAME)
    for name in headings:
        table.add_column(name, justify="right")
    for group in dict.fromkeys(line[0] for line in lines):
        table.add_section()
        table.add_row(Text(printable(group), style="bold"))
        for of_group, model, cells in lines:
            if of_group == group:
                table.add_row(Text(f"  {printable(model)}"), *map(_plain, cells))
    return table


def _crossed(scored: ScoredRun) -> str:
    """What a protocol's name is marked with where another prompt asked."""
    from ..runs.store import UNKNOWN_PROMPT, in_words

    asked_by = scored.run.manifest.prompted_by
    return in_words(asked_by) if asked_by == UNKNOWN_PROMPT else "cross-prompt"


def board_table(rows: Sequence[Row]) -> Table:
    """The accuracy of each model, under its suite and protocol; fits into 80 characters."""
    from ..report.told_apart import Told, told_apart

    shown = [row for row in rows if row.metric == "accuracy"]
    groups = [f"{row.shown_suite}, {row.judged_by}" for row in shown]
    remarks = told_apart([Told(row.model, group, _row_facts(row)) for row, group in zip(shown, groups, strict=True)])
    unfinished = any(row.status != "complete" for row in shown)
    headings = ("score %", "95% interval", "right", "no\nanswer", *(["status"] if unfinished else []))
    lines = []
    for row, group, remark in zip(shown, groups, remarks, strict=True):
        score = f"{100 * float(row.score):.1f}" if row.score else ""
        between = interval(float(row.ci_low), float(row.ci_high), clusters=row.clusters) if row.score else ""
        counts = [f"{row.correct}/{row.total}", str(row.unparsed)]
        cells = [score, between, *counts, *([row.status] if unfinished else [])]
        lines.append((group, _called(row.model, remark), cells))
    return _grouped("Board", headings, lines)


def _row_facts(row: Row) -> dict[str, str]:
    """What may tell two rows of a board apart."""
    drawn = ("samples", "temperature", "top_p", "max_tokens", "seed", "engine")
    return {
        "asked by": row.prompt_protocol,
        **{name: str(getattr(row, name)) for name in drawn},
        "weights": row.weights[:8],
        "prompts": row.prompts[:8],
        "run": row.run_id[:8],
    }


def recipes_table(found: RecipeTable) -> Table:
    """Each recipe's accuracy over its seeds."""
    from rich.table import Table

    from ...leaderboards.compare.recipe_table import HEADINGS, recipe_cells

    table = Table(title=f"Recipes on {found.asked}", title_justify="left")
    for name in HEADINGS:
        table.add_column(name, overflow="fold")
    for line in recipe_cells(found):
        table.add_row(*map(_plain, line))
    return table


def metrics_table(scored: ScoredRun) -> Table:
    """One line per metric of a run; no scores of an incomplete one."""
    from rich.table import Table

    from ...benchmarks.subset import suite_of

    manifest = scored.run.manifest
    title = f"{manifest.model_name}, {suite_of(manifest)}, {scored.rules.name}"
    table = Table(title=_plain(title if scored.complete else f"{title}: {scored.status}"), title_justify="left")
    table.add_column("metric", overflow="fold")
    for name in ("score %", "95% interval", "right", "n", "clusters"):
        table.add_column(name, justify="right")
    for metric in scored.metrics:
        estimate = metric.estimate
        defined = scored.shown(estimate)
        table.add_row(
            _plain(metric.name),
            percent(estimate) if defined else "undefined" if scored.complete else "",
            interval(estimate.low, estimate.high, clusters=estimate.clusters) if defined else "",
            "" if metric.total is None else f"{metric.correct}/{metric.total}",
            str(estimate.n),
            str(estimate.clusters),
        )
    return table


def _plain(value: Json) -> Text:
    """Text that came from a file: no markup or emoji is made of it, and control characters are spelled out."""
    from rich.text import Text

    return Text(printable(str(value)))
