"""Recipes: a training as a TOML file, read strictly. An unknown key or a value of the wrong kind is an error."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..harness.answers.formats import FORMATS
from ..harness.errors import UsageError
from ..harness.registry import FileRegistry
from ..harness.settings import added, read_settings, read_table, require, tables_of, to_stored
from ..harness.types import Json, Prompt, Rendering, Sampling
from ..harness.user_file import anchored, in_file
from .recipe_settings import (
    VLLM,
    GuardSettings,
    JudgeSettings,
    LocalSettings,
    LoraSettings,
    OpenRlhfSettings,
    RolloutSettings,
    SynthesisSettings,
    TrackSettings,
)

OPEN = ("trainer", "model", "method", "protocol", "answer_format", "reward", "advantage")
"""Settings that name what may stand in a file of one's own; so does prompts.suite."""
JUDGE_FILES = ("prompt", "system")
FILES = {("prompts",): ("suite", "template"), ("judge",): JUDGE_FILES, ("guard", "judge"): JUDGE_FILES}
"""Settings of sections, and of sections in them, that may name a file."""
ROLL_OVER, DROP = "roll_over", "drop"
LAST_BATCH = (ROLL_OVER, DROP)
ERROR, LEAVE_OUT = "error", "leave_out"
TOO_LONG = (ERROR, LEAVE_OUT)
MOST = 1e100
MOST_PROMPTS, MOST_SAMPLES = 10_000_000, 100_000


@dataclass(frozen=True)
class PromptSettings:
    """Where unlabelled training prompts come from, and how they are shown.

    They are drawn, of a suite that is drawn, with no end and of `tasks` alone where some are named; else the suite's items in
    the JSONL file `data`. `split` is for drawn suites: "test" trains on the very items that an examination asks.

    All items of a file are drawn in a random order, then all again in another one. What is left at the end of such a pass,
    fewer than policy.prompts items, begins the next pass with `last_batch` "roll_over"; with "drop" it is left out of it.

    Pictures are scaled to between `min_pixels` and `max_pixels` by the base's own rule, in the place of its own limits. A
    prompt of more than `max_tokens` tokens, those of its pictures included, or of more than trainer or model can take, is an
    error before the start, or with `too_long` "leave_out" not trained on. `left_out` are ids of further items to leave out.

    `template` is a text file (`text_file`) that asks in the place of the protocol, with {question} where the question stands
    with its options; pictures come first, or where the question has their marks.
    """

    suite: str = "figures"
    data: str | None = None
    tasks: tuple[str, ...] = ()
    split: str = "train"
    template: str | None = added(None)
    last_batch: str = added(ROLL_OVER)
    min_pixels: int | None = added(None)
    max_pixels: int | None = added(None)
    max_tokens: int | None = added(None)
    too_long: str = added(ERROR)
    left_out: tuple[str, ...] = added(())

    def __post_init__(self) -> None:
        _ = self.limits
        rules = {
            f"prompts.last_batch must be one of: {', '.join(LAST_BATCH)}": self.last_batch in LAST_BATCH,
            f"prompts.too_long must be one of: {', '.join(TOO_LONG)}": self.too_long in TOO_LONG,
            "prompts.max_tokens must be at least 1": self.max_tokens is None or self.max_tokens >= 1,
        }
        require(rules.items())

    @property
    def limits(self) -> Mapping[str, int]:
        """The limits of pixels that are set, by name. Raises DataError for impossible ones."""
        return Rendering(min_pixels=self.min_pixels, max_pixels=self.max_pixels).pixels

    def shown(self, prompt: Prompt) -> Prompt:
        """The prompt with its pictures within these limits."""
        limits: Any = self.limits
        return replace(prompt, rendering=replace(prompt.rendering, **limits)) if limits else prompt

    def of_set(self, suite: str, data: str | None = None) -> PromptSettings:
        """Another set, drawn and shown in the same way."""
        return replace(self, suite=suite, data=data, tasks=(), split="train", left_out=())


ADAMW = "adamw"
OPTIMISERS = (ADAMW, "adamw_8bit", "paged_adamw_8bit")


@dataclass(frozen=True)
class OptimiserSettings:
    """AdamW; the learning rate rises linearly over `warmup_steps` and then stays.

    Of the kinds "adamw_8bit" and "paged_adamw_8bit", which are bitsandbytes' and the local trainer's, moments have 8 bits.
    """

    learning_rate: float = 1e-6
    betas: tuple[float, ...] = (0.9, 0.999)
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    warmup_steps: int = 0
    kind: str = added(ADAMW)


@dataclass(frozen=True)
class PolicySettings:
    """The policy update: `prompts` per step, in `minibatches` updates, each in `accumulate` backward passes.

    `clip` is PPO's epsilon: ratios are kept in [1 - clip, 1 + clip], or up to 1 + `clip_high` if it is given (DAPO, arXiv
    2503.14476). With `dual_clip` c the loss of a token with a negative advantage A is at most c |A| (arXiv 1912.09729). `kl`
    is the coefficient of the k3 loss to the frozen reference. Of the sampling.n responses to a prompt, all of which are
    rewarded together, the first `train_on` are trained on (default: all), with advantages among themselves.
    """

    steps: int = 100
    prompts: int = 16
    minibatches: int = 1
    accumulate: int = 1
    clip: float = 0.2
    clip_high: float | None = added(None)
    dual_clip: float | None = added(None)
    kl: float = 0.01
    train_vision: bool = True
    train_on: int | None = None


@dataclass(frozen=True)
class CollectSettings:
    """What each stage of a staged method is made of.

    The student is asked `prompts` items of the recipe's prompts. A stage that makes fewer than `least` examples of them
    ends the training.
    """

    prompts: int = 512
    least: int = 32

    def __post_init__(self) -> None:
        if not 1 <= self.prompts <= MOST_PROMPTS or self.least < 1:
            raise UsageError(f"collect.prompts must be from 1 to {MOST_PROMPTS:,}, collect.least at least 1")


@dataclass(frozen=True)
class Recipe:
    """One training: who learns from which prompts, by which method, and when checkpoints are written.

    `method` is one of trainers.methods, with its own `method_settings`; `model` names the profile of the model that the
    recipe is for, which says how it is asked. With `synthesis`, questions that the base writes about the prompts' pictures
    take the prompts' place. With the method "grpo" the reward and the advantage decide what is learned. A
    staged method takes `policy.steps` steps of `policy.prompts` examples in each of its stages, and reads `collect`.

    With `keep` only the last so many checkpoints are kept, the best of those examined, and the one that each stage ends with.

    `answer_format` is the form that a response must have ("boxed", or "think_boxed": <think>...</think> before the box);
    what follows from breaking it is the reward's affair. What OPEN names is a name of its registry, or path/to/file.py:thing
    (of `model` a .toml file), whose path is made absolute. `reward_settings` are the reward's own, `advantage_beta` is the
    advantage's where it has one, `judge` is read only by a reward that needs a judge, and `openrlhf` and `local` only by the
    trainers of those names. With `lora` the local trainer trains adapters, with `guard` it looks after what it trains, and
    `rollouts` says what draws its answers. Those that `track` names follow a training while it runs.
    """

    name: str
    trainer: str = "local"
    model: str = "tiny"
    method: str = "grpo"
    method_settings: Mapping[str, Any] = field(default_factory=dict)
    protocol: str = "strict"
    answer_format: str = "boxed"
    reward: str = "majority_vote"
    reward_settings: Mapping[str, Any] = field(default_factory=dict)
    advantage: str = "group_norm"
    advantage_beta: float = 1.0
    seed: int = 0
    checkpoint_every: int = 20
    keep: int | None = added(None)
    prompts: PromptSettings = field(default_factory=PromptSettings)
    collect: CollectSettings = field(default_factory=CollectSettings)
    synthesis: SynthesisSettings | None = None
    sampling: Sampling = field(default_factory=lambda: Sampling(n=8, temperature=1.0, max_tokens=512))
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)
    judge: JudgeSettings | None = None
    openrlhf: OpenRlhfSettings | None = None
    local: LocalSettings | None = added(None)  # noqa: RUF009
    lora: LoraSettings | None = added(None)  # noqa: RUF009
    guard: GuardSettings | None = added(None)  # noqa: RUF009
    track: TrackSettings | None = added(None)  # noqa: RUF009
    rollouts: RolloutSettings | None = added(None)  # noqa: RUF009

    def __post_init__(self) -> None:
        for name, value in _anchored({name: getattr(self, name) for name in OPEN}, Path()).items():
            object.__setattr__(self, name, value)
        policy, optimiser = self.policy, self.optimiser
        parts = policy.minibatches * policy.accumulate
        rules = {
            f"all numbers must be finite, and below {MOST:.0e}": all(
                abs(value) < MOST for value in _numbers(self.to_json())
            ),
            f"policy.steps and policy.prompts must be from 1 to {MOST_PROMPTS:,}": 1 <= policy.steps <= MOST_PROMPTS
            and 1 <= policy.prompts <= MOST_PROMPTS,
            f"sampling.n must be at most {MOST_SAMPLES:,}": self.sampling.n <= MOST_SAMPLES,
            "policy.minibatches and policy.accumulate must be at least 1": min(policy.minibatches, policy.accumulate)
            >= 1,
            "local.micro_tokens takes the place of policy.accumulate, which must be 1": policy.accumulate == 1
            or self.local is None
            or self.local.micro_tokens is None,
            "[lora] is not for the trainer openrlhf": self.lora is None or self.trainer != "openrlhf",
            f"[guard] is the local trainer's, and trainer {self.trainer} has none": self.guard is None
            or self.trainer not in ("openrlhf", "trl"),
            f"[rollouts] is the local trainer's, and trainer {self.trainer} has its own": self.rollouts is None
            or self.trainer not in ("openrlhf", "trl"),
            "rollouts.engine vllm draws by whole weights, which those of lora.four_bit are not": not (
                self.drawn_by_vllm and self.lora is not None and self.lora.four_bit
            ),
            "policy.prompts must be a multiple of minibatches x accumulate": parts >= 1
            and policy.prompts >= 1
            and policy.prompts % parts == 0,
            "policy.clip must be positive, policy.kl not negative": policy.clip > 0 and policy.kl >= 0,
            "policy.clip_high must be positive": policy.clip_high is None or policy.clip_high > 0,
            "policy.dual_clip must be above 1": policy.dual_clip is None or policy.dual_clip > 1,
            "advantage_beta must be positive": self.advantage_beta > 0,
            "checkpoint_every must be at least 1": self.checkpoint_every >= 1,
            "keep must be at least 1": self.keep is None or self.keep >= 1,
            "sampling.n must be at least 2: a group of one has no advantage": self.sampling.n >= 2,
            "sampling.temperature must be above 0: greedy answers do not differ": not self.sampling.greedy,
            "sampling: top_k, min_p, penalties and stop are not for training, whose probabilities are of all tokens": (
                not self.sampling.shaping
            ),
            "policy.train_on must be at least 2 and at most sampling.n": policy.train_on is None
            or 2 <= policy.train_on <= self.sampling.n,
            "policy.train_on belongs to method grpo": policy.train_on is None or self.method == "grpo",
            "prompts.split must be train, or test for a drawn suite": self.prompts.split in ("train", "test"),
            f"optimiser.kind must be one of: {', '.join(OPTIMISERS)}": optimiser.kind in OPTIMISERS,
            "optimiser.kind is the local trainer's": optimiser.kind == ADAMW or self.trainer != "openrlhf",
            "optimiser.learning_rate must be positive": optimiser.learning_rate > 0,
            "optimiser.weight_decay and warmup_steps must not be negative": min(
                optimiser.weight_decay, optimiser.warmup_steps
            )
            >= 0,
            "optimiser.max_grad_norm must be positive": optimiser.max_grad_norm > 0,
            "optimiser.betas must be two numbers in [0, 1)": len(optimiser.betas) == 2
            and all(0 <= beta < 1 for beta in optimiser.betas),
        }
        require(rules.items())

    @property
    def drawn_by_vllm(self) -> bool:
        """Whether the local trainer's answers are drawn by an engine of vLLM's."""
        return self.rollouts is not None and self.rollouts.engine == VLLM

    def to_json(self) -> Json:
        """All settings, as a training stores them."""
        return {**to_stored(self), "sampling": self.sampling.to_json()}

    def spelled_out(self, *, method: Any = None, reward: Any = None) -> Recipe:
        """With every setting of its opened method, of its opened reward and of the judge that this needs, as it is stored."""
        changes: dict[str, Any] = {}
        for name, part in (("method_settings", method), ("reward_settings", reward)):
            if (settings := getattr(part, "settings", None)) is not None:
                changes[name] = to_stored(settings)
        if self.judge is None and getattr(reward, "needs_judge", False):
            changes["judge"] = JudgeSettings()
        return dataclasses.replace(self, **changes)


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

    A recipe with `extends = "other"` is laid over that one, key by key: a bundled name, or the path of a .toml file
    relative to its own. `reward_settings` and `method_settings` belong to their reward and method and are not taken over
    by another one. Raises UsageError for an unknown recipe or key, for a value of the wrong kind, and if the extended
    recipe itself extends another.

    A file that a recipe names is relative to the recipe's own, one in `changes` to the working directory.
    """
    path = RECIPES.load(name)
    table = _read(path)
    if (extended := table.pop("extends", None)) is not None:
        table = _laid_over(_read_extended(extended, path), table)
    for change in changes:
        table = _laid_over(table, _anchored(tables_of([change]), Path()))
    recipe = read_settings(Recipe, {"name": path.stem, **table}, f"recipe {path.name}")
    if in_file(recipe.answer_format) is None and recipe.answer_format not in FORMATS:
        raise UsageError(f"recipe {path.name}: answer_format must be one of: {', '.join(FORMATS.names())}")
    return recipe


def _read(path: Path) -> dict[str, Any]:
    return _anchored(read_table(path, "recipe"), path.parent)


def _anchored(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The settings with the paths of files that they name made absolute, from `folder`."""
    settings = dict(table)
    for name in OPEN:
        if isinstance(settings.get(name), str):
            settings[name] = anchored(settings[name], folder)
    for sections, names in FILES.items():
        settings = _anchored_in(settings, sections, names, folder)
    return settings


def _anchored_in(
    table: Mapping[str, Any], sections: Sequence[str], names: Sequence[str], folder: Path
) -> dict[str, Any]:
    if not sections:
        return {**table, **{name: anchored(table[name], folder) for name in names if isinstance(table.get(name), str)}}
    inner = table.get(sections[0])
    if not isinstance(inner, dict):
        return dict(table)
    return {**table, sections[0]: _anchored_in(inner, sections[1:], names, folder)}


def _summary(path: Path, name: str) -> str:
    """The comment that a recipe begins with, in one line; else what it extends, or its method. Raises UsageError."""
    table = _read(path)
    first = path.read_text().lstrip().partition("\n")[0]
    if first.startswith("#") and (comment := first.lstrip("#").strip()):
        return comment
    return f"{table['extends']}, changed" if "extends" in table else str(table.get("method", Recipe.method))


RECIPES: FileRegistry[Path] = FileRegistry(
    kind="recipe",
    group="proctor.recipes",
    folder=Path(__file__).parent / "recipes",
    read=lambda path, name: path,
    summary=_summary,
)


def _read_extended(extended: Any, path: Path) -> dict[str, Any]:
    if not isinstance(extended, str):
        raise UsageError(f"recipe {path.name}: extends must name a recipe, not {extended!r:.60}")
    other = path.parent / extended if extended.endswith(".toml") else RECIPES.get(extended)
    table = _read(other)
    if "extends" in table or other.resolve() == path.resolve():
        raise UsageError(
            f"recipe {path.name}: extends {extended}, which itself extends another: one that is extended must stand alone"
        )
    table.pop("name", None)
    return table


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The tables merged key by key, what is in `over` first."""
    merged = dict(under)
    for name in ("reward", "method"):
        if over.get(name, under.get(name)) != under.get(name):
            merged.pop(f"{name}_settings", None)
    return _merged(merged, over)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key, {})
        if isinstance(value, dict) and not isinstance(below, dict):
            raise UsageError(f"{key} is no section of a recipe")
        merged[key] = _merged(below, value) if isinstance(value, dict) else value
    return merged
