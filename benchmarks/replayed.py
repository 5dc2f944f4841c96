"""What a stored run is asked when it is replayed: as it was asked, of its own items unless others are named."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..harness.engines.replay import ReplayEngine
from ..harness.profiles import Profile
from ..harness.runs.evaluate import Examination
from ..harness.types import Item
from .base import Suite
from .examination import plan_items, root_of
from .lock import LOCK, load_locked
from .registry import SUITES
from .subset import ALL, IDS, SUBSET, Choice, asked_of


def replay(
    model: ReplayEngine,
    data: Path | None = None,
    *,
    lock: Path = LOCK,
    protocol: str | None = None,
    profile: Profile | None = None,
    choice: Choice | None = None,
) -> Examination:
    """The examination of a stored run: of the items of `data`, else of those that the run is known to have been asked of.

    Without a `choice` the items are those that the run asked. What it does not hold stays missing. Protocol and profile are
    the run's unless they are named; `ReplayEngine.taken_over` refuses others. Raises UsageError and DataError.
    """
    stored = model.stored
    pool = _pool(model, SUITES.get(stored.suite), data, lock)
    record = None
    if choice is None:
        choice = _as_asked(model, pool.items)
        record = stored.environment.get(SUBSET) if pool.own else None
    chosen = choice.choose(pool.items)
    record = record or choice.record(pool.items, bundled=pool.bundled)
    style = stored.style if profile is None else profile.style
    asked = protocol or stored.protocol
    found = plan_items(stored.suite, asked, stored.sampling, chosen, root=pool.root, style=style, subset=record)
    return model.put_into(found)


class _Pool(NamedTuple):
    """All items that could be asked, the folder of their pictures, and what they are: a bundled sample, the run's own."""

    items: list[Item]
    root: Path | None
    bundled: bool = False
    own: bool = False


def _pool(model: ReplayEngine, suite: Suite, data: Path | None, lock: Path) -> _Pool:
    if data is not None:
        return _Pool(load_locked(suite, data, lock), root_of(suite, data))
    own = model.items()
    if suite.has_sample:
        sample = suite.load()
        known = {item.id: item.to_json() for item in sample}
        if all(known.get(item.id) == item.to_json() for item in own):
            return _Pool(sample, root_of(suite, None), bundled=suite.imitates)
    root = model.stored.environment.get("data_root")
    return _Pool(own, None if root is None else Path(str(root)), own=True)


def _as_asked(model: ReplayEngine, items: list[Item]) -> Choice:
    """The choice of the stored run, by what it recorded; of one that recorded nothing the first items, if it asked those."""
    held, asked = [item.id for item in model.items()], asked_of(model.stored)
    if asked is not None and asked.choice.rule == IDS:
        known = {item.id for item in items}
        return Choice(IDS, ids=tuple(one for one in held if one in known), file=asked.choice.file)
    if asked is not None and asked.choice.rule != ALL:
        return asked.choice
    return Choice.first(len(held)) if held == [item.id for item in items[: len(held)]] else Choice()
