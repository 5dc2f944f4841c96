"""Writing files so that a crash or a full disk leaves either the old file or the new one."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import DataError, StoreError, UsageError
from .limits import JSON_OBJECT_BYTES
from .types import Json

RUN_FILE = "run.json"
"""The file that makes a folder a stored run."""


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


def write_output(path: Path, data: bytes | Iterable[bytes]) -> None:
    """`write_atomic` of a file that a user named: never over one that belongs to a stored run. Raises UsageError for that."""
    if path.exists() and (path.resolve().parent / RUN_FILE).is_file():
        raise UsageError(f"{path} belongs to a stored run, and would be lost: write to another file")
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
