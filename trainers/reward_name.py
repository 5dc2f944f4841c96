"""How a reward in a file of one's own is named: path/to/file.py:function."""

from __future__ import annotations

from pathlib import Path


def in_file(name: str) -> tuple[Path, str] | None:
    """The file and the function that a name stands for; None for the name of a reward of the registry."""
    if name.endswith(".py"):
        return Path(name), ""
    path, _, function = name.rpartition(":")
    return (Path(path), function) if path.endswith(".py") else None


def anchored(name: str, folder: Path) -> str:
    """The same name with the file's path made absolute, from `folder`: other processes have other working directories."""
    found = in_file(name)
    if found is None:
        return name
    path, function = found
    return f"{(folder / path.expanduser()).resolve()}{':' if function else ''}{function}"
