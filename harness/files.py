"""Writing files so that a crash or a full disk leaves either the old file or the new one."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import DataError, RunLockedError, StoreError, UsageError
from .types import Json

MAX_OBJECT_BYTES = 2**20


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace `path` with `data` (pieces are joined) in one step; a link stays, and so does the mode of the old file.

    Raises StoreError, and leaves the old file, if that fails or if it is no regular file.
    """
    pieces = (data,) if isinstance(data, bytes) else data
    temporary: Path | None = None
    try:
        path = path.resolve()
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG | 0o644
        if not stat.S_ISREG(mode):
            raise StoreError(f"cannot write {path}: it is no regular file")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, StoreError):
            raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
        raise


def read_object(file: Path) -> dict[str, Json] | None:
    """A small JSON object; None if there is no such file. Raises DataError for anything else."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_OBJECT_BYTES + 1)
        if len(content) > MAX_OBJECT_BYTES:
            raise ValueError(f"more than {MAX_OBJECT_BYTES} bytes")
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


def check_empty(path: Path) -> None:
    """Raises UsageError for a folder with files in it, hidden ones left out."""
    if others := sorted(one.name for one in path.iterdir() if not one.name.startswith(".")):
        raise UsageError(f"{path} holds other files ({others[0]}): choose a new or empty folder")


def lock_folder(path: Path, what: str, doing: str) -> FileLock:
    """Make the folder if it is not there, and take its lock: one process at a time is `doing` something in `what`.

    Raises RunLockedError if another process holds it, UsageError if a file is in its place, StoreError if the folder cannot
    be written.
    """
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112 - a name too long is no error here
        raise UsageError(f"cannot open {what} {path}: it is no folder; choose another place")
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / ".lock", blocking=False)
        lock.acquire()
    except Timeout:
        raise RunLockedError(f"{path}: another process is {doing}; wait for it to end") from None
    except OSError as error:
        raise StoreError(f"cannot open {what} {path}: {error.strerror or error}") from error
    return lock
