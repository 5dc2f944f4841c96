"""Asking about pictures rather than an item's question."""

from __future__ import annotations

from collections.abc import Sequence

from ...harness.errors import DataError
from ...harness.types import Item, Prompt


def pictured(items: Sequence[Item]) -> list[Item]:
    """The first item of each picture, or set of pictures: what is said of a picture does not depend on the question."""
    found: dict[tuple[str, ...], Item] = {}
    for item in items:
        if item.images:
            found.setdefault(tuple(image.sha256 for image in item.images), item)
    return list(found.values())


def check_pictured(items: Sequence[Item], method: str) -> None:
    """Raises DataError for an item without a picture."""
    for item in items:
        if not item.images:
            raise DataError(
                f"{method}: item {item.id} has no picture, and the method is about pictures: change prompts"
            )


def shown(item: Item, text: str) -> Prompt:
    """The item's pictures, then the text."""
    return Prompt((*item.images, text))
