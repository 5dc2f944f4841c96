"""The lines of a data file, numbered and limited: a file without line ends must not fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...harness.errors import DataError


def numbered_lines(path: Path, limit: int) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line with its end) of each line.

    Raises DataError for a file that can not be read, or a line that is longer than `limit` bytes.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    with file:
        number = 0
        while line := file.readline(limit + 1):
            number += 1
            if len(line) > limit:
                raise DataError(f"{path}:{number}: the line is longer than {limit} bytes")
            yield number, line
