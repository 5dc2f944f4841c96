"""Is every row of a board what its evidence gives? Recomputed offline, row by row, with the reason where it is not.

Whoever can write a folder can write one that is consistent in itself: that the answers came from the model that is named
is not to be seen here. What is seen is any change after the fact, and where a run contradicts itself. A row that only cannot
be published (`publishable`), as one of the first items, is reproduced all the same, with a note.

A row is reproduced, not reproduced, or unverifiable. It is unverifiable where something that only its suite or its data can
tell was not told, and nothing that the evidence tells contradicts it:

- the suite is installed, but its items were compared with nothing: no data are named, and it has no sample of their number.
  All of the row is what the evidence gives; whether items and golds are the benchmark's is not known.
- the protocol is not installed: the numbers are those of the recorded verdicts, which were not made again.
- the suite is not installed: the protocols that every suite has judge the answers again all the same; of others the recorded
  verdicts count. Accuracy and what several samples give are recomputed, the suite's own metrics, prompts and items are not.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ...benchmarks.base import Suite, boxed_prompt
from ...benchmarks.examination import read_answers, rules_of
from ...benchmarks.protocols.common import common_protocols
from ...benchmarks.protocols.recorded import recorded_replies
from ...benchmarks.registry import SUITES
from ...benchmarks.subset import is_bundled
from ...harness.answers import Extraction, Grade
from ...harness.errors import EXIT_CHECK_FAILED, EXIT_OK, EXIT_UNVERIFIABLE, DataError, ProctorError, UsageError
from ...harness.profiles import profiles
from ...harness.report.text import counted, first_of
from ...harness.runs.judging import JudgeModel, Referee, ReplyBook
from ...harness.runs.score import Rules, ScoredRun, StoredAnswers, in_processes, score
from ...harness.stats.metrics import overall
from ...harness.types import Item, Json, Verdict
from .drawn import odd
from .earlier_interval import earlier_interval
from .evidence import BOARD, EVIDENCE, EvidenceFolder, RunEvidence, read_record, read_verdicts, unpack_run
from .known_items import KnownItems, read_all, unlike
from .publishable import IDENTITY, asked_otherwise, contradicting, disagreements, of_no_set, withheld
from .table import COLUMNS, cells, interval_cells, read_cells, read_content, read_csv, rows, to_csv

VERSIONS = ("protocol_version", "grader_version")
OF_METRIC = ("metric", "correct", "total", "n", "clusters", "score", "stderr", "ci_low", "ci_high")
"""The columns that differ between the rows of a run; the others are the same for all of its metrics."""
NAMED = 3
"""So many ids are named."""
INTERVAL = ("ci_low", "ci_high")

Cells = Mapping[str, str]


@dataclass(frozen=True)
class RowReport:
    """A row as stated, and why it is not reproduced, or why that cannot be told and what to do, a line each."""

    number: int
    stated: Cells
    problems: tuple[str, ...]
    unverifiable: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    """Why it cannot be published, though nothing speaks against its numbers."""

    @property
    def name(self) -> str:
        """Suite, model, protocol and metric."""
        return " ".join(self.stated[name] for name in IDENTITY)

    @property
    def reproduced(self) -> bool | None:
        """True or False; None where it cannot be told."""
        return False if self.problems else None if self.unverifiable else True

    @property
    def reasons(self) -> tuple[str, ...]:
        """The lines that say why it is not reproduced; only for a row that nothing speaks against, why it is unverifiable."""
        return self.problems or self.unverifiable

    def to_json(self) -> Json:
        """For machines."""
        named = {name: self.stated[name] for name in (*IDENTITY, "run_id", "score", "evidence")}
        return {"row": self.number, **named, "reproduced": self.reproduced, "problems": list(self.reasons)} | (
            {"not_publishable": list(self.withheld)} if self.withheld else {}
        )


@dataclass(frozen=True)
class VerifyReport:
    """All rows of a board, what is wrong with the board as a whole, and what could not be told."""

    board: Path
    rows: tuple[RowReport, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def count(self, reproduced: bool | None) -> int:
        """How many rows are reproduced (True), not reproduced (False), or unverifiable (None)."""
        return sum(row.reproduced is reproduced for row in self.rows)

    @property
    def verified(self) -> bool | None:
        """True if all rows are reproduced and the board is right as a whole, None if some are unverifiable, else False."""
        if self.problems or self.count(False):
            return False
        return None if self.count(None) else True

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return {True: EXIT_OK, False: EXIT_CHECK_FAILED, None: EXIT_UNVERIFIABLE}[self.verified]

    def to_json(self) -> Json:
        """For machines; `verified`, and `reproduced` of a row, are null where it cannot be told."""
        return {
            "board": str(self.board),
            "verified": self.verified,
            "reproduced": self.count(True),
            "problems": list(self.problems),
            "notes": list(self.notes),
            "rows": [row.to_json() for row in self.rows],
        }


@dataclass(frozen=True)
class Recomputed:
    """What the evidence of one record gives: rows by metric under the rules that are installed.

    `as_recorded` are those of the recorded verdicts, under the versions that the record names; `changed` are the answers
    with another verdict, rule or reading than recorded, `decided` those of them that are now right or no longer are.
    `unverifiable` says why the rows cannot be verified, if they cannot; then `rows` may lack the suite's own metrics
    (`without_suite`). `earlier` are the intervals of each metric by the rule that boards had at first, `odd` is what is
    seldom so of answers that were drawn as the run says; `bundled` tells a bundled sample, which is no benchmark, and
    `withheld` are the reasons why the run cannot be published that contradict nothing.
    """

    rows: Mapping[str, Cells] = field(default_factory=dict)
    as_recorded: Mapping[str, Cells] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    unverifiable: tuple[str, ...] = ()
    without_suite: bool = False
    unknown_items: bool = False
    earlier: frozenset[tuple[str, str, str]] = frozenset()
    odd: tuple[str, ...] = ()
    bundled: bool = False
    withheld: tuple[str, ...] = ()


def verify(board: Path, known: KnownItems | None = None) -> VerifyReport:
    """Recompute every row of a board from its evidence; what cannot be verified of one row does not stop the others.

    `known` are items to hold those of the evidence against; by default the suites' samples. Raises DataError if there is no
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
    reports = tuple(_report(number, row, found[row["evidence"]]) for number, row in enumerate(stated, 1))
    problems = [*disagreements(stated), *_left_out(stated, found), *_without_a_row(folder, digests)]
    columns = tuple(stated[0]) if stated else COLUMNS
    as_written = to_csv(read_csv(board / BOARD), columns) == content
    if not problems and all(not row.problems for row in reports) and not as_written:
        problems.append(f"{BOARD} is not written as `board build` writes it: its order or its quoting was changed")
    return VerifyReport(board, reports, tuple(problems), tuple(_notes(stated, found)))


def _notes(stated: Sequence[Cells], found: Mapping[str, Recomputed]) -> Iterator[str]:
    """What could not be told, and is no fault."""
    known = {"", *profiles()}
    unchecked = sorted({row["suite"] for row in stated if found[row["evidence"]].unknown_items})
    if unchecked:
        names = ", ".join(unchecked)
        yield f"the items of {names} were not compared with the benchmark's: name your copy with --data SUITE=DATA"
    strange = sorted({asked for row in stated if (asked := row["prompt_protocol"]) and _profile(asked) not in known})
    if strange:
        yield f"asked in the manner of profiles that are not bundled, whose texts are in the evidence: {', '.join(strange)}"
    earlier = sorted(
        {found[row["evidence"]].versions for row in stated if _judged_by_others(row, found[row["evidence"]])}
    )
    for protocol_version, grader_version in earlier:
        yield (
            f"judged by protocol version {protocol_version} and grader {grader_version}, and read again by those installed: "
            "what is stated is reproduced"
        )
    earlier_intervals = sum(_has_earlier_interval(row, found[row["evidence"]]) for row in stated)
    if earlier_intervals:
        yield (
            f"{counted(earlier_intervals, 'row has its', 'rows have their')} 95% interval by the rule of before (Wilson's), "
            "which it gives; counts, scores and errors are reproduced, and `board build` writes intervals by the rule of now"
        )
    samples = sorted({row["suite"] for row in stated if found[row["evidence"]].bundled})
    if samples:
        yield f"the rows of {', '.join(samples)} are of bundled samples, which imitate the benchmarks and are not them"
    reasons = Counter(reason for row in stated for reason in found[row["evidence"]].withheld)
    for reason, count in sorted(reasons.items()):
        yield f"not publishable, {counted(count, 'row')}: {reason}"
    runs = {row["evidence"]: f"{row['model']} on {row['suite']}, run {row['run_id']}" for row in stated}
    for digest, run in sorted(runs.items(), key=lambda one: one[1]):
        yield from (f"{run}: {line}" for line in found[digest].odd)
    unsourced = sum(row["git_dirty"] == "" for row in stated)
    if unsourced:
        yield f"{counted(unsourced, 'row was', 'rows were')} made by code whose commit is not known"


def _judged_by_others(row: Cells, found: Recomputed) -> bool:
    """True if other versions than those installed judged the row, and these give the same."""
    installed = found.rows.get(row["metric"])
    if installed is None or found.decided or found.versions == tuple(installed[name] for name in VERSIONS):
        return False
    if _has_earlier_interval(row, found):
        installed = {**installed, **{name: row[name] for name in INTERVAL}}
    return _same_but_versions(row, installed)


def _has_earlier_interval(row: Cells, found: Recomputed) -> bool:
    """True if the row states the interval that the evidence gives by the rule of before, and by that alone."""
    given = [rows[row["metric"]] for rows in (found.rows, found.as_recorded) if row["metric"] in rows]
    if any(all(row[name] == one.get(name) for name in INTERVAL) for one in given):
        return False
    return (row["metric"], *(row[name] for name in INTERVAL)) in found.earlier


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
    referee: Referee | None = None
    if record.replies:
        folder.unpack(record.replies, temporary / "replies.jsonl")
        referee = JudgeModel(record.referee, ReplyBook(temporary / "replies.jsonl"))
    answers = read_answers(run)
    judges = _judges(answers, record)
    rules = judges.rules or _RecordedRules(record.protocol, record.protocol_version)
    recorded_by = recorded_replies(answers, rules)
    if referee is None and recorded_by is not None and recorded_by.model == record.referee:
        referee = recorded_by
    measure = judges.suite.metrics if judges.suite else overall
    scored = score(answers, rules, measure, referee)
    problems: list[str] = []
    recorded: tuple[Verdict, ...] = ()
    try:
        recorded = _recorded(folder, record, scored)
    except DataError as error:
        problems.append(str(error))
    if judges.rules is None:
        scored = dataclasses.replace(_with_verdicts(scored, recorded), referee=record.referee)
    problems += contradicting(scored, answers.responses)
    unpublished = [*withheld(scored)]
    differing: list[str] | None = None
    if judges.suite is not None:
        differing = unlike(known, judges.suite, scored.run.manifest, scored.items)
        problems += differing or ()
        if judges.prompts_known:
            problems += asked_otherwise(scored)
            same = differing is not None and not differing  # then their number is no fault
            (unpublished if same else problems).extend(of_no_set(scored))
    if record.referee != scored.referee:
        problems.append(
            f"the record names the language model {record.referee or 'none'}, and its replies are of another"
        )
    as_recorded = _as_recorded(scored, record, recorded, digest)
    if judges.rules is None:  # who decided which answer is in the rules
        as_recorded = {name: _without(row, "refereed") for name, row in as_recorded.items()}
    return Recomputed(
        {row.metric: cells(row) for row in rows(scored, digest)} if judges.rules else as_recorded,
        as_recorded,
        tuple(problems),
        tuple(_changed(scored.verdicts, recorded, _said)),
        tuple(_changed(scored.verdicts, recorded, _decided)),
        (record.protocol_version, record.grader_version),
        tuple(_untold(judges, record, differing is None)),
        judges.suite is None,
        judges.suite is not None and differing is None,
        frozenset(_earlier_intervals(scored, recorded)),
        tuple(odd(scored.run.manifest, answers.responses)),
        is_bundled(scored.run.manifest.suite, str(scored.run.manifest.identity["data"])),
        tuple(unpublished),
    )


@dataclass(frozen=True)
class _Judges:
    """What judges a run here: its suite and its rules as far as they are installed, and what is not, a line each.

    Without the suite, `rules` are those of a protocol that every suite has, whose prompts then are not the suite's.
    """

    suite: Suite | None
    rules: Rules | None
    lacking: tuple[str, ...] = ()
    prompts_known: bool = True


def _judges(answers: StoredAnswers, record: RunEvidence) -> _Judges:
    name, asked_by = answers.run.manifest.suite, answers.run.manifest.protocol
    try:
        suite = SUITES.get(name)
    except UsageError as error:
        common = {one.name: one for one in common_protocols(boxed_prompt)}
        do = f"install the package that has the suite {name!r}, or give its file: --data FILE.py:NAME=DATA"
        if name in SUITES.names():
            do = f"mend the suite {name!r} ({error})"
        return _Judges(None, common.get(record.protocol), (do,), False)
    found = {one: _installed(answers, suite, one) for one in dict.fromkeys((record.protocol, asked_by))}
    lacking = tuple(
        f"install the package that has the protocol {one!r}, or name its file: --with FILE.py:NAME"
        for one in found
        if found[one] is None
    )
    return _Judges(suite, found[record.protocol], lacking, found[asked_by] is not None)


def _installed(answers: StoredAnswers, suite: Suite, protocol: str) -> Rules | None:
    try:
        return rules_of(answers, suite, protocol)
    except UsageError:
        return None


def _untold(judges: _Judges, record: RunEvidence, unknown_items: bool) -> Iterator[str]:
    """Why rows cannot be verified, what to do, and what was seen nevertheless; nothing if they can be."""
    if judges.rules is None:
        seen = "the recorded verdicts give these numbers, and were not made again"
    elif judges.suite is None:
        seen = f"judged again by {record.protocol}, which is the same for every suite, the answers give these numbers"
    else:
        seen = "the evidence gives all of the row"
    if not judges.prompts_known:
        seen += "; its prompts were not made again"
    if unknown_items:
        seen += "; its items were not compared with the benchmark's"
    for lacking in judges.lacking:
        yield f"{lacking}: {seen}"
    if judges.suite is not None and unknown_items:
        yield f"give --data {judges.suite.name}=FILE: {seen}"


@dataclass(frozen=True)
class _RecordedRules:
    """A protocol that is not installed: it judges nothing, and its recorded verdicts take the place of its own."""

    name: str
    version: str
    extractor = None
    judge = None
    reads_thinking = False
    prompt = staticmethod(boxed_prompt)

    def extract(self, text: str, item: Item) -> Extraction:
        """Nothing."""
        return Extraction(None, "recorded", "the protocol is not installed")

    def match(self, stated: Extraction, item: Item) -> Grade:
        """No verdict."""
        return Grade(None, None, stated.rule, stated.reason)


def _recorded(folder: EvidenceFolder, record: RunEvidence, scored: ScoredRun) -> tuple[Verdict, ...]:
    """The recorded verdicts. Raises DataError for damaged ones, or one on what was not asked."""
    verdicts = read_verdicts(folder, record, len(scored.verdicts))
    if strangers := sorted({verdict.item_id for verdict in verdicts} - {item.id for item in scored.items}):
        raise DataError(f"evidence {record.verdicts}: a verdict on {strangers[0]!r}, which was not asked")
    return verdicts


def _with_verdicts(scored: ScoredRun, verdicts: tuple[Verdict, ...]) -> ScoredRun:
    """The run with these verdicts in the place of its own."""
    answered = sum(verdict.rule != "error" for verdict in verdicts)
    total = len(scored.items) * scored.run.manifest.sampling.n
    return dataclasses.replace(scored, verdicts=verdicts, missing=total - answered)


def _earlier_intervals(scored: ScoredRun, recorded: tuple[Verdict, ...]) -> Iterator[tuple[str, str, str]]:
    """Metric, low and high by the rule of before, of the verdicts of now and of the recorded ones, as cells."""
    for one in (scored, _with_verdicts(scored, recorded)):
        for metric, row in zip(one.metrics, rows(one), strict=True):
            if row.score:
                yield (row.metric, *interval_cells(*earlier_interval(metric.estimate)))


def _as_recorded(
    scored: ScoredRun, record: RunEvidence, verdicts: tuple[Verdict, ...], digest: str
) -> dict[str, Cells]:
    """The rows of the recorded verdicts."""
    versions = {"protocol_version": record.protocol_version, "grader_version": record.grader_version}
    return {row.metric: {**cells(row), **versions} for row in rows(_with_verdicts(scored, verdicts), digest)}


def _changed(now: Sequence[Verdict], then: Sequence[Verdict], judged: Callable[[Verdict], object]) -> Iterator[str]:
    """The answers that are `judged` otherwise than was recorded."""
    before, after = ({(one.item_id, one.sample): judged(one) for one in verdicts} for verdicts in (then, now))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key, "") != after.get(key, ""):
            yield f"{key[0]} (sample {key[1]})"


def _said(one: Verdict) -> tuple[bool | None, str | None, str, bool]:
    return one.correct, one.extracted, one.rule, one.truncated


def _decided(one: Verdict) -> bool | None:
    return one.correct


def _report(number: int, stated: Cells, found: Recomputed) -> RowReport:
    unverifiable = found.unverifiable
    if found.without_suite and stated["metric"] not in found.rows:
        own = f"the metric {stated['metric']!r:.80} is the suite's own, and was not computed"
        unverifiable = tuple(f"{line}; {own}" for line in unverifiable)
    return RowReport(number, stated, tuple(_row_problems(stated, found)), unverifiable, found.withheld)


def _row_problems(stated: Cells, found: Recomputed) -> Iterator[str]:
    """Why a row is not reproduced."""
    yield from found.problems
    if not found.rows:
        return
    installed = found.rows.get(stated["metric"])
    recorded = found.as_recorded.get(stated["metric"])
    if _has_earlier_interval(stated, found):
        installed, recorded = (
            given and {**given, **{name: stated[name] for name in INTERVAL}} for given in (installed, recorded)
        )
    if installed is None and found.without_suite:  # what is the same for all metrics can be told
        installed, recorded = (
            _without(next(iter(given.values())), *OF_METRIC) for given in (found.rows, found.as_recorded)
        )
    if installed is None or found.versions == tuple(installed[name] for name in VERSIONS):
        if found.changed:
            yield f"{_named(found.changed)} judged otherwise than the recorded verdicts say"
        yield from _differences(stated, installed, "the evidence gives")
        return
    yield from _differences(stated, recorded, "the recorded verdicts give")
    if _same_but_versions(stated, installed) and not found.decided:
        return
    yield (
        f"judged by protocol version {found.versions[0]} and grader {found.versions[1]}, and installed are "
        f"{installed['protocol_version']} and {installed['grader_version']}: {_effect(stated, installed, found.decided)}"
    )


def _without(row: Cells, *columns: str) -> Cells:
    """The row without what cannot be told of it."""
    return {name: cell for name, cell in row.items() if name not in columns}


def _differences(stated: Cells, given: Cells | None, who: str) -> Iterator[str]:
    if given is None:
        yield f"{who} no metric {stated['metric']!r}"
        return
    for name in COLUMNS:
        if name in given and name in stated and stated[name] != given[name]:
            yield f"{name} is stated as {_shown(stated[name])}, and {who} {_shown(given[name])}"


def _same_but_versions(stated: Cells, installed: Cells) -> bool:
    """True if the installed rules give the row that others judged, whether or not they read as many answers."""
    return all(stated[name] == installed[name] for name in stated if name not in (*VERSIONS, "unparsed"))


def _shown(cell: str) -> str:
    return f"{cell:.80}" if cell else "blank"


def _effect(stated: Cells, installed: Cells, changed: Sequence[str]) -> str:
    """What the installed rules make of a row that others judged."""
    if not changed:
        return "all verdicts are the same under both, and the row is not"
    becomes = f"score {stated['score']} becomes {installed['score']}; " if "score" in installed else ""
    return f"{becomes}{_named(changed)} judged otherwise"


def _named(ids: Sequence[str]) -> str:
    return f"{counted(len(ids), 'answer')} ({first_of(ids, NAMED)}) {'is' if len(ids) == 1 else 'are'}"


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
        yield f"{counted(len(left), 'file of evidence belongs', 'files of evidence belong')} to no row, e.g. {min(left)}"


def _parts(folder: EvidenceFolder, digest: str) -> tuple[str, ...]:
    try:
        return read_record(folder, digest).parts
    except DataError:  # told with its rows
        return ()
