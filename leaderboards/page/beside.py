"""Data in a folder beside a page, for pages that would be too large for one file: a small script for each piece.

A page opened from the disk may fetch nothing, but may run scripts. Each piece is one that hands its data to the page, base64
in quotes; the page's policy lets its own scripts load others, and what stands in the page as markup load none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ...harness.files import write_output
from ...harness.runs.store import Manifest

MOST_INSIDE = 100_000
"""A page of more answers has its data beside it."""
RECEIVER = "proctorData"


def answers_of(runs: Iterable[Path]) -> int:
    """How many answers runs have, by their manifests. Raises DataError for a damaged one."""
    manifests = map(Manifest.read, runs)
    return sum(int(one.identity["items"]) * one.sampling.n for one in manifests)


class DataFolder:
    """A folder for the pieces of one page; pieces of an earlier page that are not written again are removed at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: set[str] = set()

    @property
    def name(self) -> str:
        """As the page calls it."""
        return self.path.name

    def add(self, name: str, base64_text: str) -> None:
        """Write a piece; the name is of letters, digits and dashes. Raises StoreError, UsageError as `write_output` does."""
        self.path.mkdir(parents=True, exist_ok=True)
        file = self.path / f"{name}.js"
        write_output(file, f'{RECEIVER}("{name}","{base64_text}");\n'.encode())
        self._written.add(file.name)

    def finish(self) -> None:
        """Remove what is left of an earlier page."""
        for file in self._stale():
            file.unlink()

    def _stale(self) -> Iterator[Path]:
        for kind in ("questions", "responses"):
            yield from (file for file in sorted(self.path.glob(f"{kind}-*.js")) if file.name not in self._written)
