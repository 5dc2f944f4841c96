"""`proctor list`: what there is of each extension point and where it comes from, and what a folder of runs holds."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, ProctorError, UsageError, printable
from .options import REGISTRIES, Verb, add, registry

if TYPE_CHECKING:
    from ..types import Json

RUNS = "runs"
DEEPEST = 4
"""So many folders down run directories and trainings are looked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to list."""
    parser.add_argument(
        "kind", choices=(*REGISTRIES, RUNS), metavar="KIND", help=f"what to list: {', '.join((*REGISTRIES, RUNS))}"
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help=f"for {RUNS}: the folder to look in")
    add(parser, "--json")


def run(args: argparse.Namespace) -> int:
    """Print a line for each."""
    if (args.kind == RUNS) != (args.folder is not None):
        raise UsageError(f"a folder belongs to `proctor list {RUNS}`, and that needs one")
    rows = list(_stored(args.folder) if args.kind == RUNS else _things(args.kind))
    if args.json:
        from .terminal import emit_json

        emit_json(rows)
    elif args.kind == RUNS:
        _show(rows, ("kind", "path", "model", "suite", "asked", "protocol", "state", "score"))
    else:
        _show(rows, ("name", "summary", "source"))
    return EXIT_OK


def _things(kind: str) -> Iterator[dict[str, Json]]:
    for one in registry(kind).describe():
        yield {"name": one.name, "summary": one.summary, "source": one.source}


def _stored(folder: Path) -> Iterator[dict[str, Json]]:
    """The run directories and trainings in a folder, in order. Raises UsageError for no folder."""
    from ..files import RUN_FILE

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    for path, folders, files in os.walk(folder):
        here = Path(path)
        folders.sort()
        if len(here.relative_to(folder).parts) == DEEPEST or RUN_FILE in files:
            folders.clear()
        if RUN_FILE in files:
            yield _run(here)
        elif "training.json" in files:
            yield _training(here)


def _run(path: Path) -> dict[str, Json]:
    from ...benchmarks.examination import read_answers, score_answers
    from ...benchmarks.subset import which_of
    from ..runs.store import Manifest

    row: dict[str, Json] = {"kind": "run", "path": str(path)}
    try:
        manifest = Manifest.read(path)
        row |= {"model": manifest.model_name, "suite": manifest.suite, "protocol": manifest.asked_by}
        row |= {"asked": which_of(manifest)}
        answers = read_answers(path)
        asked = len(answers.asked) * manifest.sampling.n
        given = sum(one.error is None for one in answers.by_key.values())
        row |= {"complete": manifest.seal is not None, "state": f"{given} of {asked} answers"}
        if manifest.seal is None:
            return row
        row["state"] = f"complete, {asked} answers"
        found = score_answers(answers)
        score = found.accuracy().estimate
        return row | {"score": score.value if found.shown(score) else None}
    except ProctorError as error:
        return row | {"state": str(error), "problem": str(error)}


def _training(path: Path) -> dict[str, Json]:
    from ...trainers.provenance import look_at_training

    row: dict[str, Json] = {"kind": "training", "path": str(path)}
    try:
        found = look_at_training(path)
    except ProctorError as error:
        return {**row, "state": str(error), "problem": str(error)}
    state = "finished" if found.finished else "running" if found.running else "not finished"
    return row | {
        "model": f"{found.recipe}, seed {found.seed}",
        "complete": found.finished,
        "state": f"{state}, step {found.step}",
        "step": found.step,
    }


def _show(rows: list[dict[str, Json]], columns: tuple[str, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from .terminal import show_table

    table = Table(*columns)
    for row in rows:
        cells = [row.get(column) for column in columns]
        shown = ["" if one is None else f"{one:.1%}" if isinstance(one, float) else str(one) for one in cells]
        table.add_row(*(Text(printable(one)) for one in shown))
    show_table(table)


VERBS = {
    "list": Verb(
        add_arguments,
        run,
        (
            "proctor list rewards",
            "proctor list runs runs --json",
        ),
    ),
}
