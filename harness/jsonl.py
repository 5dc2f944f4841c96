"""JSON lines: one bounded reader for files that others may have written, one append-only journal for our own.

A line without an end must not fill the memory, and one bad line must not hide the others: a `Line` knows where it stands
and raises only when its value is asked for. A crash can tear the last line of a journal; whoever opens it to go on cuts
that line off.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from .errors import DataError, StoreError
from .files import check_regular
from .types import Json, canonical_json

SYNC_SECONDS = 1.0
"""As much of a journal as was written in so long a time may be lost with the power."""


def json_line(value: Json) -> bytes:
    """The canonical JSON of a value and the end of its line."""
    return canonical_json(value).encode() + b"\n"


def parse_line(text: bytes, where: str, limit: int) -> Json:
    """The value of a line. Raises DataError, beginning with `where`, for more than `limit` bytes and for no JSON."""
    if len(text) > limit:
        raise DataError(f"{where}: the line is longer than {limit} bytes")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not valid JSON ({str(error)[:100]})") from error


@dataclass(frozen=True, slots=True)
class Line:
    """A line of `file`: its number from 1, and its bytes with their end, at most `limit` + 1 of them."""

    file: str
    number: int
    text: bytes
    limit: int

    @property
    def where(self) -> str:
        """FILE:NUMBER, for messages."""
        return f"{self.file}:{self.number}"

    @property
    def too_long(self) -> bool:
        """True if the line has more bytes than may be read."""
        return len(self.text) > self.limit

    @property
    def torn(self) -> bool:
        """True if a crash took the line's end, or it is still being written."""
        return not self.text.endswith(b"\n") and not self.too_long

    def value(self) -> Json:
        """The JSON value. Raises DataError for a line that is too long or not JSON."""
        return parse_line(self.text, self.where, self.limit)


def lines_of(stream: BinaryIO, file: str, limit: int) -> Iterator[Line]:
    """The lines of an open file that is called `file`; what a line has beyond `limit` bytes is skipped."""
    number = 0
    while text := stream.readline(limit + 1):
        number += 1
        yield Line(file, number, text, limit)
        while len(text) > limit and not text.endswith(b"\n"):
            text = stream.readline(limit + 1)


def read_lines(path: Path, limit: int, *, missing_ok: bool = False) -> Iterator[Line]:
    """The lines of a file; with `missing_ok` none of a file that there is not.

    Raises DataError if it cannot be read, or is a folder, a pipe or the like.
    """
    try:
        check_regular(path)
        with path.open("rb") as stream:
            yield from lines_of(stream, str(path), limit)
    except FileNotFoundError as error:
        if not missing_ok:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


class Journal:
    """A file of lines that one process appends to, each whole or not at all, whatever kills the process.

    Against a loss of power, what was added is put on the disk every SYNC_SECONDS, and when it is closed.

    Opening cuts a torn last line off, after `index` has been called with every whole one and the byte that it begins at.
    A last line at which `index` raises DataError counts as torn too; at an earlier one the error is raised.

    Raises DataError for a damaged file, StoreError if it cannot be opened.
    """

    def __init__(self, path: Path, limit: int, index: Callable[[Line, int], None] = lambda line, begin: None) -> None:
        self.path = path
        self.limit = limit
        self.end = 0
        damaged: DataError | None = None
        for line in read_lines(path, limit, missing_ok=True):
            if damaged:
                raise damaged
            if line.too_long:
                raise DataError(f"{line.where}: the line is longer than {limit} bytes")
            if line.torn:
                break
            try:
                index(line, self.end)
            except DataError as error:
                reason = str(error).removeprefix(f"{line.where}: ")
                damaged = DataError(f"{line.where}: a damaged line, with others after it ({reason})")
            else:
                self.end += len(line.text)
        try:
            self._file: BinaryIO = path.open("a+b", buffering=0)
            self._file.truncate(self.end)
            self._synced = time.monotonic()
        except OSError as error:
            raise StoreError(f"cannot open {path}: {error.strerror}") from error

    def append(self, line: bytes) -> int:
        """Add a line, and return the byte that it begins at. Raises StoreError, and leaves the file whole, if that fails."""
        try:
            write_whole(self._file, line, self.end)
            if time.monotonic() - self._synced > SYNC_SECONDS:
                self._sync()
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self.end)
            raise StoreError(
                f"cannot write to {self.path}: {error.strerror}; what was written before is stored: make room and run the "
                "same command again"
            ) from error
        begin, self.end = self.end, self.end + len(line)
        return begin

    def sync(self) -> None:
        """Put everything on the disk. Raises StoreError if that fails."""
        try:
            self._sync()
        except OSError as error:
            raise StoreError(f"cannot write to {self.path}: {error.strerror}") from error

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def cut(self, begin: int) -> None:
        """Drop the lines from the byte `begin` on. Raises StoreError if that fails."""
        try:
            self._file.truncate(begin)
        except OSError as error:
            raise StoreError(f"cannot write to {self.path}: {error.strerror}") from error
        self.end = begin

    def read(self, begin: int, length: int) -> bytes:
        """The bytes of a line that begins there."""
        return os.pread(self._file.fileno(), length, begin)

    def close(self) -> None:
        """Put everything on the disk, and let go of the file."""
        try:
            self._sync()
        finally:
            self._file.close()


def write_whole(file: BinaryIO, line: bytes, end: int) -> None:
    """Write a line at the end of an unbuffered file of `end` bytes. Raises OSError, with the file as before."""
    try:
        written = 0
        while written < len(line):
            written += file.write(line[written:]) or 0
    except OSError:
        file.truncate(end)
        raise


def append_shared(path: Path, line: bytes, limit: int, torn: Callable[[bytes], bool]) -> None:
    """Add a line to a file that several processes add to, under its lock. Raises StoreError if that fails.

    What stands behind the last end of a line is cut off if it is `torn`, and ended as a line of its own if not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"), path.open("a+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - limit - 1))
            last = file.read().rpartition(b"\n")[2]
            if last and torn(last):
                end -= len(last)
                file.truncate(end)
            elif last:
                line = b"\n" + line
            write_whole(file, line, end)
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"cannot write to {path}: {error.strerror or error}") from error


class Tail:
    """What another process adds to a journal of ours, whole lines only."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.limit = limit
        self._offset = 0

    def new(self) -> Iterator[Json]:
        """The values that were added since the last look."""
        with self.path.open("rb") as stream:
            stream.seek(self._offset)
            for line in lines_of(stream, str(self.path), self.limit):
                if line.torn:
                    return
                self._offset += len(line.text)
                yield line.value()
