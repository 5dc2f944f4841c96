"""Who answers: from what a caller names or gives to an engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from .harness.engines.base import Engine
from .harness.engines.own import engine_of
from .harness.engines.ray import ON_CHECKPOINTS, open_replicas
from .harness.errors import UsageError
from .harness.runs.evaluate import Stored
from .harness.types import Item
from .trainers.tiny import or_bundled

Model: TypeAlias = Callable[..., str] | Engine | str | os.PathLike[str]
"""A function, an engine, a checkpoint's folder or its name on the hub, or what an engine or a server calls the model."""


def open_model(
    model: Model,
    items: Iterable[Item],
    *,
    engine: str | None = None,
    engine_options: Mapping[str, object] | None = None,
    url: str | None = None,
    workers: int = 1,
) -> Engine:
    """The engine that answers for a model, which may be asked these items. Raises UsageError and CheckpointError."""
    if not isinstance(model, str | os.PathLike):
        named = [("engine", engine), ("engine_options", engine_options), ("url", url)]
        for name, value in named:
            if value:
                raise UsageError(f"{name} is for a model that is named by a text; this one is {type(model).__name__!r}")
        return _asked(engine_of(model, items, workers))
    target = os.fspath(model)
    options = {key: str(value) for key, value in (engine_options or {}).items()}
    if target.startswith(("http://", "https://")):
        raise UsageError(f"a server's address is given as url={target!r:.80}; the model is what the server calls it")
    if url is not None:
        if engine not in (None, "openai"):
            raise UsageError(f"url is for a server: engine {engine!r:.60} has none")
        engine, options = "openai", {**options, "url": url}
    engine = engine or "transformers"
    target = or_bundled(target) if engine in ON_CHECKPOINTS else target
    return _asked(open_replicas(engine, target, options, workers, None))


def _asked(engine: Engine) -> Engine:
    """Raises UsageError for a stored run, which nobody can ask anything else."""
    if isinstance(engine, Stored):
        raise UsageError("a stored run is not asked again: proctor.score(run, protocol) judges its answers")
    return engine
