"""What a local training needs of its device's memory, before anything is loaded: from the model's configuration alone.

What is always there is arithmetic; what a pass takes beside it is found by a simulated one (`simulated_pass.py`). A part for
CUDA itself and for what its allocator cannot use is left free on each card.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, Qwen2_5_VLConfig

from ...harness.engines.loading import as_checkpoint_error, check_trainable
from ..methods.base import Dpo, StagedMethod
from ..methods.registry import open_method
from ..recipe import ADAMW, Recipe
from ..recipe_settings import LocalSettings
from .simulated_pass import PassShape, SimulatedPolicy

GIB = 2**30
CARDS = (24, 48, 80)
USABLE = 0.9
MOMENT_BYTES = {ADAMW: 8.0}
MOMENTS_OF_8_BITS = 2 * (1 + 4 / 256)
"""With a float32 scale for each block of 256."""
LOGIT_COPIES = 6
"""In float32, of the logits of each answer's next token, while it is drawn."""
FOUR_BIT = 0.5 + 4 / 64
"""Bytes of an NF4 weight, with a float32 scale for each block of 64."""
PROMPT_TOKENS, PICTURE_TOKENS = 2048, 1536
"""The longest prompt of MM-UPT's training, and its largest picture: 1,204,224 pixels (arXiv 2505.22453)."""
HOPELESS = 2 * CARDS[-1] * GIB
"""A pass that takes more even by a floor is not simulated."""
_SIZES = Path(__file__).parent / "known_sizes.toml"


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes that are `always` there, and those of `passes` that come one after the other, by name.

    `four_bit_saves` are those of the weights that NF4 would not need.
    """

    always: Mapping[str, int]
    passes: Mapping[str, int]
    four_bit_saves: int

    @property
    def total(self) -> int:
        """The most at once."""
        return sum(self.always.values()) + max(self.passes.values())

    def fits(self, card: int, *, four_bit: bool = False) -> bool:
        """Whether a card of so many GiB has room for it, with `four_bit` if its weights were NF4."""
        return self.total - (self.four_bit_saves if four_bit else 0) <= USABLE * card * GIB


@dataclass(frozen=True)
class Planner:
    """Makes plans for a recipe, a model's configuration and prompts of so many tokens, some of them a picture's."""

    recipe: Recipe
    config: Any
    dtype: torch.dtype
    prompt_tokens: int = PROMPT_TOKENS
    picture_tokens: int = PICTURE_TOKENS

    def plan(self) -> MemoryPlan:
        """Of the recipe as it is. Raises MissingExtraError without peft where adapters are trained."""
        method = open_method(self.recipe)
        policy = SimulatedPolicy(self.recipe, self.config, self.dtype)
        played = not isinstance(method, StagedMethod)
        passes = dict([self._bytes_of(policy, "update", self._update(method), train=True)])
        if played:
            passes["drawing answers"] = self._drawn()
            if self.settings.micro_tokens is None:  # otherwise these passes are the update's, and take less
                passes |= [self._bytes_of(policy, "scoring answers", self._scored(), train=False)]
        four_bit = self.recipe.lora is not None and self.recipe.lora.four_bit
        saves = 0 if self.recipe.lora is None or four_bit else round(policy.linear * (self.dtype.itemsize - FOUR_BIT))
        return MemoryPlan(self._always(policy, reference=played), passes, saves)

    def _bytes_of(self, policy: SimulatedPolicy, name: str, shape: PassShape, *, train: bool) -> tuple[str, int]:
        """The name of a pass and what it takes: at least the hidden states, or keys and values, that each layer leaves."""
        text = self.config.get_text_config()
        tokens = shape.prompts * (shape.prompt_tokens + shape.answers * shape.answer_tokens)
        kept = text.hidden_size * self.dtype.itemsize if train else self._key_value_bytes()
        if (floor := tokens * text.num_hidden_layers * kept) > HOPELESS:
            return f"{name}, at least", floor
        return name, policy.bytes_of(shape, train=train)

    @property
    def settings(self) -> LocalSettings:
        """The recipe's [local]."""
        return self.recipe.local or LocalSettings()

    def _always(self, policy: SimulatedPolicy, *, reference: bool) -> dict[str, int]:
        lora, size = self.recipe.lora, self.dtype.itemsize
        trained = sum(one.numel() for one in policy.trained.values())
        quantised = policy.linear if lora is not None and lora.four_bit else 0
        weights = round((policy.parameters - quantised) * size + quantised * FOUR_BIT)
        return {
            "weights": weights + (trained * size if lora is not None else 0),
            "masters (float32)": 0 if self.dtype == torch.float32 else 4 * trained,
            "gradients (float32)": 4 * trained,
            f"optimiser ({self.recipe.optimiser.kind})": round(
                trained * MOMENT_BYTES.get(self.recipe.optimiser.kind, MOMENTS_OF_8_BITS)
            ),
            "reference": weights if reference and lora is None else 0,
        }

    def _update(self, method: object) -> PassShape:
        """The largest pass of an update."""
        policy = self.recipe.policy
        prompts = policy.prompts // policy.minibatches // policy.accumulate
        if not isinstance(method, StagedMethod):
            return self._pass(prompts, policy.train_on or self.recipe.sampling.n)
        pairs = any(isinstance(stage.objective, Dpo) for stage in method.stages)
        return self._pass(2 * prompts if pairs else prompts, 1)

    def _scored(self) -> PassShape:
        return self._pass(self.recipe.policy.prompts, self.recipe.policy.train_on or self.recipe.sampling.n)

    def _pass(self, prompts: int, answers: int) -> PassShape:
        """So many prompts with their answers, or as many of those as micro_tokens allow."""
        length, most = self.recipe.sampling.max_tokens, self.settings.micro_tokens
        if most is not None:
            together = self.prompt_tokens + answers * length
            prompts = max(1, min(prompts, most // together))
            answers = answers if together <= most else max(1, (most - self.prompt_tokens) // length)
        return PassShape(prompts, self.prompt_tokens, self.picture_tokens, answers, length)

    def _drawn(self) -> int:
        """Keys and values of all that is drawn together, and a token's logits in what precision it is drawn from."""
        n, most = self.recipe.sampling.n, self.settings.draw_tokens
        row = self.prompt_tokens + self.recipe.sampling.max_tokens
        prompts = self.recipe.policy.prompts
        if most is not None:
            prompts = max(1, min(prompts, most // (n * row)))
        return prompts * n * self._drawn_row()

    def _drawn_row(self) -> int:
        """Of one answer."""
        text = self.config.get_text_config()
        tokens = self.prompt_tokens + self.recipe.sampling.max_tokens
        kept = tokens * text.num_hidden_layers * self._key_value_bytes()
        return int(kept + LOGIT_COPIES * 4 * text.vocab_size)

    def _key_value_bytes(self) -> int:
        """Of a token in a layer."""
        text = self.config.get_text_config()
        head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        return int(2 * text.num_key_value_heads * head * self.dtype.itemsize)

    def frugal(self) -> Planner:
        """With layers run again, an answer a pass, and one prompt's answers drawn at a time, where nothing else is set."""
        row = self.prompt_tokens + self.recipe.sampling.max_tokens
        settings = dataclasses.replace(
            self.settings,
            gradient_checkpointing=True,
            micro_tokens=self.settings.micro_tokens or row,
            draw_tokens=self.settings.draw_tokens or self.recipe.sampling.n * row,
        )
        policy = dataclasses.replace(self.recipe.policy, accumulate=1)
        return dataclasses.replace(self, recipe=dataclasses.replace(self.recipe, local=settings, policy=policy))

    def changes(self, plan: MemoryPlan, card: int, given: LocalSettings) -> str:
        """The options that make a recipe with settings `given` this one, answers drawn together as a card has room."""
        draw = self._roomy_drawing(plan, card) if given.draw_tokens is None else given.draw_tokens
        micro = self.settings.micro_tokens
        changes = ("gradient_checkpointing=true", f"micro_tokens={micro}", f"draw_tokens={draw}")
        return " ".join(f"--set local.{change}" for change in changes)

    def _roomy_drawing(self, plan: MemoryPlan, card: int) -> int:
        """The draw_tokens for which a card has room beside what is always there, in whole prompts; at least one."""
        row, n = self.prompt_tokens + self.recipe.sampling.max_tokens, self.recipe.sampling.n
        room = USABLE * card * GIB - sum(plan.always.values())
        prompts = int(room // (n * self._drawn_row()))
        return n * row * max(1, min(prompts, self.recipe.policy.prompts))


def describe_memory(recipe: Recipe, base: Path) -> str:
    """The plan of a recipe for a base in a folder, or of a known model; and what to set for each card it does not fit.

    Raises CheckpointError for a configuration that cannot be trained.
    """
    found = _configuration(base, recipe.model)
    if found is None:
        return f"memory: not planned, since {base}/config.json is not there"
    config, dtype = found
    context = config.get_text_config().max_position_embeddings
    prompt = min(PROMPT_TOKENS, context // 4)
    planner = Planner(recipe, config, dtype, prompt, prompt * PICTURE_TOKENS // PROMPT_TOKENS)
    return "\n".join(_lines(planner))


def _lines(planner: Planner) -> Iterator[str]:
    plan, frugal = planner.plan(), planner.frugal()
    yield (
        f"memory, GiB, for prompts of {planner.prompt_tokens} tokens ({planner.picture_tokens} of pictures) and answers of "
        f"{planner.recipe.sampling.max_tokens}:"
    )
    for name, size in plan.always.items():
        yield f"  {name:<38}{size / GIB:>10.2f}"
    for name, size in plan.passes.items():
        yield f"  {'while: ' + name:<38}{size / GIB:>10.2f}"
    yield f"  {'at most at once':<38}{plan.total / GIB:>10.2f}"
    frugal_plan = plan if all(map(plan.fits, CARDS)) else frugal.plan()
    for card in CARDS:
        if plan.fits(card):
            yield f"  {card} GB: fits"
        elif frugal_plan.fits(card):
            yield f"  {card} GB: fits with {frugal.changes(frugal_plan, card, planner.settings)}"
        elif frugal_plan.fits(card, four_bit=True):
            changes = frugal.changes(frugal_plan, card, planner.settings)
            yield f"  {card} GB: fits with --set lora.four_bit=true {changes}"
        else:
            adapters = ": train adapters, --set lora.rank=64" if planner.recipe.lora is None else ""
            yield f"  {card} GB: does not fit, which takes {frugal_plan.total / GIB:.1f} with all that saves memory{adapters}"


def _configuration(base: Path, model: str) -> tuple[Any, torch.dtype] | None:
    """Of a folder, or of a known model that is in none; and the precision that it is trained in."""
    if (base / "config.json").is_file():
        with as_checkpoint_error(base):
            config = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False)
            check_trainable(base, config)
        stored = config.dtype or torch.float32
        return config, torch.float32 if stored == torch.float16 else stored
    sizes = tomllib.loads(_SIZES.read_text())
    known = sizes.get(model)
    if known is None:
        return None
    return Qwen2_5_VLConfig(**sizes.get(known.get("same_as"), known)), torch.bfloat16
