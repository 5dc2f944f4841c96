"""What a trainer does first: read its items, or synthesize the questions where the recipe asks for it; measure the prompts.

    OUT/synthesis/   the folder of the synthesis (`folder`)

A digest of the items or of the synthesized questions belongs to the training's identity; the recipe that is stored is the one
that was given.
"""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...harness.engines.base import Engine
from ...harness.errors import UsageError
from ...harness.profiles import load_profile
from ...harness.runs.checkpoints import Checkpoint
from ...harness.types import Json
from ..base import Progress, needs_labels
from ..lengths import PromptLengths, without_too_long
from ..methods.registry import open_method
from ..recipe import Recipe
from ..rewards.registry import open_reward
from ..sampler import asking, items_digest, training_prompts, unlabelled
from .folder import WHOLE, Synthesized
from .run import Author, PromptBuilders, PromptSource, Synthesis
from .stored import NAME

FOLDER = "synthesis"


@dataclass(frozen=True)
class Prepared:
    """A recipe to train by, whose prompts are there, and what of them belongs to the training's identity."""

    recipe: Recipe
    given: Recipe
    lengths: PromptLengths
    identity: Mapping[str, Json] = field(default_factory=dict)

    def with_given_prompts(self, recipe: Recipe) -> Recipe:
        """A recipe made of `recipe`, with the prompts as they were given: what a training stores as its own."""
        return dataclasses.replace(recipe, prompts=self.given.prompts, synthesis=self.given.synthesis)


def prepare(
    recipe: Recipe,
    base: Path,
    out: Path,
    open_model: Callable[[Path], Engine],
    progress: Progress,
    *,
    room: int | None = None,
) -> Prepared:
    """Synthesize from the recipe's prompts with `base` into `out`, if it has a section [synthesis]; measure the prompts.

    `open_model` opens a checkpoint to ask it; it is not called where everything was asked before. `room` is the longest
    prompt that the trainer takes, in tokens. Raises what `Synthesis.run` and `without_too_long` do, and UsageError for a
    recipe that needs labels, which such questions have none of.
    """
    found, identity = _found(recipe, base, out, open_model, progress)
    kept, lengths = without_too_long(found, base, room)
    if lengths.left_out:
        progress(0, recipe.policy.steps, str(lengths))
    return Prepared(kept, recipe, lengths, identity)


def _found(
    recipe: Recipe, base: Path, out: Path, open_model: Callable[[Path], Engine], progress: Progress
) -> tuple[Recipe, Mapping[str, Json]]:
    """The recipe whose prompts are there, and what of them belongs to the training's identity."""
    labels = open_method(recipe).needs_gold or needs_labels(open_reward(recipe.reward, recipe.reward_settings), recipe)
    if recipe.synthesis is None and recipe.prompts.suite != NAME:
        items = items_digest(recipe.prompts, labels=labels)
        return recipe, {} if items is None else {"items": items}
    if labels:
        raise UsageError("recipe: synthesized questions have no labels, and its method or reward needs them")
    if recipe.synthesis is None:
        return recipe, _identity(Synthesized.read(Path(recipe.prompts.data or ".")))
    if (out / "training.json").exists() and not (out / FOLDER / WHOLE).exists():
        raise UsageError(f"{out} holds a training on other questions: choose another --out")
    synthesized = _synthesis(recipe, base, open_model, progress).run(out / FOLDER)
    gc.collect()  # the engine gives its memory back
    prompts = recipe.prompts.of_set(NAME, str(out / FOLDER))
    return dataclasses.replace(recipe, prompts=prompts, synthesis=None), _identity(synthesized)


def describe_preparation(recipe: Recipe, base: Path) -> str:
    """What `prepare` will do, in words for a dry run; empty if nothing."""
    settings = recipe.synthesis
    if settings is None:
        return ""
    return (
        f"# first {base} writes {settings.per_image} x {settings.images} questions ({settings.how}) about the pictures of "
        f"{recipe.prompts.suite},\n# and answers each {settings.samples} times; the training is on those that are kept"
    )


def _identity(synthesized: Synthesized) -> Mapping[str, Json]:
    return {"synthesized": synthesized.sha256}


def _synthesis(recipe: Recipe, base: Path, open_model: Callable[[Path], Engine], progress: Progress) -> Synthesis:
    settings = recipe.synthesis
    if settings is None or settings.images is None:
        raise UsageError("recipe: synthesis.images must say of how many items of the prompts questions are made")
    batch = training_prompts(recipe.prompts, recipe.seed)(0, settings.images)
    items = {item.id: unlabelled(item) for item in batch}
    new, profile = dataclasses.replace(recipe, prompts=recipe.prompts.of_set(NAME)), load_profile(recipe.model)
    limits = [f"{name} {value}" for name, value in recipe.prompts.limits.items()]
    builders = PromptBuilders(
        name=" ".join([recipe.protocol, profile.style.label, *limits]),
        original=asking(recipe),
        new=asking(new),
        request=lambda prompt: recipe.prompts.shown(profile.applied(prompt)),
    )
    author = Author(Checkpoint.read(base).identity(), lambda: open_model(base))

    def on_progress(done: int, total: int, name: str) -> None:
        progress(0, recipe.policy.steps, f"synthesis: {name}, {done} of {total} answers")

    return Synthesis(
        PromptSource(recipe.prompts.suite, list(items.values())), settings, author, builders, recipe.seed, on_progress
    )
