"""Prompts that are too long, found before a training starts, by the base's own template, tokenizer and image processor.

    OUT/prompt_lengths.json    how many items there are, the limit, the longest that is kept, and those that are left out

Both trainers draw from the items that are left, so they see the same. No prompt is ever cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..harness.errors import UsageError
from ..harness.files import read_object, write_json
from ..harness.types import Item, Prompt
from .methods.base import StagedMethod, longest_prompts
from .methods.registry import open_method
from .recipe import LEAVE_OUT, Recipe
from .sampler import asking, source_items, training_prompts

LENGTHS = "prompt_lengths.json"


@dataclass(frozen=True)
class PromptLengths:
    """Of so many `items`: the `limit` in tokens, the `longest` prompt that is kept, and what is left out with its tokens."""

    items: int
    limit: int
    longest: int
    left_out: Mapping[str, int]

    def write(self, folder: Path) -> None:
        """Store it in a training's folder. Raises StoreError."""
        write_json(folder / LENGTHS, asdict(self))

    def __str__(self) -> str:
        return (
            f"{len(self.left_out):,} of {self.items:,} prompts are left out: they have more than {self.limit:,} tokens"
        )


def left_out_of(folder: Path) -> str | None:
    """What a training left out, in words; None if nothing. Raises DataError for a damaged file."""
    stored = read_object(folder / LENGTHS)
    return str(PromptLengths(**stored)) if stored and stored["left_out"] else None


def without_too_long(recipe: Recipe, base: Path, room: int | None = None) -> tuple[Recipe, PromptLengths]:
    """The recipe with the items left out whose prompts are too long, if it says so; and what was found.

    A prompt has at most prompts.max_tokens tokens, as many as the model's context leaves, and `room`, which is what the
    trainer can take. Raises UsageError for a prompt that is too long and is not to be left out, DataError for a picture that
    cannot be shown, CheckpointError.
    """
    meter = PromptMeter(base)
    limits = {
        "the model's context": meter.context - 1,
        "prompts.max_tokens": recipe.prompts.max_tokens,
        "openrlhf.prompt_tokens": room,
    }
    limit, name = min((limit, name) for name, limit in limits.items() if limit is not None)
    drawn = source_items(recipe.prompts) is None
    prompts = _longest_prompts(recipe)
    lengths = {item.id: max(map(meter.tokens, prompts(item))) for item in _every_item(recipe)}
    too_long = {item: length for item, length in lengths.items() if length > limit}
    if too_long and (drawn or recipe.prompts.too_long != LEAVE_OUT):
        raise UsageError(_refusal(too_long, len(lengths), f"{limit} ({name})", drawn=drawn))
    longest = max((length for length in lengths.values() if length <= limit), default=0)
    found = PromptLengths(len(lengths), limit, longest, too_long)
    if not too_long:
        return recipe, found
    kept = replace(recipe.prompts, left_out=(*recipe.prompts.left_out, *too_long))
    return replace(recipe, prompts=kept), found


def _longest_prompts(recipe: Recipe) -> Callable[[Item], list[Prompt]]:
    """What a training may show of an item, as it is shown."""
    ask, method = asking(recipe), open_method(recipe)
    if isinstance(method, StagedMethod):
        return lambda item: [ask(item)]
    return lambda item: [recipe.prompts.shown(prompt) for prompt in longest_prompts(method, item, ask)]


def _every_item(recipe: Recipe) -> Iterable[Item]:
    """The items of the recipe's set; of a drawn suite all that the training draws."""
    if (items := source_items(recipe.prompts)) is not None:
        return items
    method, policy = open_method(recipe), recipe.policy
    rounds, size = policy.steps, policy.prompts
    if isinstance(method, StagedMethod):
        rounds, size = len(method.stages), recipe.collect.prompts
    batches = training_prompts(recipe.prompts, recipe.seed)
    return (item for number in range(rounds) for item in batches(number, size))


def _refusal(too_long: Mapping[str, int], items: int, limit: str, *, drawn: bool) -> str:
    item = max(too_long, key=lambda name: too_long[name])
    remedies = ["set prompts.max_pixels to scale pictures down", "raise the limit"]
    if not drawn:
        remedies.insert(0, f'set prompts.too_long = "{LEAVE_OUT}"')
    return (
        f"{len(too_long)} of {items} prompts are too long: item {item} has {too_long[item]} tokens, more than {limit}: "
        f"{', or '.join(remedies)}"
    )


class PromptMeter:
    """How many tokens a checkpoint makes of a prompt. Raises CheckpointError for one that cannot be trained."""

    def __init__(self, base: Path) -> None:
        from ..harness.engines.chat import ChatTemplate  # noqa: PLC0415 - these take seconds, and reading what was found none
        from ..harness.engines.loading import (  # noqa: PLC0415
            as_checkpoint_error,
            load_processors,
            load_trainable_configuration,
        )
        from ..harness.engines.pictures import PictureProcessor  # noqa: PLC0415

        with as_checkpoint_error(base):
            config = load_trainable_configuration(base)
            self._tokenizer, image_processor = load_processors(base)
        self.context: int = config.get_text_config().max_position_embeddings
        self._chat = ChatTemplate(self._tokenizer, self._tokenizer.convert_ids_to_tokens(config.image_token_id))
        self._pictures = PictureProcessor(image_processor)

    def tokens(self, prompt: Prompt) -> int:
        """Tokens of its texts and pictures. Raises DataError for a picture that cannot be shown."""
        text: list[int] = self._tokenizer(self._chat.text(prompt), add_special_tokens=False).input_ids
        pixels = prompt.rendering.pixels
        return len(text) + sum(self._pictures.tokens(image, pixels) - 1 for image in prompt.images)
