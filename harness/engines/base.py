"""What an engine is, and the engines by name.

One of a third party is known by the entry point `proctor.engines`, or by its path, mine.py:open_engine.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ..errors import DataError, EngineError, ProctorError, UsageError
from ..registry import Origin, Registry
from ..types import Json, Request, Response, Sampling, canonical_json
from ..user_file import Held, describe_error, in_file, place_of, shown_value


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
    engine that cannot go on. Of `Sampling.shaping` and `Prompt.rendering` it is given what an attribute `takes` names, e.g.
    takes = ("top_k", "stop", "chat_template_kwargs"): a run that sets anything else is refused. One that can tell of tokens
    (`Request.tokens`) says so by an attribute `tells`, the names of the fields of `TokenStatistics` that it gives.
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


def tells(engine: Engine) -> frozenset[str]:
    """The fields of `TokenStatistics` that the engine gives where it is asked to."""
    return frozenset(getattr(engine, "tells", ()))


OpenModel = Callable[[str, Mapping[str, str]], Engine]
"""Opens an engine: (target, options) -> Engine. Raises UsageError for an option that it does not know."""


class GivenEngine:
    """An engine that a package or a file gives: what it raises is told in one line.

    The digest of its file, for it could change any answer, is part of the identity.
    """

    def __init__(self, engine: Engine, origin: Origin) -> None:
        self._engine, self._what = engine, f"engine {origin.shown}"
        self._file = {"engine_file": {"sha256": origin.file.sha256}} if origin.file else {}
        self.name: str = engine.name
        self.tells = tells(engine)

    def identity(self) -> Mapping[str, Json]:
        """The engine's own, and the digest of its file."""
        return {**Held(self._what, self._engine.identity, _unfit_identity)(), **self._file}

    def versions(self) -> Mapping[str, str]:
        """The engine's own."""
        return dict(Held(self._what, self._engine.versions, _unfit_identity)())

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The engine's own. Raises EngineError with the file and line of an exception, UsageError for no responses."""
        place, given = place_of(self._engine.generate), None
        takes = getattr(self._engine, "takes", ())
        require_taken(self._what, takes, sampling.shaping)
        try:
            given = self._engine.generate(taken(self._what, takes, requests), sampling)
            if not isinstance(given, Iterable):
                raise UsageError(f"{self._what}: {place}gave {shown_value(given)}, not responses")
            for response in given:
                if (problem := _unfit_response(response)) is not None:
                    raise UsageError(f"{self._what}: {place}gave {problem}")
                yield response
        except ProctorError:
            raise
        except Exception as error:
            raise EngineError(f"{self._what}: {describe_error(error, self._engine.generate)}") from error
        finally:
            if isinstance(given, Generator):
                given.close()


def names_function(engine: str, model: str) -> bool:
    """True if a model is named by a Python file, FILE.py:NAME, with no engine but the default one."""
    return engine == DEFAULT and in_file(model) is not None and not Path(model).expanduser().is_dir()


def require_taken(what: str, takes: Iterable[str], given: Mapping[str, Json]) -> None:
    """Raises UsageError for a setting that an engine would leave out, and the run would state."""
    if left := sorted({*given} - {*takes}):
        raise UsageError(f"{what} does not take {', '.join(left)}: leave it out, or ask by another engine")


def taken(what: str, takes: Iterable[str], requests: Iterable[Request]) -> Iterator[Request]:
    """The requests, as they are pulled. Raises UsageError for one whose prompt's rendering an engine would leave out."""
    for request in requests:
        require_taken(what, takes, request.prompt.rendering.to_json())
        yield request


def _unfit_identity(found: Any) -> str | None:
    try:
        fit = isinstance(found, Mapping) and bool(canonical_json(dict(found)))
    except (TypeError, ValueError, RecursionError):
        fit = False
    return None if fit else f"gave {shown_value(found)}, not a mapping that can be written as JSON"


def _unfit_response(found: Any) -> str | None:
    if not isinstance(found, Response):
        return f"{shown_value(found)}, not a Response"
    try:
        Response.from_json(found.to_json())
    except DataError as error:
        return f"a Response that is none: {error}"
    return None


def _unfit_engine(found: Any, *opened: Any) -> str | None:
    lacking = [name for name in ("identity", "versions", "generate") if not callable(getattr(found, name, None))]
    if not isinstance(getattr(found, "name", None), str):
        lacking.append("name, a text")
    return f"gave {shown_value(found)}, which is no engine: it has no {', no '.join(lacking)}" if lacking else None


def _answers(function: Callable[..., Any]) -> bool:
    """True for a function that takes a prompt or an item, or that cannot be given a target and options."""
    signature = inspect.signature(function)
    if {"prompt", "item", "images"} & {*signature.parameters}:
        return True
    try:
        signature.bind("target", {})
    except TypeError:
        return True
    return False


def _opening(found: Any, origin: Origin) -> OpenModel:
    """Raises UsageError for what cannot be called, and for a function that answers, which is no engine."""
    if not callable(found):
        raise UsageError(f"engine {origin.shown} is no function of (target, options): {shown_value(found)}")
    if origin.file is not None and inspect.isfunction(found) and _answers(found):
        named = f"{origin.file.path}:{origin.shown.rpartition(':')[2]}"
        raise UsageError(
            f"engine {origin.shown} is a function that answers, and no engine: name it with --model {named}, without --engine"
        )
    opened = Held(f"engine {origin.shown}", found, _unfit_engine)
    return lambda target, options: GivenEngine(opened(target, options), origin)


DEFAULT = "transformers"
"""Runs a model where no engine is named."""
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
