"""JSON lines with pictures beside them: the project's own layout, in which columns are named as `parse` reads them.

JSON documents of a folder: bounded, confined to the folder, and without an entry that is there twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from ...harness.errors import DataError
from ...harness.jsonl import Line, read_lines
from ...harness.limits import DATA_DOCUMENT_BYTES, DATA_LINE_BYTES
from ...harness.links import advice, is_inside
from ..items import Record


def read_jsonl(path: Path) -> Iterator[Record | DataError]:
    """The lines of a JSONL file; one that is not a JSON object of at most DATA_LINE_BYTES is a problem in its place.

    Raises DataError for a file that cannot be read.
    """
    for line in read_lines(path, DATA_LINE_BYTES):
        if line.too_long or line.text.strip():
            yield _record(line)


def _record(line: Line) -> Record | DataError:
    try:
        fields = line.value()
    except DataError as error:
        return error
    return (
        Record(fields, line.where)
        if isinstance(fields, dict)
        else DataError(f"{line.where}: a line must be a JSON object")
    )


Entry: TypeAlias = tuple[str, str | None, dict[str, Any]]
"""(where it stands, its key in an object or None in a list, its columns)."""


class _Object(dict[str, Any]):
    """An object that knows a key that its text names twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs) if len(pairs) > len(self) else Counter[str]()
        self.repeated = next((key for key, count in counts.items() if count > 1), None)


def read_document(path: Path, root: Path, limit: int = DATA_DOCUMENT_BYTES) -> Any:
    """The JSON value of a file below `root`.

    Raises DataError for a file that is missing, lies outside `root` by a link, is longer than `limit` bytes, is not JSON,
    or is an object that names a key twice (an entry would be lost). Within entries the last of two counts, as in `json`.
    """
    try:
        inside = is_inside(path, root)
        if inside and not path.is_file():
            raise DataError(f"{path} is missing")
        if not inside:
            raise DataError(f"{path} lies outside the data folder {root}{advice()}")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
        raise DataError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > limit:
        raise DataError(f"{path}: the file is longer than {limit} bytes")
    try:
        document = json.loads(data, object_pairs_hook=_Object)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error!s:.200})") from error
    if isinstance(document, _Object) and document.repeated is not None:
        raise DataError(f"{path}: the key {document.repeated!r:.60} is there twice")
    return document


def entries(path: Path, root: Path) -> Iterator[Entry | DataError]:
    """The entries of a list or of an object of objects; one that is no object is a problem in its place.

    Raises DataError as `read_document` does, and for a document that is neither.
    """
    document = read_document(path, root)
    if isinstance(document, dict):
        named = [(f"{path}: entry {key!r:.60}", key, value) for key, value in document.items()]
    elif isinstance(document, list):
        named = [(f"{path}: entry {number}", None, value) for number, value in enumerate(document, 1)]
    else:
        raise DataError(f"{path}: must hold a list or an object of items")
    for where, key, value in named:
        yield (where, key, value) if isinstance(value, dict) else DataError(f"{where} must be a JSON object")
