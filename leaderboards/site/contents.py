"""What a site shows: the entries of a board, how they stand under each protocol, and the files that tell of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..page.entries import Entry, default_baseline, entries, pairs_of
from ..page.headline import headline, references
from ..page.overview import Grid, lay_out, without_copies
from ..page.run_view import RunView
from ..page.standing import Change, Runs, Standing, standing

LONGEST_SLUG = 48


@dataclass(frozen=True)
class Contents:
    """A board, read: the protocols are the one that asked first and then the others."""

    title: str
    url: str
    version: str
    views: Sequence[RunView]
    grid: Grid
    entries: Sequence[Entry]
    runs: Runs
    baseline: int
    stands: dict[str, Standing]

    @property
    def protocols(self) -> list[str]:
        """In the order in which they are shown."""
        return list(self.stands)

    @property
    def compared(self) -> dict[int, int]:
        """For each entry the one that it is compared with: the baseline, or where trainings began with several its own."""
        own = references(self.entries, None)
        return own if len({*own.values()}) > 1 else references(self.entries, self.baseline)

    def headline(self, protocol: str, only: int | None = None) -> list[str]:
        """What was found under a protocol, of all entries or of one."""
        compared = self.compared if only is None else {only: self.compared[only]}
        return headline(self.stands[protocol], self.runs, self.grid, compared)

    def model_file(self, entry: int) -> str:
        """The page of an entry, as the index calls it."""
        return f"models/{slug(self.entries[entry].name)}.html"

    def suite_file(self, column: int) -> str:
        """The page of a suite."""
        return f"suites/{slug(f'{self.grid.columns[column][0]} {column}')}.html"

    def comparison_file(self, after: int, before: int) -> str:
        """The page of a comparison."""
        return f"comparisons/{slug(f'{self.entries[after].name} and {self.entries[before].name}')}.html"

    def comparisons(self) -> Iterator[tuple[int, int]]:
        """(after, before) of all comparisons that have a page."""
        for after, before in self.compared.items():
            if any(self.changes(protocol, after, before) for protocol in self.stands):
                yield after, before

    def changes(self, protocol: str, after: int, before: int) -> list[Change]:
        """The differences of two entries by suite."""
        found = self.stands[protocol].changes
        columns = range(len(self.grid.columns))
        return [found[after, before, column] for column in columns if (after, before, column) in found]


def read_contents(title: str, url: str, version: str, views: Sequence[RunView]) -> Contents:
    """Of the runs of a board, each judged under the protocols of the board."""
    views = without_copies(views)
    grid = lay_out(views)
    found = entries(views, grid)
    baseline = default_baseline(found, pairs_of(found, grid))
    runs = Runs(views, grid, found)
    protocols = list(dict.fromkeys(name for one in views for name in one.judged))
    stands = {name: standing(runs, name, [baseline]) for name in protocols}
    return Contents(title, url, version, views, grid, found, runs, baseline, stands)


def slug(name: str) -> str:
    """A file's name for any text: letters, digits and dashes, its own for each text, never a path."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-")
    return f"{plain or 'name'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
