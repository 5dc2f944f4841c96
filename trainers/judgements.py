"""A judge's scores of a stored run's responses: RUN/judge.jsonl, safe against crashes and mixing.

    {"format": 1, "judge": ..., "settings": ..., "answer_format": ..., "responses": ...}    the header
    {"item": "0001-sum", "scores": [0.85, null, ...]}                                       one line per item

The header says who judged and how, and holds the digest of the sealed responses that were judged; scores of other responses
are refused. The file is only appended to, and a line torn by a crash is cut off. A score is null where the judge gave none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeAlias

from filelock import FileLock, Timeout

from ..harness.errors import DataError, RunLockedError, RunMismatchError, StoreError
from ..harness.store import differing_keys
from ..harness.types import Json, canonical_json

FILE = "judge.jsonl"
FORMAT = 1
MAX_LINE_BYTES = 2**20

ItemScores: TypeAlias = tuple[float | None, ...]


def header(judge: Json, settings: Json, answer_format: str, responses: str) -> Json:
    """The first line: the judge's identity, how it was asked, the form that a response must have, and what was judged."""
    return {
        "format": FORMAT,
        "judge": judge,
        "settings": settings,
        "answer_format": answer_format,
        "responses": responses,
    }


def read_judgements(path: Path) -> tuple[Json, dict[str, ItemScores]]:
    """The header, and the scores by item id; a torn last line is left out.

    Raises DataError for a file that holds anything else, FileNotFoundError if there is none.
    """
    head, scores, _ = _read(path)
    if head is None:
        raise DataError(f"{path} is empty: remove it and judge the run again")
    return head, scores


def _read(path: Path) -> tuple[Json, dict[str, ItemScores], int]:
    """Header (None in an empty file), scores, and the number of bytes in whole lines."""
    head: Json = None
    scores: dict[str, ItemScores] = {}
    end = 0
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no file: remove it")
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), start=1):
                if not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
                    break
                where = f"{path}:{number}"
                if number == 1:
                    head = _head(line, where)
                else:
                    item, row = _row(line, where)
                    if item in scores:
                        raise DataError(f"{where}: item {item!r:.80} was judged before")
                    scores[item] = row
                end += len(line)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    return head, scores, end


def _head(line: bytes, where: str) -> Json:
    try:
        found = json.loads(line)
        known = found["format"] == FORMAT and set(found) == set(header(None, None, "", ""))
        canonical_json(found)  # a header is compared in this form, which not every value has
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{where}: no header of a judge's scores ({str(error)[:80]}); remove the file") from error
    if not known:
        raise DataError(f"{where}: a header that this version does not know; remove the file and judge again")
    return found


def _row(line: bytes, where: str) -> tuple[str, ItemScores]:
    try:
        record = json.loads(line)
        item, row = record["item"], tuple(record["scores"])
        fine = isinstance(item, str) and all(map(_is_score, row))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{where}: no line of scores ({str(error)[:80]}); remove the file and judge again") from error
    if not fine:
        raise DataError(f"{where}: a score is neither null nor a number from 0 to 1; remove the file and judge again")
    return item, row


def _is_score(value: Json) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value <= 1)  # false for NaN as well


class JudgementWriter:
    """The one writer of a file of scores; a context manager that holds its lock. `scores` is what it has already.

    Raises RunMismatchError if the file belongs to other responses, or to another judge; RunLockedError if another process
    is judging; DataError for a damaged file; StoreError if it can not be written.
    """

    def __init__(self, path: Path, head: Json) -> None:
        self.path = path
        self.scores: dict[str, ItemScores] = {}
        self._end = 0
        self._lock = FileLock(path.with_name(f".{path.name}.lock"), blocking=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise RunLockedError(f"{path}: another process is judging this run; wait for it to end") from None
        except OSError as error:
            raise StoreError(f"cannot write to {path.parent}: {error.strerror or error}") from error
        try:
            self._open(head)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, head: Json) -> None:
        stored: Json = None
        if self.path.exists():
            stored, self.scores, self._end = _read(self.path)
        if stored is not None and (keys := differing_keys(stored, head)):
            raise RunMismatchError(
                f"{self.path} holds other scores: {', '.join(keys)} differ; judge as before, or remove the file"
            )
        try:
            self._file: BinaryIO = self.path.open("a+b", buffering=0)
            self._file.truncate(self._end)
        except OSError as error:
            raise StoreError(f"cannot open {self.path}: {error.strerror}") from error
        if stored is None:
            self._write(canonical_json(head).encode() + b"\n")

    def __enter__(self) -> JudgementWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
            self._lock.release()

    def add(self, rows: Mapping[str, Sequence[float | None]]) -> None:
        """Append the scores of items that have none yet. Raises StoreError, and leaves the file whole, if that fails."""
        new = {item: tuple(row) for item, row in rows.items() if item not in self.scores}
        for item, row in new.items():
            self._write(canonical_json({"item": item, "scores": list(row)}).encode() + b"\n")
            self.scores[item] = row

    def _write(self, line: bytes) -> None:
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:]) or 0
        except OSError as error:
            self._file.truncate(self._end)
            raise StoreError(
                f"cannot write to {self.path}: {error.strerror}; make room and run the same again"
            ) from error
        self._end += len(line)
