"""Rows from wherever they are: boards as they are published, runs as they are scored now."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from ...benchmarks.examination import find_runs, score_under
from ...harness.errors import DataError
from .evidence import BOARD, is_board
from .table import Row, read_csv, rows

_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}\.\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"-?\d{1,18}(\.\d{1,30})?(e[+-]\d{2,3})?", re.ASCII)


def load_rows(paths: Sequence[Path], protocols: Sequence[str] = (), *, partial: bool = False) -> list[Row]:
    """The rows of boards (folders or CSV files), and of run directories or folders of them, in the order of a board.

    `protocols`: runs are judged under these, and rows of a board under others are left out; without them runs are judged
    under the protocol that asked. `partial`: incomplete runs have scores too, marked as such. Raises UsageError where
    there is nothing, DataError for a damaged board or run.
    """
    found: list[Row] = []
    for path in paths:
        file = path / BOARD if is_board(path) else path
        if file.is_file():
            board = read_csv(file)
            for number, row in enumerate(board, 1):
                _check(row, f"{file}, row {number}")
            found += [row for row in board if not protocols or row.protocol in protocols]
            continue
        for run in find_runs([path]):
            for scored in score_under(run, protocols or [None], partial=partial):
                found += rows(scored)
    return sorted(found, key=_order)


def _order(row: Row) -> tuple[str, ...]:
    return row.suite, row.model, row.protocol, row.metric, row.run_id, row.evidence


def _check(row: Row, where: str) -> None:
    """Raise DataError for a row of a board that says what no run can give."""
    try:
        for what in ("score", "ci_low", "ci_high"):
            as_share(getattr(row, what), what)
        as_share(row.stderr, "stderr", math.inf)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if row.correct is not None and (row.total is None or row.correct > row.total):
        raise DataError(f"{where}: correct is {row.correct}, which is more than total")


def as_share(text: str, what: str, most: float = 1.0) -> float | None:
    """The number from 0 to `most` that a row's text says in plain decimal, None for a blank.

    Raises DataError for anything else, numbers in another notation too: a board writes none.
    """
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise DataError(f"{what} is {text!r:.40}, not a number like 0.250000")
    value = float(text)
    if not 0 <= value <= most:
        raise DataError(f"{what} is {text!r:.40}, not a number from 0 to {most:g}")
    return value


def as_real(text: str, what: str) -> float | None:
    """The number that a row's text says as Python writes one, None for a blank. Raises DataError for anything else."""
    if text and not (_FLOAT.fullmatch(text) and math.isfinite(float(text))):
        raise DataError(f"{what} is {text!r:.40}, not a number")
    return float(text) if text else None


def as_count(text: str, what: str) -> int | None:
    """The whole number that a row's text says, None for a blank. Raises DataError for anything else."""
    if text and not _WHOLE.fullmatch(text):
        raise DataError(f"{what} is {text!r:.40}, not a whole number")
    return int(text) if text else None


def as_truth(text: str, what: str) -> bool | None:
    """The truth value that a row's text says, None for a blank. Raises DataError for anything else."""
    known = {"": None, "True": True, "False": False}
    if text not in known:
        raise DataError(f"{what} is {text!r:.40}, neither True nor False")
    return known[text]
