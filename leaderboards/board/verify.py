"""Is every row of a board what its evidence gives? Recomputed offline, row by row, with the reason where it is not.

Whoever can write a folder can write one that is consistent in itself: that the answers came from the model that is named
is not to be seen here. What is seen is any change after the fact, and whatever a published board must not be (`fitness`).
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ...benchmarks.examination import read_answers, score_answers
from ...harness.errors import DataError, ProctorError
from ...harness.profiles import profiles
from ...harness.runs.judging import JudgeModel, ReplyBook
from ...harness.runs.score import ScoredRun, in_processes
from ...harness.types import Json, Verdict
from .evidence import BOARD, EVIDENCE, EvidenceFolder, RunEvidence, read_record, read_verdicts, unpack_run
from .known_items import KnownItems, read_all, unknown, unlike
from .publishable import IDENTITY, disagreements, unfit
from .table import COLUMNS, cells, read_cells, read_content, read_csv, rows, to_csv

VERSIONS = ("protocol_version", "grader_version")
NAMED = 3
"""So many ids are named."""

Cells = Mapping[str, str]


@dataclass(frozen=True)
class RowReport:
    """A row as stated, and why it is not reproduced, a line each; none if it is."""

    number: int
    stated: Cells
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        """Suite, model, protocol and metric."""
        return " ".join(self.stated[name] for name in IDENTITY)

    def to_json(self) -> Json:
        """For machines."""
        named = {name: self.stated[name] for name in (*IDENTITY, "run_id", "score", "evidence")}
        return {"row": self.number, **named, "reproduced": not self.problems, "problems": list(self.problems)}


@dataclass(frozen=True)
class VerifyReport:
    """All rows of a board, what is wrong with the board as a whole, and what could not be told."""

    board: Path
    rows: tuple[RowReport, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def reproduced(self) -> int:
        """How many rows are."""
        return sum(not row.problems for row in self.rows)

    @property
    def verified(self) -> bool:
        """True if all rows are, and the board is right as a whole."""
        return not self.problems and self.reproduced == len(self.rows)

    def to_json(self) -> Json:
        """For machines."""
        return {
            "board": str(self.board),
            "verified": self.verified,
            "reproduced": self.reproduced,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "rows": [row.to_json() for row in self.rows],
        }


@dataclass(frozen=True)
class Recomputed:
    """What the evidence of one record gives: rows by metric under the rules that are installed.

    `as_recorded` are those of the recorded verdicts, under the versions that the record names.
    """

    rows: Mapping[str, Cells] = field(default_factory=dict)
    as_recorded: Mapping[str, Cells] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    unknown_items: bool = False


def verify(board: Path, known: KnownItems | None = None) -> VerifyReport:
    """Recompute every row of a board from its evidence.

    `known` are items to hold those of the evidence against; by default the bundled ones. Raises DataError if there is no
    board, or none that can be read.
    """
    known = known or KnownItems()
    read_all(known)
    content = read_content(board / BOARD)
    stated = read_cells(content, str(board / BOARD))
    folder = EvidenceFolder(board / EVIDENCE)
    digests = list(dict.fromkeys(row["evidence"] for row in stated))
    recompute = partial(_recompute, folder, known)
    found = dict(zip(digests, in_processes(recompute, digests), strict=True))
    reports = tuple(
        RowReport(number, row, tuple(_row_problems(row, found[row["evidence"]])))
        for number, row in enumerate(stated, 1)
    )
    problems = [*disagreements(stated), *_left_out(stated, found), *_without_a_row(folder, digests)]
    if not problems and all(not row.problems for row in reports) and to_csv(read_csv(board / BOARD)) != content:
        problems.append(f"{BOARD} is not written as `board build` writes it: its order or its quoting was changed")
    return VerifyReport(board, reports, tuple(problems), tuple(_notes(stated, found)))


def _notes(stated: Sequence[Cells], found: Mapping[str, Recomputed]) -> Iterator[str]:
    """What could not be told, and is no fault."""
    known = {"", *profiles()}
    unchecked = sorted({row["suite"] for row in stated if found[row["evidence"]].unknown_items})
    if unchecked:
        yield f"the items of {', '.join(unchecked)} were held against nothing: name your own copy with --data SUITE=DATA"
    strange = sorted({asked for row in stated if (asked := row["prompt_protocol"]) and _profile(asked) not in known})
    if strange:
        yield f"asked in the manner of profiles that are not bundled, whose texts are in the evidence: {', '.join(strange)}"
    unsourced = sum(row["git_dirty"] == "" for row in stated)
    if unsourced:
        yield f"{unsourced} rows were held by code whose commit is not known"


def _profile(asked: str) -> str:
    """The profile's name in "PROTOCOL+NAME@DIGEST"; empty without one."""
    _, plus, label = asked.rpartition("+")
    return label.partition("@")[0] if plus else ""


def _recompute(folder: EvidenceFolder, known: KnownItems, digest: str) -> Recomputed:
    """What the record of that digest gives; evidence that cannot be used is a problem."""
    try:
        record = read_record(folder, digest)
        with tempfile.TemporaryDirectory(prefix="proctor-verify-") as temporary:
            return _of_record(folder, record, digest, known, Path(temporary))
    except ProctorError as error:
        return Recomputed(problems=(str(error),))
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:  # what no run of ours holds
        return Recomputed(problems=(f"evidence {digest} is not in the form of a run ({error!r:.100})",))


def _of_record(
    folder: EvidenceFolder, record: RunEvidence, digest: str, known: KnownItems, temporary: Path
) -> Recomputed:
    run = temporary / digest
    unpack_run(folder, record, run)
    referee = None
    if record.replies:
        folder.unpack(record.replies, temporary / "replies.jsonl")
        referee = JudgeModel(record.referee, ReplyBook(temporary / "replies.jsonl"))
    scored = score_answers(read_answers(run), record.protocol, referee)
    problems = [*unfit(scored), *unlike(known, scored.run.manifest.suite, scored.items)]
    if record.referee != scored.referee:
        problems.append(
            f"the record names the language model {record.referee or 'none'}, and its replies are of another"
        )
    recorded: tuple[Verdict, ...] = ()
    try:
        recorded = _recorded(folder, record, scored)
    except DataError as error:
        problems.append(str(error))
    return Recomputed(
        {row.metric: cells(row) for row in rows(scored, digest)},
        _as_recorded(scored, record, recorded, digest),
        tuple(problems),
        tuple(_changed(scored.verdicts, recorded)),
        (record.protocol_version, record.grader_version),
        unknown(known, scored.run.manifest.suite, scored.items),
    )


def _recorded(folder: EvidenceFolder, record: RunEvidence, scored: ScoredRun) -> tuple[Verdict, ...]:
    """The recorded verdicts. Raises DataError for damaged ones, or one on what was not asked."""
    verdicts = read_verdicts(folder, record, len(scored.verdicts))
    if strangers := sorted({verdict.item_id for verdict in verdicts} - {item.id for item in scored.items}):
        raise DataError(f"evidence {record.verdicts}: a verdict on {strangers[0]!r}, which was not asked")
    return verdicts


def _as_recorded(
    scored: ScoredRun, record: RunEvidence, verdicts: tuple[Verdict, ...], digest: str
) -> dict[str, Cells]:
    """The rows of the recorded verdicts."""
    answered = sum(verdict.rule != "error" for verdict in verdicts)
    total = len(scored.items) * scored.run.manifest.sampling.n
    then = dataclasses.replace(scored, verdicts=verdicts, missing=total - answered)
    versions = {"protocol_version": record.protocol_version, "grader_version": record.grader_version}
    return {row.metric: {**cells(row), **versions} for row in rows(then, digest)}


def _changed(now: Sequence[Verdict], then: Sequence[Verdict]) -> Iterator[str]:
    """The answers that are judged otherwise than was recorded."""
    before, after = ({(one.item_id, one.sample): _said(one) for one in verdicts} for verdicts in (then, now))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key, "") != after.get(key, ""):
            yield f"{key[0]} (sample {key[1]})"


def _said(one: Verdict) -> tuple[bool | None, str | None, str, bool]:
    return one.correct, one.extracted, one.rule, one.truncated


def _row_problems(stated: Cells, found: Recomputed) -> Iterator[str]:
    """Why a row is not reproduced."""
    yield from found.problems
    if not found.rows:
        return
    installed = found.rows.get(stated["metric"])
    recorded = found.as_recorded.get(stated["metric"])
    if installed is None or found.versions == tuple(installed[name] for name in VERSIONS):
        if found.changed:
            yield f"{_named(found.changed)} judged otherwise than the recorded verdicts say"
        yield from _differences(stated, installed, "the evidence gives")
        return
    yield from _differences(stated, recorded, "the recorded verdicts give")
    yield (
        f"judged by protocol version {found.versions[0]} and grader {found.versions[1]}, and installed are "
        f"{installed['protocol_version']} and {installed['grader_version']}: {_effect(stated, installed, found.changed)}"
    )


def _differences(stated: Cells, given: Cells | None, who: str) -> Iterator[str]:
    if given is None:
        yield f"{who} no metric {stated['metric']!r}"
        return
    for name in COLUMNS:
        if stated[name] != given[name]:
            yield f"{name} is stated as {_shown(stated[name])}, and {who} {_shown(given[name])}"


def _shown(cell: str) -> str:
    return f"{cell:.80}" if cell else "blank"


def _effect(stated: Cells, installed: Cells, changed: Sequence[str]) -> str:
    """What the installed rules make of a row that others judged."""
    if not changed:
        return "all verdicts are the same under both"
    return f"score {stated['score']} becomes {installed['score']}; {_named(changed)} judged otherwise"


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{len(ids)} answers ({', '.join(ids[:NAMED])}{more}) are"


def _left_out(stated: Sequence[Cells], found: Mapping[str, Recomputed]) -> Iterator[str]:
    """Metrics that the evidence gives and the board does not tell."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for row in stated:
        told[row["evidence"]][row["metric"]] += 1
    for digest, recomputed in found.items():
        for metric, row in recomputed.rows.items():
            if metric not in told[digest]:
                yield f"a row was left out: {' '.join(row[name] for name in IDENTITY)}"


def _without_a_row(folder: EvidenceFolder, stated: Sequence[str]) -> Iterator[str]:
    """Evidence that no row rests on."""
    try:
        left = folder.digests() - {*stated}
        for digest in stated:
            left -= set(_parts(folder, digest))
    except DataError as error:
        yield str(error)
        return
    for digest in sorted(left):
        try:
            record = read_record(folder, digest)
        except DataError:
            continue
        left -= {digest, *record.parts}
        yield f"evidence {digest} of a run under {record.protocol} has no row: the rows of that run were left out"
    if left:
        yield f"{len(left)} files of evidence belong to no row, e.g. {min(left)}"


def _parts(folder: EvidenceFolder, digest: str) -> tuple[str, ...]:
    try:
        return read_record(folder, digest).parts
    except DataError:  # told with its rows
        return ()
