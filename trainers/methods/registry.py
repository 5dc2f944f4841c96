"""Training methods by name. A new one is one file and one line here, or an entry point of another package."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from ...harness.errors import UsageError
from ...harness.registry import Registry
from ...harness.settings import read_settings
from ..recipe import Recipe
from .base import Method, PlayedMethod, StagedMethod

METHODS: Registry[Callable[..., Method]] = Registry(
    kind="method",
    group="proctor.methods",
    builtin={
        "grpo": "proctor.trainers.methods.grpo:Grpo",
        "sft": "proctor.trainers.methods.sft:Rejection",
        "lmsi": "proctor.trainers.methods.lmsi:Lmsi",
        "srlm": "proctor.trainers.methods.srlm:Srlm",
        "stic": "proctor.trainers.methods.stic:Stic",
        "genixer": "proctor.trainers.methods.genixer:Genixer",
        "evolmm": "proctor.trainers.methods.evolmm:EvoLmm",
        "vision_zero": "proctor.trainers.methods.vision_zero:VisionZero",
    },
)


def open_method(recipe: Recipe) -> Method:
    """The recipe's method with its settings from [method_settings].

    Raises UsageError for an unknown name, key or value, and for settings of a method that has none.
    """
    make, table = METHODS.get(recipe.method), recipe.method_settings
    kind: Any = (
        get_type_hints(make).get("settings") if inspect.isclass(make) and dataclasses.is_dataclass(make) else None
    )
    if table and kind is None:
        raise UsageError(f"method {recipe.method} has no settings; method_settings holds: {', '.join(table)}")
    method = make(read_settings(kind, table, f"method {recipe.method}: method_settings")) if kind else make()
    if not isinstance(method, StagedMethod | PlayedMethod):
        raise UsageError(f"method {recipe.method}: its class has neither stages nor play, with needs_gold")
    if isinstance(method, StagedMethod) and recipe.reward != Recipe.reward:
        raise UsageError(f"method {recipe.method} reads no reward: leave out reward = {recipe.reward!r:.60}")
    return method


def with_settings(recipe: Recipe, method: Method) -> Recipe:
    """The recipe with every setting of its method spelled out, as a training stores it."""
    settings: Any = getattr(method, "settings", None)
    return recipe if settings is None else dataclasses.replace(recipe, method_settings=dataclasses.asdict(settings))
