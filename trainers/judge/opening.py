"""The judge that a recipe names: a server's model, or a frozen checkpoint in this process."""

from __future__ import annotations

from pathlib import Path

from ...harness.endpoint import Endpoint
from ...harness.models.openai import OpenAIModel
from ..tiny import JUDGE
from .scoring import Engine, ModelJudge
from .settings import BASE_MODEL, TINY_MODEL, JudgeSettings


def open_judge(settings: JudgeSettings, base: Path) -> ModelJudge:
    """Open it. Raises UsageError, CheckpointError, or EngineError for a server that does not have the model."""
    return ModelJudge(_served(settings, settings.url) if settings.url else _in_process(settings, base), settings)


def _served(settings: JudgeSettings, url: str) -> Engine:
    endpoint = Endpoint(url, settings.model, attempts=1 + settings.retries)
    return OpenAIModel(endpoint, endpoint.served(), endpoint.version())


def _in_process(settings: JudgeSettings, base: Path) -> Engine:
    from ...harness.models.transformers import TransformersModel  # noqa: PLC0415  (the one judge that needs torch)

    known = {BASE_MODEL: base, TINY_MODEL: JUDGE}
    return TransformersModel(known.get(settings.model, Path(settings.model)), batch=settings.batch)
