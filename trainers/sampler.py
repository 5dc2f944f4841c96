"""Training prompts by step: a batch depends on seed and step alone, so that a resumed training sees the same."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Collection, Hashable, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from ..benchmarks.drawn.suite import DrawnSuite
from ..benchmarks.lock import load_locked
from ..benchmarks.protocols.registry import PROTOCOLS
from ..benchmarks.subset import Choice
from ..harness.errors import UsageError
from ..harness.profiles import load_profile
from ..harness.types import Item, Prompt, digest_all
from ..harness.user_file import in_file
from .data import UNLABELLED, asked_by, data_set
from .recipe import DROP, PromptSettings, Recipe
from .text_file import read_text_file

Batches: TypeAlias = Callable[[int, int], list[Item]]
"""(step, size) -> that many items."""
HELD_OUT_SEED = -1
"""By which held-out items of a drawn suite are drawn; those of a step are drawn by the training's seed * 1,000,003 + step."""


def training_prompts(
    settings: PromptSettings, seed: int, *, labels: bool = False, held_out: Sequence[Item] = ()
) -> Batches:
    """The source that a recipe names, without what shows the same as a `held_out` item.

    Data that the lock file names must be as it has them. Items of a training set have answers only if `labels` asks for them,
    which is for a reward with `needs_gold` alone. Raises UsageError or DataError if there is none.
    """
    apart = set(map(_shown, held_out))
    items = source_items(settings, labels=labels)
    if items is None:
        return _drawn(_drawn_suite(settings), settings.tasks, seed, apart)
    kept = [item for item in items if _shown(item) not in apart] if apart else items
    return _shuffled(kept, seed, drop=settings.last_batch == DROP)


def held_out_items(settings: PromptSettings, n: int, *, labels: bool = False) -> list[Item]:
    """At least n items of the training split that are not to be trained on: the same ones whatever a training's seed is.

    Of a drawn suite they are drawn; of a set they are whole clusters, by a hash of their names. Raises UsageError for more
    than half of a set.
    """
    items = source_items(settings, labels=labels)
    if items is None or settings.split == "test":
        suite = _drawn_suite(settings)
        questions = suite.draw(HELD_OUT_SEED, "train", settings.tasks)
        return [suite.as_item(question, f"held-out-{index}") for index, question in enumerate(islice(questions, n))]
    chosen = Choice.sample(n, 0).choose(items)
    if 2 * len(chosen) > len(items):
        raise UsageError(
            f"guard.prompts = {n} holds out {len(chosen)} of {len(items)} items: set it to at most half of them"
        )
    return chosen


def _shown(item: Item) -> Hashable:
    """What a model is shown of an item."""
    return (item.question, item.choices, *(image.sha256 for image in item.images))


def items_digest(settings: PromptSettings, *, labels: bool) -> str | None:
    """The digest of the items of a recipe's source, which a resumed training must find unchanged; None for drawn ones."""
    items = source_items(settings, labels=labels)
    return None if items is None else digest_all(item.to_json() for item in items)


def source_items(settings: PromptSettings, *, labels: bool = False) -> Sequence[Item] | None:
    """The items of a source but for those that are left out; None for a drawn suite, which is without end.

    Raises UsageError or DataError if there is none.
    """
    items = _items(settings, labels=labels)
    if items is None or not settings.left_out:
        return items
    left = set(settings.left_out)
    if not (kept := [item for item in items if item.id not in left]):
        raise UsageError(f"recipe: of the {len(items)} items of {settings.suite} none is left to train on")
    return kept


def _items(settings: PromptSettings, *, labels: bool) -> Sequence[Item] | None:
    if settings.split == "test":
        suite = _drawn_suite(settings)
        return [item for item in suite.load() if item.meta["task"] in (settings.tasks or suite.tasks)]
    if isinstance(data_set(settings.suite), DrawnSuite):
        return None
    if settings.data is None:
        raise UsageError(f"recipe: prompts.data must name the file of training items for suite {settings.suite}")
    return load_locked(data_set(settings.suite, labels=labels), Path(settings.data))


def _drawn_suite(settings: PromptSettings) -> DrawnSuite:
    suite = data_set(settings.suite)
    if not isinstance(suite, DrawnSuite):
        raise UsageError(f"recipe: prompts.split must be train, for suite {settings.suite} is not drawn")
    return suite


def asking(recipe: Recipe) -> Callable[[Item], Prompt]:
    """How the recipe asks an item: by its own template or the prompt of its protocol, in the way that its model wants.

    Its pictures are within the recipe's limits.

    Raises UsageError for an unknown suite, protocol or model, and for a template that cannot be read.
    """
    if in_file(recipe.protocol) is not None:
        PROTOCOLS.load(recipe.protocol)
    prompt, profile = data_set(recipe.prompts.suite).protocol(recipe.protocol).prompt, load_profile(recipe.model)
    if recipe.prompts.template is not None:
        prompt = asked_by(read_text_file(recipe.prompts.template, ["question"]))
    return lambda item: recipe.prompts.shown(profile.applied(prompt(item)))


def unlabelled(item: Item) -> Item:
    """The same item without its label, and without what could tell it: a drawn figure's cluster is its whole scene."""
    answer, answer_type = UNLABELLED
    return dataclasses.replace(item, answer=answer, answer_type=answer_type, cluster=item.id, meta={})


def _drawn(suite: DrawnSuite, tasks: Sequence[str], seed: int, apart: Collection[Hashable]) -> Batches:
    tasks = tasks or tuple(suite.tasks)

    def batch(step: int, size: int) -> list[Item]:
        order = random.Random(f"{seed} {step}").sample(tasks, len(tasks))  # noqa: S311 - reproducible, not secret
        questions = suite.draw(seed * 1_000_003 + step, "train", order)
        items = (suite.as_item(question, f"{step}-{index}") for index, question in enumerate(questions))
        return list(islice((item for item in items if _shown(item) not in apart), size))

    return batch


def _shuffled(items: Sequence[Item], seed: int, *, drop: bool) -> Batches:
    """All items in a random order, then all in another one; with `drop` without the batch that a pass does not fill.

    A set that fills no batch is not dropped.
    """

    @lru_cache(maxsize=2)
    def order(epoch: int) -> list[int]:
        return random.Random(f"{seed} {epoch}").sample(range(len(items)), len(items))  # noqa: S311

    def batch(step: int, size: int) -> list[Item]:
        whole = len(items) // size * size if drop else 0
        places = (divmod(place, whole or len(items)) for place in range(step * size, (step + 1) * size))
        return [items[order(epoch)[index]] for epoch, index in places]

    return batch
