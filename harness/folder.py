"""The claimed folder: it belongs to one undertaking for ever, and one process at a time is at work in it.

A file names the undertaking by its identity, and whoever comes with another one is told in which keys they differ. A mark
that says that everything is there is the last file to be written.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from .errors import DataError, RunLockedError, RunMismatchError, StoreError, UsageError
from .files import read_object, sweep_unfinished, sync_to_disk, write_json
from .types import Json, canonical_json

LOCK = ".lock"


def differing_keys(old: Json, new: Json, at: str = "") -> list[str]:
    """Dotted names of the entries in which two identities differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = []
        for name in sorted({*old, *new}):
            key = f"{at}.{name}".strip(".")
            keys += differing_keys(old[name], new[name], key) if name in old and name in new else [key]
        return keys
    return [] if canonical_json(old) == canonical_json(new) else [at]


def check_identity(stored: Json, wanted: Json, holds: str, advice: str, free: Collection[str] = ()) -> None:
    """Raises RunMismatchError, naming the keys that differ, unless all but the `free` ones are the same.

    The message begins with what the place `holds`, and ends with advice.
    """
    if keys := [key for key in differing_keys(stored, wanted) if key not in free]:
        raise RunMismatchError(f"{holds}: {', '.join(keys)} differ; {advice}")


def check_empty(path: Path, own: Collection[str] = (), what: str = "folder") -> None:
    """Raises UsageError for a folder with files in it, but for hidden ones and its `own`."""
    if others := sorted(file.name for file in path.iterdir() if not file.name.startswith(".") and file.name not in own):
        raise UsageError(f"{path} holds other files ({others[0]!s:.80}): choose a new or empty {what}")


def lock_file(file: Path, place: Path, what: str, doing: str) -> FileLock:
    """Take the lock `file` of a place: one process at a time is `doing` something there.

    Raises RunLockedError if another process holds it, StoreError if it cannot be taken.
    """
    lock = FileLock(file, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise RunLockedError(f"{place}: another process is {doing}; wait for it to end") from None
    except OSError as error:
        raise StoreError(f"cannot open {what} {place}: {error.strerror or error}") from error
    return lock


def lock_folder(path: Path, what: str, doing: str) -> FileLock:
    """Make the folder if it is not there, take its lock, and delete what a kill left half written.

    Raises RunLockedError if another process holds it, UsageError if a file is in its place, StoreError if the folder cannot
    be written.
    """
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112 - a name too long is no error here
        raise UsageError(f"cannot open {what} {path}: it is no folder; choose another place")
    try:
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            sync_to_disk(path.parent)
    except OSError as error:
        raise StoreError(f"cannot open {what} {path}: {error.strerror or error}") from error
    lock = lock_file(path / LOCK, path, what, doing)
    sweep_unfinished(path)
    return lock


def is_locked(path: Path) -> bool:
    """True if a process holds the folder; its lock is let go of at once. Raises DataError if that cannot be found out."""
    file = path / LOCK
    try:
        if not file.is_file():
            return False
        with FileLock(file, blocking=False):
            return False
    except Timeout:
        return True
    except OSError as error:
        raise DataError(f"cannot see whether a process is at work in {path}: {file}: {error.strerror}") from error


class ClaimedFolder:
    """A folder in which one process is `doing` something; a context manager that holds its lock.

    Raises RunLockedError if another process holds it, UsageError if a file is in its place, StoreError if it cannot be
    written.
    """

    def __init__(self, path: Path, what: str, doing: str) -> None:
        self.path = path
        self._lock = lock_folder(path, what, doing)

    def claim(
        self,
        name: str,
        record: Mapping[str, Json],
        kind: str,
        advice: str,
        *,
        own: Collection[str] = (),
        free: Collection[str] = (),
    ) -> dict[str, Json]:
        """What the file `name` says of the undertaking, a `kind`; `record` if the folder is new.

        `own` files may be in a new folder, `free` keys of `record["identity"]` may differ from those stored. Raises
        RunMismatchError if the folder belongs to another one, UsageError if it holds other files, DataError if the file is
        damaged.
        """
        file = self.path / name
        stored = read_object(file)
        if stored is None:
            check_empty(self.path, own)
            write_json(file, record)
            return dict(record)
        if lacking := [key for key, value in record.items() if type(stored.get(key)) is not type(value)]:
            raise DataError(f"{file} is damaged: it lacks {lacking[0]}")
        check_identity(stored["identity"], record["identity"], f"{self.path} holds another {kind}", advice, free)
        return stored

    @contextmanager
    def released_by_errors(self) -> Iterator[None]:
        """Within it, for opening the folder, an error lets go of the lock."""
        try:
            yield
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close what a kind of folder keeps open; the lock is let go of afterwards."""
