"""Making a board: a folder with `board.csv`, a row per model, suite and metric, and the evidence that proves the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...benchmarks.examination import read_answers, score_answers
from ...harness.errors import DataError, StoreError, UsageError
from ...harness.files import write_atomic
from ...harness.folder import ClaimedFolder, check_empty
from ...harness.runs.judging import JudgeModel
from ...harness.runs.score import ScoredRun, StoredAnswers, in_processes
from .evidence import BOARD, EVIDENCE, EvidenceFolder, keep, read_record
from .publishable import disagreements, nameless, unfit
from .table import Row, cells, read_csv, rows, to_csv


@dataclass(frozen=True)
class Board:
    """The rows of a board, why it cannot be published, a line each, and the rows of the board that was there before."""

    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    before: tuple[Row, ...] = ()

    @property
    def left_out(self) -> list[str]:
        """Model, suite and protocol of the rows of before that are not there any more, each once."""
        named = [{f"{row.model} {row.suite} {row.protocol}" for row in some} for some in (self.before, self.rows)]
        return sorted(named[0] - named[1])


@dataclass(frozen=True)
class _Scoring:
    """How each run is judged; `protocols` by run."""

    protocols: Mapping[Path, Sequence[str | None]]
    folder: EvidenceFolder
    referee: JudgeModel | None
    partial: bool


def build(
    runs: Sequence[Path],
    protocols: Sequence[str | None] | Mapping[Path, Sequence[str | None]],
    out: Path,
    referee: JudgeModel | None = None,
    *,
    draft: bool = False,
    partial: bool = False,
) -> Board:
    """Score the runs and write the board into the folder `out`, in place of the one that is there.

    `protocols` are for all runs, or by run. Nothing is written over if the board cannot be published, unless it is a `draft`.
    `partial`: the rows of incomplete runs have scores too. Raises UsageError for a folder that holds other files or another's
    board.csv, RunLockedError if another process builds there, StoreError if it cannot be written, DataError for damaged runs,
    and for several whose model nobody named.
    """
    _prepare(out)
    with ClaimedFolder(out, "board", "building this board"):
        by_run = protocols if isinstance(protocols, Mapping) else dict.fromkeys(runs, protocols)
        return _build(runs, _Scoring(by_run, EvidenceFolder(out / EVIDENCE), referee, partial), out, draft)


def _build(runs: Sequence[Path], how: _Scoring, out: Path, draft: bool) -> Board:
    before = _before(out / BOARD)
    how.folder.drop_damaged()
    kept = how.folder.digests()
    try:
        table, problems = _judge(runs, how)
        if several := nameless(map(cells, table)):
            raise DataError(several)
        if draft or not problems:
            needed = _needed(how.folder, table)
            how.folder.sync()
            write_atomic(out / BOARD, to_csv(table))
            kept = needed
    finally:
        how.folder.keep_only(kept)
    return Board(tuple(table), tuple(problems), before)


def _judge(runs: Sequence[Path], how: _Scoring) -> tuple[list[Row], list[str]]:
    """The rows of all runs, their evidence kept, and why they cannot be published."""
    by_size = sorted(runs, key=lambda path: (-_size(path), path))
    found = list(in_processes(partial(_enter, how), by_size, 1 if how.referee else None))
    table = sorted(row for rows_of_run, _ in found for row in rows_of_run)
    problems = sorted(problem for _, problems_of_run in found for problem in problems_of_run)
    return table, [*problems, *disagreements(map(cells, table))]


def _needed(folder: EvidenceFolder, table: Sequence[Row]) -> set[str]:
    """The digests of all evidence of the rows."""
    records = {row.evidence for row in table}
    return records.union(*(read_record(folder, one).parts for one in records))


def _before(file: Path) -> tuple[Row, ...]:
    """The rows of the board that is to be replaced. Raises UsageError for a file that is none of ours."""
    try:
        return tuple(read_csv(file)) if file.exists() else ()
    except DataError as error:
        raise UsageError(
            f"{error}; it is not written over: remove it, or choose another folder for the board"
        ) from error


def _prepare(out: Path) -> None:
    try:
        if out.exists():
            check_empty(out, (BOARD, EVIDENCE, "README.md"), "folder for the board")
    except OSError as error:
        raise UsageError(f"{out} is no folder for a board: {error.strerror}") from error
    try:
        (out / EVIDENCE).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make {out}: {error.strerror}") from error


def _size(run: Path) -> int:
    try:
        return (run / "responses.jsonl").stat().st_size
    except OSError:
        return 0


def _enter(how: _Scoring, run: Path) -> tuple[list[Row], list[str]]:
    """The rows of a run under each protocol, its evidence kept, and why it cannot be published."""
    answers = read_answers(run)
    table: list[Row] = []
    problems: list[str] = []
    for name in how.protocols[run]:
        scored, replies = _score(answers, name, how)
        table += rows(scored, keep(how.folder, scored, replies))
        problems += [f"{run}, {scored.rules.name}: {reason}" for reason in unfit(scored, answers.responses)]
    return table, problems


def _score(answers: StoredAnswers, protocol: str | None, how: _Scoring) -> tuple[ScoredRun, bytes]:
    """A run under one protocol, and the lines of the language model's replies that this took."""
    if how.referee is None:
        return score_answers(answers, protocol, partial=how.partial), b""
    with how.referee.book.noting() as noted:
        scored = score_answers(answers, protocol, how.referee, partial=how.partial)
    return scored, b"".join(sorted(noted.values()))
