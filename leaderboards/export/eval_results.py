"""Evaluation results as the Hugging Face hub reads them: `.eval_results/*.yaml` in a model's repository.

Built and read back with huggingface_hub's own classes (https://huggingface.co/docs/hub/eval-results). A file holds one
accuracy, in percent, of a whole published set; its notes say how it was found and what it can be recomputed from.

When runs were begun, which rows do not say, is read from manifests: of run directories, or among a board's evidence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ...benchmarks.examination import find_runs
from ...harness.errors import DataError, MissingExtraError, UsageError, install, printable
from ...harness.files import write_atomic
from ...harness.report.text import interval
from ...harness.runs.store import Manifest
from ...harness.types import Json
from ..board.evidence import BOARD, EVIDENCE, EvidenceFolder, is_board, read_record
from ..board.load_rows import as_share
from ..board.table import Row, read_csv
from .hub import HubTask, check_tasks, place_of
from .markdown import HEADLINE, rows_of, setting, unpublishable, warnings

try:
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml, parse_eval_result_entries
except ImportError as error:
    raise MissingExtraError(
        f"evaluation results need huggingface_hub 1.4 or newer and yaml: {install('boards')} ({error})"
    ) from error

FOLDER = ".eval_results"


@dataclass(frozen=True)
class ResultSource:
    """Where whoever reads a result finds more: a URL and what it is called."""

    url: str
    name: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[!-~]+", self.url):
            raise UsageError(f"the source must be an http or https URL, not {self.url!r:.80}")
        if self.name is not None and not (self.name.strip() and self.name.isprintable()):
            raise UsageError(f"the source's name must be text on one line, not {self.name!r:.80}")


@dataclass
class EvalResults:
    """Files to write, by name, and what is to be said: of what was left out, and of tasks that are not known."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    incomplete: int = 0
    uncertain: list[str] = field(default_factory=list)

    def write(self, repository: Path) -> list[Path]:
        """Write the files into the folder that is, or becomes, the model's repository. Raises StoreError."""
        paths = [repository / FOLDER / name for name in self.files]
        for path, content in zip(paths, self.files.values(), strict=True):
            write_atomic(path, content)
        return paths


def eval_results(
    model: str,
    rows: Sequence[Row],
    *,
    dates: Mapping[str, str] | None = None,
    source: ResultSource | None = None,
    tasks: Mapping[str, str] | None = None,
) -> EvalResults:
    """A file for each complete accuracy of a model on a whole published set.

    `dates` are those of runs by id, `tasks` names of tasks by suite. Raises UsageError if no row is of that model, and
    for a task that no suite of the hub can have; DataError for a row that says something else than a score.
    """
    check_tasks(tasks or {})
    found = EvalResults()
    entries: list[tuple[Row, HubTask]] = []
    for row in (row for row in rows_of(model, rows) if row.metric == HEADLINE):
        if problem := unpublishable(row):
            found.left_out.append(problem)
            found.incomplete += 1
            continue
        try:
            entries.append((row, place_of(row, tasks or {})))
        except UsageError as error:
            found.left_out.append(str(error))
    several = Counter(_stem(row, place) for row, place in entries)
    for row, place in entries:
        stem = _stem(row, place)
        name = f"{stem}.{_slug(row.run_id)}.yaml" if several[stem] > 1 else f"{stem}.yaml"
        if name in found.files:
            raise DataError(f"two rows of {model!r} are of run {row.run_id} on {row.suite} under {row.protocol}")
        found.files[name] = _file(_entry(row, place, (dates or {}).get(row.run_id), source))
        if not place.declared:
            found.uncertain.append(
                f"{place.published.path}: task {place.task!r} is a guess; --task {row.suite}=ID names one"
            )
    found.uncertain = sorted(set(found.uncertain))
    return found


def _stem(row: Row, place: HubTask) -> str:
    return ".".join(_slug(part) for part in (row.suite, place.set_name, row.protocol))


def _slug(text: str) -> str:
    """A text as part of a file's name: letters, digits, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:60].strip("-") or "x"


def _entry(row: Row, place: HubTask, date: str | None, source: ResultSource | None) -> EvalResultEntry:
    score = as_share(row.score, "score")
    return EvalResultEntry(
        dataset_id=place.published.path,
        task_id=place.task,
        value=round(100 * (score or 0.0), 4),
        date=date,
        source_url=source.url if source else None,
        source_name=source.name if source else None,
        notes=_notes(row),
    )


def _notes(row: Row) -> str:
    """One line: protocol and versions, interval, sampling, and the digests of what the score is made of."""
    low, high = as_share(row.ci_low, "ci_low"), as_share(row.ci_high, "ci_high")
    parts = [
        f"protocol {row.protocol} (version {row.protocol_version}, grader {row.grader_version})",
        *([f"95% interval {interval(low, high, 2)}"] if low is not None and high is not None else []),
        f"n {row.n} in {row.clusters} clusters",
        *warnings(row),
        setting(row),
        f"engine {row.engine}",
        f"run {row.run_id}",
        *(
            f"{name} {digest}"
            for name, digest in (
                ("weights", row.weights),
                ("items", row.data),
                ("responses", row.responses),
                ("evidence", row.evidence),
            )
            if digest
        ),
        f"proctor {row.proctor_version}",
    ]
    return printable("; ".join(parts))


def _file(entry: EvalResultEntry) -> bytes:
    """The YAML of an entry. Raises DataError if huggingface_hub would read anything else in it."""
    text: str = yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True, width=100)
    if parse_eval_result_entries(yaml.safe_load(text)) != [entry]:
        raise DataError(f"the result on {entry.dataset_id} cannot be written as YAML")
    return text.encode()


def run_dates(paths: Sequence[Path]) -> dict[str, str]:
    """The time (ISO 8601) at which each run was begun, by run id; a CSV file alone knows none.

    Raises UsageError where there are no runs, DataError for a damaged manifest.
    """
    found: dict[str, str] = {}
    for path in paths:
        for run_id, started in _begun(path):
            if isinstance(started, str) and _is_time(started):
                found[run_id] = min(started, found.get(run_id, started))
    return found


def _begun(path: Path) -> Iterator[tuple[str, Json]]:
    if path.is_file():
        return
    if not is_board(path):
        for run in find_runs([path]):
            manifest = Manifest.read(run)
            yield manifest.run_id, manifest.environment.get("started")
        return
    folder = EvidenceFolder(path / EVIDENCE)
    for digest in sorted({row.evidence for row in read_csv(path / BOARD)}):
        record = read_record(folder, digest)
        try:
            manifest_json = json.loads(folder.read(record.manifest))
            yield str(manifest_json["run_id"]), manifest_json["environment"].get("started")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(f"evidence {record.manifest}: a damaged manifest ({str(error)[:80]})") from error


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
