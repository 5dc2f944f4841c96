"""What an engine is, and the engines by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from ..registry import Registry
from ..types import Json, Request, Response, Sampling


class Engine(Protocol):
    """An engine with a model in it.

    `generate` pulls requests lazily and yields responses as they are ready, in any order, each sample of each request
    exactly once; how many requests are in flight is the engine's own affair. When the requests end, it finishes those
    in flight: that is how a run drains. What fails for one request is a Response with an error; an EngineError is for an
    engine that cannot go on.
    """

    name: str

    def identity(self) -> Mapping[str, Json]:
        """Everything about the model that could change an answer; a run refuses to resume when it differs."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Packages and hardware behind the answers, for the record only."""
        ...

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The responses to all samples of all requests."""
        ...


OpenModel = Callable[[str, Mapping[str, str]], Engine]
"""Opens an engine: (target, options) -> Model. Raises UsageError for an option that it does not know."""

ENGINES: Registry[OpenModel] = Registry(
    kind="engine",
    group="proctor.models",
    builtin={
        "transformers": "proctor.harness.engines.transformers:open_engine",
        "openai": "proctor.harness.engines.openai:open_engine",
        "vllm": "proctor.harness.engines.vllm:open_engine",
        "lmms_eval": "proctor.harness.engines.lmms_eval:open_engine",
        "replay": "proctor.harness.engines.replay:open_engine",
    },
)
