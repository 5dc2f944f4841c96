"""The model that is asked before or between the parts of a training: a checkpoint on an engine, on the training's GPUs."""

from __future__ import annotations

import os
from pathlib import Path

from ...harness.engines.base import ENGINES, Engine
from ...harness.engines.ray import open_replicas
from ..recipe_settings import OpenRlhfSettings


def open_student(checkpoint: Path, settings: OpenRlhfSettings) -> Engine:
    """The student, on the GPUs that the learner has when the student is done."""
    if settings.student != "vllm":
        return ENGINES.get(settings.student)(str(checkpoint), {})
    options = {
        "tensor_parallel": str(settings.tensor_parallel),
        "gpu_memory_utilization": str(settings.gpu_memory_utilization),
        "enforce_eager": "true" if settings.enforce_eager else "false",
    }
    copies = settings.engines if settings.tensor_parallel == 1 else 1
    address = os.environ.get("RAY_ADDRESS") if copies > 1 else None
    return open_replicas(settings.student, str(checkpoint), options, copies, address)
