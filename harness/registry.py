"""Plugins by name: what is built in, and what installed packages add by entry point; imported when asked for.

How a reward in a file of one's own is named: path/to/file.py:function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Generic, TypeVar

from .errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Objects of one `kind`; `group` is the entry-point group, `builtin` maps names to "module:attribute"."""

    kind: str
    group: str
    builtin: Mapping[str, str]

    def _installed(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group)}

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({*self.builtin, *self._installed()})

    def get(self, name: str) -> T:
        """The object of that name. Raises UsageError, naming those there are. A built-in name cannot be taken over."""
        if name in self.builtin:
            module, _, attribute = self.builtin[name].partition(":")
            found: T = getattr(import_module(module), attribute)
            return found
        installed = self._installed()
        if name in installed:
            loaded: T = installed[name].load()
            return loaded
        raise UsageError(f"no {self.kind} is called {name!r}; there are: {', '.join(self.names())}")


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
