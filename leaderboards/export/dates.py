"""When runs were held, which their rows do not say: read from manifests, of run directories or among a board's evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ...benchmarks.examination import find_runs
from ...harness.errors import DataError
from ...harness.runs.store import Manifest
from ...harness.types import Json
from ..board.evidence import BOARD, EVIDENCE, EvidenceFolder, is_board, read_record
from ..board.table import read_csv


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
