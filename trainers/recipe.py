"""Recipes: a training as a TOML file, read strictly. An unknown key or a value of the wrong kind is an error."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from ..harness.errors import UsageError
from ..harness.types import Json, Sampling

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class PromptSettings:
    """Where unlabelled training prompts come from: the figures generator, or a suite's items in a JSONL file."""

    suite: str = "figures"
    data: str | None = None
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class OptimiserSettings:
    """AdamW; the learning rate rises linearly over `warmup_steps` and then stays."""

    learning_rate: float = 1e-6
    betas: tuple[float, ...] = (0.9, 0.999)
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    warmup_steps: int = 0


@dataclass(frozen=True)
class PolicySettings:
    """The policy update: `prompts` per step, in `minibatches` updates, each in `accumulate` backward passes.

    `clip` is PPO's epsilon, `kl` the coefficient of the k3 loss to the frozen reference.
    """

    steps: int = 100
    prompts: int = 16
    minibatches: int = 1
    accumulate: int = 1
    clip: float = 0.2
    kl: float = 0.01
    train_vision: bool = True


@dataclass(frozen=True)
class Recipe:
    """One training: who learns from which prompts, by which reward and advantage, and when checkpoints are written."""

    name: str
    trainer: str = "local"
    protocol: str = "strict"
    reward: str = "majority_vote"
    advantage: str = "group_norm"
    seed: int = 0
    checkpoint_every: int = 20
    prompts: PromptSettings = field(default_factory=PromptSettings)
    sampling: Sampling = field(default_factory=lambda: Sampling(n=8, temperature=1.0, max_tokens=512))
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)

    def __post_init__(self) -> None:
        policy, optimiser = self.policy, self.optimiser
        parts = policy.minibatches * policy.accumulate
        rules = {
            "all numbers must be finite": all(math.isfinite(value) for value in _numbers(self.to_json())),
            "policy.steps must be at least 1": policy.steps >= 1,
            "policy.minibatches and policy.accumulate must be at least 1": min(policy.minibatches, policy.accumulate)
            >= 1,
            "policy.prompts must be a multiple of minibatches x accumulate": parts >= 1
            and policy.prompts >= 1
            and policy.prompts % parts == 0,
            "policy.clip must be positive, policy.kl not negative": policy.clip > 0 and policy.kl >= 0,
            "checkpoint_every must be at least 1": self.checkpoint_every >= 1,
            "sampling.n must be at least 2: a group of one has no advantage": self.sampling.n >= 2,
            "sampling.temperature must be above 0: greedy answers do not differ": not self.sampling.greedy,
            "optimiser.learning_rate must be positive": optimiser.learning_rate > 0,
            "optimiser.weight_decay and warmup_steps must not be negative": min(
                optimiser.weight_decay, optimiser.warmup_steps
            )
            >= 0,
            "optimiser.max_grad_norm must be positive": optimiser.max_grad_norm > 0,
            "optimiser.betas must be two numbers in [0, 1)": len(optimiser.betas) == 2
            and all(0 <= beta < 1 for beta in optimiser.betas),
        }
        for rule, kept in rules.items():
            if not kept:
                raise UsageError(rule)

    def to_json(self) -> Json:
        """All settings."""
        return dataclasses.asdict(self)


def _numbers(value: Json) -> Iterator[float]:
    """All numbers in nested settings."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for element in value:
            yield from _numbers(element)
    elif isinstance(value, int | float):
        yield value


def load_recipe(name: str, changes: Sequence[str] = ()) -> Recipe:
    """A bundled recipe by name, or one in a TOML file by path, with `changes` like "policy.steps=10" applied.

    Raises UsageError for an unknown recipe or key and for a value of the wrong kind.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml")))
        raise UsageError(f"no recipe {name!r}: give the path of a .toml file, or one of: {known}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"recipe {path}: cannot be read ({str(error)[:150]})") from error
    for change in changes:
        _apply(table, change)
    recipe: Recipe = _build(Recipe, {"name": path.stem, **table}, f"recipe {path.name}")
    return recipe


def _apply(table: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    *sections, last = key.strip().split(".")
    if not equals or not last:
        raise UsageError(f"a change must look like policy.steps=10, not {change!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        value = text
    for section in sections:
        inner = table.setdefault(section, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{change!r}: {section} is no section of a recipe")
        table = inner
    table[last] = value


def _build(kind: Any, table: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    known = [f.name for f in dataclasses.fields(kind)]
    for key in table:
        if key not in known:
            raise UsageError(f"{where}: unknown key {key!r}; there are: {', '.join(known)}")
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise UsageError(f"{where}: {str(error).removeprefix('sampling: ')}") from error


def _value(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return _build(kind, value, where)
    options = get_args(kind)
    if NoneType in options:
        return _value(next(option for option in options if option is not NoneType), value, where)
    if options and isinstance(value, list):
        return tuple(_value(options[0], element, where) for element in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise UsageError(f"{where} must be {getattr(kind, '__name__', kind)}, not {value!r:.60}")
