"""A model that is known and not open: enough to find the runs that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...harness.errors import EngineError
from ...harness.types import Json, Request, Response, Sampling


@dataclass
class KnownModel:
    """A model as its engine described it before: it names runs, and answers nothing."""

    name: str
    described: Mapping[str, Json]

    def identity(self) -> Mapping[str, Json]:
        """What the engine said of it."""
        return self.described

    def versions(self) -> Mapping[str, str]:
        """Nothing: no run begins with it."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Raises EngineError."""
        raise EngineError(f"{self.name} is known, but not open")
