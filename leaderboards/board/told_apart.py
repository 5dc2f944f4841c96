"""Runs that have one model's name and are not of one model, or not drawn alike: names that tell them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FACTS = ("temperature", "top_p", "max_tokens", "shaping", "samples", "seed", "weights", "configuration")
"""The columns of a row by which answers that have one name may differ."""
DIGESTS = ("weights", "configuration")
DIGITS = 8

Key = tuple[str, str]
"""A model's name and a run's id."""


@dataclass(frozen=True)
class Asked:
    """A run in a table: its model's name, its id, the place where it has one number, and its FACTS."""

    model: str
    run_id: str
    place: tuple[str, ...]
    facts: Mapping[str, str]

    @property
    def key(self) -> Key:
        """What tells it from other runs."""
        return self.model, self.run_id

    def shown(self, fact: str) -> str:
        """A fact in words."""
        value = self.facts[fact] or "unknown"
        return f"{fact} {value[:DIGITS] if fact in DIGESTS else value}"


def told_apart(runs: Iterable[Asked]) -> dict[Key, str]:
    """The name of each run: the model's, with what differs between runs of that name, if anything does.

    Two runs that have one number each in the same place and differ in nothing of that have their ids in their names.
    """
    asked = list(runs)
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in asked:
        for fact in FACTS:
            values[one.model, fact].add(one.facts[fact])
    names: dict[Key, str] = {}
    places: dict[tuple[str, tuple[str, ...]], set[Key]] = defaultdict(set)
    for one in asked:
        shown = ", ".join(one.shown(fact) for fact in FACTS if len(values[one.model, fact]) > 1)
        names[one.key] = f"{one.model} ({shown})" if shown else one.model
        places[names[one.key], one.place].add(one.key)
    clashing = {key for its in places.values() if len(its) > 1 for key in its}
    return {key: f"{name} [{key[1][:DIGITS]}]" if key in clashing else name for key, name in names.items()}
