"""What an engine is, and the engines by name.

One of a third party is known by the entry point `proctor.engines`, or by its path, mine.py:open_engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from ..errors import EngineError, ProctorError, UsageError
from ..registry import Origin, Registry
from ..types import Json, Request, Response, Sampling
from ..user_file import call, describe_error, shown_value


class Engine(Protocol):
    """An engine with a model in it. A complete one, `--engine mine.py:Parrot` or the entry point `proctor.engines`:

        class Parrot:
            def __init__(self, target, options): self.name = target
            def identity(self): return {"says": self.name}
            def versions(self): return {}
            def generate(self, requests, sampling):
                yield from (Response(one.item_id, k, self.name) for one in requests for k in one.samples)

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
"""Opens an engine: (target, options) -> Engine. Raises UsageError for an option that it does not know."""


class GivenEngine:
    """An engine that a package or a file gives: what it raises is told in one line.

    The digest of its file, for it could change any answer, is part of the identity.
    """

    def __init__(self, engine: Engine, origin: Origin) -> None:
        self._engine, self._what = engine, f"engine {origin.shown}"
        self._file = {"engine_file": {"sha256": origin.file.sha256}} if origin.file else {}
        self.name: str = call(self._what, lambda: str(engine.name))

    def identity(self) -> Mapping[str, Json]:
        """The engine's own, and the digest of its file."""
        return {**call(self._what, self._engine.identity), **self._file}

    def versions(self) -> Mapping[str, str]:
        """The engine's own."""
        return dict(call(self._what, self._engine.versions))

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The engine's own. Raises EngineError with the file and line of an exception."""
        try:
            yield from self._engine.generate(requests, sampling)
        except ProctorError:
            raise
        except Exception as error:
            raise EngineError(f"{self._what}: {describe_error(error)}") from error


def _opening(found: Any, origin: Origin) -> OpenModel:
    """Raises UsageError for what cannot be called."""
    if not callable(found):
        raise UsageError(f"engine {origin.shown} is no function of (target, options): {shown_value(found)}")
    return lambda target, options: GivenEngine(call(f"engine {origin.shown}", found, target, options), origin)


ENGINES: Registry[OpenModel] = Registry(
    kind="engine",
    group="proctor.engines",
    builtin={
        "transformers": "proctor.harness.engines.transformers:open_engine",
        "openai": "proctor.harness.engines.openai:open_engine",
        "vllm": "proctor.harness.engines.vllm:open_engine",
        "lmms_eval": "proctor.harness.engines.lmms_eval:open_engine",
        "replay": "proctor.harness.engines.replay:open_engine",
    },
    adapt=_opening,
)
