"""What the launcher tells the processes of a training, and what they tell it: two files in the training's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...harness.files import write_atomic
from ...harness.types import Json
from ..recipe import Recipe
from ..settings import read_settings

PLAN = "PROCTOR_OPENRLHF_PLAN"
"""The environment variable that names the plan's file."""


@dataclass(frozen=True)
class Plan:
    """One start of OpenRLHF: the resolved recipe, its own command line, the base, the items, and where events go.

    `reward` is the identity of the reward's own file, if it has one.
    """

    recipe: Recipe
    arguments: tuple[str, ...]
    base: str
    items: str
    events: str
    gpus: int
    single_node: bool
    owner: int
    reward: Mapping[str, Json] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Store it."""
        write_atomic(path, [json.dumps({**asdict(self), "recipe": self.recipe.to_json()}, indent=1).encode()])

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The inverse of `write`."""
        record = json.loads(path.read_bytes())
        recipe = read_settings(Recipe, record.pop("recipe"), str(path))
        return cls(recipe, tuple(record.pop("arguments")), **record)

    @classmethod
    def current(cls) -> Plan:
        """The one that the environment names."""
        return cls.read(Path(os.environ[PLAN]))


def tell(events: str, **event: Json) -> None:
    """Append an event: {"phase"}, {"step", "metrics"}, {"checkpoint", "path"} or {"error", "kind"}."""
    with Path(events).open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")


class EventReader:
    """The events that were added since the last look, whole lines only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def new(self) -> Iterator[Json]:
        """What was told since."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield json.loads(line)
