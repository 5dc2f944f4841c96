"""How the launcher of a training and its processes talk: a plan and a list of events, two files in the training's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...harness.files import write_atomic
from ...harness.settings import read_settings
from ...harness.types import Json
from ..recipe import Recipe

PLAN = "PROCTOR_OPENRLHF_PLAN"
"""The environment variable that names the plan's file."""
DRIVER = "proctor.trainers.openrlhf.driver"
"""What is started with it."""


@dataclass(frozen=True)
class RolloutPlan:
    """What a training that draws its own answers needs beside: the items' folder, one node or more, its files' digests."""

    folder: str
    single_node: bool
    files: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """One start of OpenRLHF: its entry and command line, the resolved recipe, the checkpoint to start from.

    Events go to `events`; `gpus` is how many it needs; `owner` is the launcher's process; `first` is the number of steps
    that were done before it. Without `rollouts` it trains on what was made before.
    """

    command: str
    arguments: tuple[str, ...]
    recipe: Recipe
    base: str
    events: str
    gpus: int
    owner: int
    first: int = 0
    rollouts: RolloutPlan | None = None

    def write(self, path: Path) -> None:
        """Store it."""
        write_atomic(path, [json.dumps({**asdict(self), "recipe": self.recipe.to_json()}, indent=1).encode()])

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The inverse of `write`."""
        record = json.loads(path.read_bytes())
        recipe = read_settings(Recipe, record.pop("recipe"), str(path))
        rollouts = record.pop("rollouts")
        return cls(
            arguments=tuple(record.pop("arguments")),
            recipe=recipe,
            rollouts=RolloutPlan(**rollouts) if rollouts else None,
            **record,
        )

    @classmethod
    def current(cls) -> Plan:
        """The one that the environment names."""
        return cls.read(Path(os.environ[PLAN]))


def write_event(events: str, **event: Json) -> None:
    """Append an event: {"phase"}, {"step", "metrics"}, {"checkpoint", "path"} or {"error", "kind"}."""
    with Path(events).open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")
