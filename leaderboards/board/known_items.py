"""Items that are known otherwise, to hold those of a board's evidence against: is a gold changed, is an item missing?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ...benchmarks.base import Suite
from ...benchmarks.lock import LOCK, load_locked
from ...benchmarks.registry import SUITES
from ...benchmarks.subset import asked_of, only_answered
from ...harness.report.text import counted, first_of
from ...harness.runs.store import Manifest
from ...harness.types import Image, Item

NAMED = 3


@dataclass(frozen=True)
class KnownItems:
    """Where the items of suites are read from: the data that are named for a suite, else its sample, if it has one."""

    data: Mapping[str, Path] = field(default_factory=dict)
    lock: Path = LOCK


@lru_cache
def _load(suite: str, data: Path | None, lock: Path) -> Mapping[str, Item]:
    return {item.id: item for item in load_locked(SUITES.get(suite), data, lock)}


def read_all(known: KnownItems) -> None:
    """Read the named data now. Raises UsageError and DataError for data that cannot be read."""
    _load.cache_clear()
    for suite, data in known.data.items():
        _load(suite, data, known.lock)


def pictures(known: KnownItems, suites: Iterable[str]) -> dict[str, Image]:
    """By digest the pictures of what is known of some suites: of their named data, else of their samples.

    Raises UsageError and DataError for data that cannot be read.
    """
    found: dict[str, Image] = {}
    for name in suites:
        suite, data = SUITES.get(name), known.data.get(name)
        if data is not None or suite.has_sample:
            items = _load(name, data, known.lock).values()
            found |= {image.sha256: image for item in items for image in item.images}
    return found


def unlike(known: KnownItems, suite: Suite, manifest: Manifest, items: Sequence[Item]) -> list[str] | None:
    """In what a run's items are not the known ones, a line each; None if there is nothing to hold them against.

    That is so where no data are named for the suite, and it has no sample or a smaller one. Of a run that recorded which of
    its data it asked, the same choice of the known items counts. Raises UsageError and DataError for data that cannot be
    read, and for a record that is none.
    """
    data, asked = known.data.get(suite.name), None if only_answered(manifest) else asked_of(manifest)
    lies = asked and asked.contradicted(items, None)
    if data is None and not suite.has_sample:
        return [lies] if lies else None
    own = _load(suite.name, data, known.lock)
    if data is None and (len(items) > len(own) or (asked is not None and asked.of != len(own))):
        return [lies] if lies else None
    if asked is not None and asked.partial:
        lies = asked.contradicted(items, list(own.values()))
        own = {item.id: own[item.id] for item in items if item.id in own}
    source = "the bundled sample" if data is None else str(data)
    return [*([lies] if lies else []), *_differences(own, {item.id: item for item in items}, source)]


def _differences(own: Mapping[str, Item], found: Mapping[str, Item], source: str) -> Iterator[str]:
    if missing := sorted(own.keys() - found.keys()):
        yield (
            f"{counted(len(missing), f'item of {source} is', f'items of {source} are')} missing: {first_of(missing, NAMED)}"
        )
    if strangers := sorted(found.keys() - own.keys()):
        yield f"{counted(len(strangers), 'item is', 'items are')} not in {source}: {first_of(strangers, NAMED)}"
    changed = sorted(name for name in found.keys() & own.keys() if _differing(found[name], own[name]))
    if changed:
        fields = ", ".join(_differing(found[changed[0]], own[changed[0]]))
        first = first_of(changed, NAMED)
        yield (
            f"{counted(len(changed), 'item differs', 'items differ')} from {source}: {first}; the first in its {fields}"
        )


def _differing(one: Item, other: Item) -> list[str]:
    """The fields in which two items differ; names of pictures do not count."""
    before, after = one.to_json(), other.to_json()
    for fields in (before, after):
        fields["images"] = [image["sha256"] for image in fields["images"]]
    return [name for name in before if before[name] != after[name]]
