"""Texts of settings with places in braces, like "Question: {question}", and what is put there, which is not to be trusted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...harness.errors import UsageError
from .written import broken

MAX_TEMPLATE = 20_000
_PLACE = re.compile(r"\{([a-z]+)\}")


def check_template(name: str, template: str, places: Sequence[str] = ()) -> None:
    """Raises UsageError for a text that is empty or too long, or does not hold each of its places exactly once."""
    if not template.strip() or len(template) > MAX_TEMPLATE:
        raise UsageError(f"{name} must be a text of at most {MAX_TEMPLATE} characters")
    for place in places:
        if template.count(f"{{{place}}}") != 1:
            raise UsageError(f"{name} must hold {{{place}}} once")


def filled(template: str, **values: str) -> str:
    """The template with its places filled; what looks like a place inside a value stays as it is.

    Control tokens like <|im_end|> and marks of pictures are broken in a value, so that it can not end the turn.
    """
    safe = {place: broken(value) for place, value in values.items()}
    return _PLACE.sub(lambda place: safe.get(place[1], place[0]), template)
