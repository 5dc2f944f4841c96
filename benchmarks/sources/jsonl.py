"""JSON lines with pictures beside them: the project's own layout, in which columns are named as `parse` reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ...harness.errors import DataError
from ..data import Record
from .lines import numbered_lines

MAX_LINE_BYTES = 16 * 2**20


def read_jsonl(path: Path) -> Iterator[Record | DataError]:
    """The lines of a JSONL file; a line that is not a JSON object is a problem in its place.

    Raises DataError for a file that can not be read, or a line that is longer than MAX_LINE_BYTES.
    """
    for number, line in numbered_lines(path, MAX_LINE_BYTES):
        if line.strip():
            yield _record(line, f"{path}:{number}")


def _record(line: bytes, where: str) -> Record | DataError:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        return DataError(f"{where}: not valid JSON ({error})")
    if not isinstance(fields, dict):
        return DataError(f"{where}: a line must be a JSON object")
    return Record(fields, where)
