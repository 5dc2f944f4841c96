"""One question as a row of a task's data file: the item and the prompt as JSON, and the prompt's pictures as bytes.

A row has the columns `id`, `protocol` and `version` (of the protocol), `item` (Item.to_json), `prompt` ({"system", "parts"},
where a part is a text or the number of a picture, from 1 in the prompt's order), and `picture_1`, `picture_2`, ... as
{"bytes", "path"}, null beyond the prompt's last. Pictures are columns of their own because lmms-eval leaves such columns
out where it needs no pictures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...harness.errors import DataError, printable
from ...harness.store import Asked
from ...harness.types import Image, Item, Prompt, canonical_json
from ..base import Protocol
from ..registry import SUITES

Row = Mapping[str, Any]


def to_row(asked: Asked, rules: Protocol, pictures: int) -> dict[str, Any]:
    """The row of a question in a file with `pictures` columns of pictures. Raises DataError if one can not be read."""
    shown = asked.prompt.images
    numbers = iter(range(1, len(shown) + 1))
    parts = [next(numbers) if isinstance(part, Image) else part for part in asked.prompt.parts]
    row: dict[str, Any] = {
        "id": printable(asked.item.id),
        "protocol": rules.name,
        "version": rules.version,
        "item": canonical_json(asked.item.to_json()),
        "prompt": canonical_json({"system": asked.prompt.system, "parts": parts}),
    }
    for number in range(pictures):
        image = shown[number] if number < len(shown) else None
        row[f"picture_{number + 1}"] = image and {"bytes": image.read(), "path": printable(image.name)}
    return row


def item_of(row: Row) -> Item:
    """The item; its pictures have names and digests, but no bytes."""
    return Item.from_json(json.loads(row["item"]), lambda image: Image(image["sha256"], image["name"], b""))


def prompt_of(row: Row) -> Prompt:
    """The prompt, with its pictures if the row has them, else with empty ones (lmms-eval asks for texts without them)."""
    found = json.loads(row["prompt"])
    parts = tuple(_picture(row, part) if isinstance(part, int) else part for part in found["parts"])
    return Prompt(parts, found["system"])


def _picture(row: Row, number: int) -> Image:
    stored = row.get(f"picture_{number}")
    return Image.of_bytes(stored["bytes"], stored["path"]) if stored else Image("", f"picture {number}", b"")


def rules_of(row: Row) -> Protocol:
    """The protocol that the row was written for. Raises DataError if the installed one is of another version."""
    suite = json.loads(row["item"])["suite"]
    rules = SUITES.get(suite).protocol(row["protocol"])
    if rules.version != row["version"]:
        raise DataError(
            f"suite {suite}: written for protocol {rules.name} version {row['version']}, but the installed one is "
            f"{rules.version}: write the tasks again with `proctor export lmms-eval`"
        )
    return rules
