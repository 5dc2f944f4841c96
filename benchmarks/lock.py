"""The lock file: which data were read, at which revision, and what was in them. Changed data stop a run.

JSON: for each data set the suite, name (a hub id, with ":" and the name of a further set of it; or a path relative to the
lock file), config, splits, revision, number of items, a digest of the content as read, and a digest per item, so that a
difference can name the items.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..harness.errors import DataError, UsageError
from ..harness.files import write_atomic
from ..harness.report.text import first_of
from ..harness.types import Item, Json, digest_all
from .base import Suite
from .items import Record, Source, read_items
from .sources.hub import open_hub, resolve_revision
from .sources.local import open_local
from .sources.published import HubSet

LOCK = Path("proctor-data.lock")
HUB_DATA = Path("hub")
"""What `--data` says to read the hub, alone or with a further set ("hub:text_only"); a folder of that name is named by its
absolute path."""
VERSION = 1
NAMED = 5
"""So many differing ids are named."""


@dataclass(frozen=True)
class Locked:
    """One data set as it was read."""

    suite: str
    name: str
    config: str | None
    splits: tuple[str, ...]
    revision: str | None
    items: int
    digest: str
    contents: Mapping[str, str] = dataclasses.field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """Suite and name."""
        return self.suite, self.name

    def to_json(self) -> Json:
        """All fields."""
        return {**dataclasses.asdict(self), "splits": list(self.splits), "contents": dict(self.contents)}


Lock = Mapping[tuple[str, str], Locked]


def read_lock(path: Path) -> Lock:
    """The data sets of a lock file; none if there is no such file. Raises DataError for a damaged one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the lock file {path}: {error}") from error
    try:
        stored = json.loads(text)
        if stored["version"] != VERSION:
            raise ValueError(f"version {stored['version']!r}, not {VERSION}")
        sets = [_from_json(entry) for entry in stored["data"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: not a lock file ({error}); write it again with `proctor suite pull`") from error
    return {locked.key: locked for locked in sets}


def write_lock(path: Path, sets: Lock) -> None:
    """Replace the lock file in one step. Raises StoreError if that fails."""
    ordered = [sets[key].to_json() for key in sorted(sets)]
    write_atomic(path, json.dumps({"version": VERSION, "data": ordered}, indent=1).encode() + b"\n")


def pull(suite: Suite, data: Path, revision: str, lock: Path) -> Locked:
    """Read the data of a suite, from the hub at a revision or from a local path, and write what was read into the lock.

    Raises UsageError for a suite that is not on the hub, DataError for data that cannot be read.
    """
    published = on_hub(suite, data)
    name = _name(published, data, lock)
    if published is None:
        _, locked = _read(suite, open_local(suite.published, data), name, None, None)
    else:
        commit = resolve_revision(published, revision)
        _, locked = _read(suite, open_hub(published, commit), name, published, commit)
    write_lock(lock, {**read_lock(lock), locked.key: locked})
    return locked


def load_locked(suite: Suite, data: Path | None, lock: Path = LOCK) -> list[Item]:
    """The items of the bundled sample, a local path, or the hub, as the lock file has them.

    A local path that is not in the lock file is read as it is. Raises DataError that says what changed, and for hub data
    that were never pulled.
    """
    if data is None:
        return suite.load()
    published = on_hub(suite, data)
    name = _name(published, data, lock)
    locked = read_lock(lock).get((suite.name, name))
    if published is None and locked is None:
        return suite.load(data)
    if locked is None:
        how = f"proctor suite pull {suite.name}" + (f" --data {data}" if data != HUB_DATA else "")
        raise DataError(f"{lock} has no {suite.name} of the hub: pin it first with `{how}`")
    source = open_hub(published, locked.revision or "") if published else open_local(suite.published, data)
    items, now = _read(suite, source, name, published, locked.revision)
    if changes := differences(locked, now):
        raise DataError(
            f"{source.name}: the data are not those of {lock}: {changes}; if that is wanted, run `proctor suite pull` again"
        )
    return items


def differences(locked: Locked, now: Locked) -> str:
    """What changed, in words; empty if nothing did."""
    changes = [
        f"{what} {getattr(now, what)}, was {getattr(locked, what)}"
        for what in ("config", "splits", "revision", "items")
        if getattr(now, what) != getattr(locked, what)
    ]
    if now.digest == locked.digest:
        return "; ".join(changes)
    changes.append(f"digest {now.digest[:12]}, was {locked.digest[:12]}")
    ids = [f"{item_id!r} (gone)" for item_id in locked.contents if item_id not in now.contents]
    for item_id, content in now.contents.items():
        if locked.contents.get(item_id) != content:
            ids.append(f"{item_id!r} ({'changed' if item_id in locked.contents else 'new'})")
    changes.append(f"differing ids: {first_of(ids, NAMED)}" if ids else "the order of the items")
    return "; ".join(changes)


def status(suite: Suite, locked: Locked, lock: Path, *, hub: bool = False) -> str:
    """How a locked data set stands, which is read again: "unchanged", or what changed.

    One of the hub is "pinned", and read again, at its revision, only if `hub` says so: that can mean to download it.
    Raises MissingExtraError if it cannot be read for want of `datasets`.
    """
    if locked.revision is not None and not hub:
        return "pinned"
    try:
        published = None if locked.revision is None else _named(suite, locked.name)
        if published is None:
            source = open_local(suite.published, lock.parent / locked.name)
        else:
            source = open_hub(published, locked.revision or "")
        _, now = _read(suite, source, locked.name, published, locked.revision)
    except (DataError, UsageError) as error:
        return str(error).splitlines()[0]
    return differences(locked, now) or "unchanged"


def _read(
    suite: Suite, source: Source, name: str, published: HubSet | None, revision: str | None
) -> tuple[list[Item], Locked]:
    contents: dict[str, str] = {}

    def seen(record: Record, item: Item) -> None:
        contents[item.id] = _content(record, item)

    items = read_items(source, suite.parse, seen)
    config, splits = (published.config, published.splits) if published else (None, ())
    total = digest_all(list(entry) for entry in contents.items())
    return items, Locked(suite.name, name, config, splits, revision, len(items), total, contents)


def _content(record: Record, item: Item) -> str:
    """Sixteen hex digits of all columns as read and the bytes of the pictures."""
    pictures: Sequence[str] = [image.sha256 for image in item.images]
    text = json.dumps([dict(record.fields), pictures], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def on_hub(suite: Suite, data: Path) -> HubSet | None:
    """The set of the hub that `--data` asks for; None if it names a path.

    Raises UsageError for a suite that is not on the hub, or has no further set of that name there.
    """
    hub, colon, further = str(data).partition(":")
    if hub != str(HUB_DATA):
        return None
    published = suite.published
    if published.hub is None:
        raise UsageError(f"suite {suite.name} is not on the hub: name a file or a folder with --data")
    if not colon:
        return published.hub
    if further not in published.further:
        names = ", ".join(f"hub:{name}" for name in published.further) or "none"
        raise UsageError(f"suite {suite.name} has no further set {further!r} on the hub; it has: {names}")
    return published.further[further]


def _named(suite: Suite, name: str) -> HubSet:
    """The set of the hub that a lock file names. Raises UsageError if the suite has none of that name any more."""
    sets = {
        "hub": suite.published.hub,
        **{f"hub:{further}": published for further, published in suite.published.further.items()},
    }
    for data, published in sets.items():
        if published is not None and _name(published, Path(data), LOCK) == name:
            return published
    raise UsageError(f"suite {suite.name} has no {name} on the hub any more")


def _name(published: HubSet | None, data: Path, lock: Path) -> str:
    """What a lock file calls a data set."""
    if published is not None:
        return published.path + str(data).removeprefix(str(HUB_DATA))
    return Path(os.path.relpath(data.resolve(), lock.resolve().parent)).as_posix()


def _from_json(entry: Json) -> Locked:
    locked = Locked(**{**entry, "splits": tuple(entry["splits"])})
    texts = [locked.suite, locked.name, locked.digest, locked.config or "", locked.revision or "", *locked.splits]
    texts += [*locked.contents, *locked.contents.values()]
    if not all(isinstance(text, str) for text in texts) or len(locked.contents) != locked.items:
        raise ValueError("an entry is damaged")
    return locked
