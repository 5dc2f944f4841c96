"""The replay engine: a stored run answers. Useful to test a harness, and to hold another protocol's examination for free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import UsageError
from ..runs.store import RunReader
from ..types import Json, Request, Response, Sampling


class ReplayEngine:
    """Answers each item and sample with what the stored run answered."""

    def __init__(self, path: Path) -> None:
        reader = RunReader(path)
        self.name = reader.manifest.model_name or path.name
        self._answers = {(one.item_id, one.sample): one for one in reader.responses()}
        self._identity = {
            "engine": "replay",
            "replayed": reader.manifest.identity,
            "seal": reader.manifest.seal,
        }

    def identity(self) -> Mapping[str, Json]:
        """The identity of the replayed run, and the digest of its answers if it was complete."""
        return self._identity

    def versions(self) -> Mapping[str, str]:
        """Nothing: no model runs."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Stored answers, in the order of the requests; an item that the run does not hold is an error."""
        for request in requests:
            for sample in request.samples:
                stored = self._answers.get((request.item_id, sample))
                yield stored or Response(request.item_id, sample, None, "the replayed run has no answer to it")


def open_engine(target: str, options: Mapping[str, str]) -> ReplayEngine:
    """Open a run directory. Raises UsageError if any option is given: there is none."""
    if options:
        raise UsageError(f"engine replay has no options, but {next(iter(options))!r} was given")
    return ReplayEngine(Path(target))
