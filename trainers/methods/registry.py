"""Training methods by name. A new one is one file and one line here, an entry point of a package, or a path."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_type_hints

from ...harness.errors import UsageError
from ...harness.registry import Origin, Registry
from ...harness.settings import read_settings
from ...harness.types import Item, Prompt
from ...harness.user_file import call, shown_value
from ..recipe import Recipe
from .base import Ask, Counts, Method, Played, PlayedMethod, Stage, StagedMethod, Step, counts, longest_prompts


@dataclass(frozen=True)
class ExternalMethod:
    """What a package or a file gives as a method: a class, or whatever makes one."""

    make: Callable[..., Any]
    name: str

    @classmethod
    def of(cls, loaded: Any, origin: Origin) -> ExternalMethod:
        """Raises UsageError for what cannot be called."""
        if not callable(loaded):
            raise UsageError(f"method {origin.shown} is no class: {shown_value(loaded)}")
        return cls(loaded, origin.shown)


@dataclass(frozen=True)
class _External:
    """A method of a package or a file: what it raises is told in one line."""

    what: str
    method: Any

    @property
    def needs_gold(self) -> bool:
        return bool(self.method.needs_gold)

    @property
    def settings(self) -> Any:
        return getattr(self.method, "settings", None)


class _ExternalStaged(_External):
    @property
    def stages(self) -> Sequence[Stage]:
        stages: Sequence[Stage] = call(self.what, lambda: list(self.method.stages))
        return [dataclasses.replace(stage, make=partial(call, self.what, stage.make)) for stage in stages]


class _ExternalPlayed(_External):
    def counts(self, n: int) -> Counts:
        counted: Counts = call(self.what, counts, self.method, n)
        return counted

    def longest_prompts(self, item: Item, ask: Ask) -> Sequence[Prompt]:
        longest: Sequence[Prompt] = call(self.what, longest_prompts, self.method, item, ask)
        return longest

    def play(self, step: Step) -> Played:
        played: Played = call(self.what, self.method.play, step)
        return played


METHODS: Registry[Callable[..., Method] | ExternalMethod] = Registry(
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
    adapt=ExternalMethod.of,
)


def open_method(recipe: Recipe) -> Method:
    """The recipe's method with its settings from [method_settings].

    Raises UsageError for an unknown name, key or value, and for settings of a method that has none.
    """
    loaded, table = METHODS.load(recipe.method), recipe.method_settings
    make = loaded.make if isinstance(loaded, ExternalMethod) else loaded
    kind: Any = (
        get_type_hints(make).get("settings") if inspect.isclass(make) and dataclasses.is_dataclass(make) else None
    )
    if table and kind is None:
        raise UsageError(f"method {recipe.method} has no settings; method_settings holds: {', '.join(table)}")
    settings = [read_settings(kind, table, f"method {recipe.method}: method_settings")] if kind else []
    method: Method = call(f"method {recipe.method}", make, *settings)
    if not isinstance(method, StagedMethod | PlayedMethod):
        raise UsageError(f"method {recipe.method}: its class has neither stages nor play, with needs_gold")
    if isinstance(loaded, ExternalMethod):
        wrapper = _ExternalStaged if isinstance(method, StagedMethod) else _ExternalPlayed
        method = wrapper(f"method {loaded.name}", method)
    if isinstance(method, StagedMethod) and recipe.reward != Recipe.reward:
        raise UsageError(f"method {recipe.method} reads no reward: leave out reward = {recipe.reward!r:.60}")
    return method
