"""Writing files so that a crash or a full disk leaves either the old file or the new one."""

from __future__ import annotations

import errno
import fcntl
import glob
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import DataError, StoreError, UsageError
from .limits import JSON_OBJECT_BYTES
from .types import Json

RUN_FILE = "run.json"
"""The file that makes a folder a stored run."""
UNFINISHED = ".unfinished"
"""Names of temporary files end so."""


def write_atomic(path: Path, data: bytes | Iterable[bytes], *, sync_folder: bool = True) -> None:
    """Replace `path` with `data` (pieces are joined) in one step; see `atomic_file`."""
    with atomic_file(path, sync_folder=sync_folder) as file:
        file.writelines((data,) if isinstance(data, bytes) else data)


@contextmanager
def atomic_file(path: Path, *, sync_folder: bool = True) -> Iterator[BinaryIO]:
    """A new file to write, which replaces `path` in one step when the block ends; a link stays, and so does the old mode.

    Then it is on the disk under its name; without `sync_folder`, whose caller syncs the folder after many, only its content
    is. Raises StoreError, and leaves the old file, if it cannot be written or the old one is no regular file.
    """
    temporary: Path | None = None
    try:
        path = path.resolve()
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG | 0o644
        if not stat.S_ISREG(mode):
            raise StoreError(f"cannot write {path}: it is no regular file")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = _open_temporary(path)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(stat.S_IMODE(mode))
            temporary.replace(path)
        if sync_folder:
            sync_to_disk(path.parent)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, StoreError):
            raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
        raise


def sync_to_disk(path: Path) -> None:
    """Have a file's content, or a folder's list of names, on the disk. Raises OSError."""
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES):  # a file system or a folder that lets nobody
            raise


def publish_folder(temporary: Path, final: Path) -> None:
    """Rename a folder once all that is in it is on the disk, so that under its name it is whole. Raises OSError."""
    for place, _, files in os.walk(temporary):
        for name in files:
            sync_to_disk(Path(place, name))
        sync_to_disk(Path(place))
    temporary.replace(final)
    sync_to_disk(final.parent)


def _open_temporary(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, locked for as long as it is open, so that nobody takes it for one that was left behind."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # it was swept before it was locked


def sweep_unfinished(folder: Path, name: str = "") -> None:
    """Delete the temporary files of `atomic_file` in a folder whose writers were killed; what cannot be deleted stays.

    With `name`, only those for the file of that name.
    """
    of = f".{glob.escape(name)}." if name else "."
    for file in folder.glob(f"{of}*{UNFINISHED}"):
        with suppress(OSError):
            handle = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink()
            finally:
                os.close(handle)


def write_output(path: Path, data: bytes | Iterable[bytes]) -> None:
    """`write_atomic` of a file that a user named: never over one that belongs to a stored run. Raises UsageError for that."""
    if path.exists() and (path.resolve().parent / RUN_FILE).is_file():
        raise UsageError(f"{path} belongs to a stored run, and would be lost: write to another file")
    sweep_unfinished(path.resolve().parent, path.resolve().name)
    write_atomic(path, data)


def write_json(file: Path, record: Mapping[str, Json], indent: int | None = 1) -> None:
    """Replace `file` with a JSON object in one step. Raises StoreError as `write_atomic` does."""
    write_atomic(file, (json.dumps(record, indent=indent) + "\n").encode())


def read_object(file: Path, limit: int = JSON_OBJECT_BYTES) -> dict[str, Json] | None:
    """A JSON object of at most `limit` bytes; None if there is no such file. Raises DataError for anything else."""
    try:
        check_regular(file)
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise ValueError(f"more than {limit} bytes")
        found = json.loads(content)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
    return found


def check_regular(path: Path) -> None:
    """Raises DataError for a folder, a pipe or the like, at which reading could wait for ever."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no file")
