"""Asking about pictures rather than an item's question."""

from __future__ import annotations

from collections.abc import Sequence

from ...harness.types import Item, Prompt


def pictured(items: Sequence[Item]) -> list[Item]:
    """The first item of each picture, or set of pictures: what is said of a picture does not depend on the question."""
    found: dict[tuple[str, ...], Item] = {}
    for item in items:
        if item.images:
            found.setdefault(tuple(image.sha256 for image in item.images), item)
    return list(found.values())


def shown(item: Item, text: str) -> Prompt:
    """The item's pictures, then the text."""
    return Prompt((*item.images, text))
