"""The forms of response that a recipe may ask for: plain functions of a response's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

BOX = "\\boxed{"


def boxed(response: str) -> bool:
    """True if a box is opened, and closed with something in it."""
    return last_box(response) not in (None, "")


def think_boxed(response: str) -> bool:
    """True for <think>...</think> from the start on, followed by a box (arXiv 2603.21289)."""
    text = response.lstrip()
    thought, closed, rest = text.partition("</think>")
    return thought.startswith("<think>") and bool(closed) and boxed(rest)


def last_box(response: str) -> str | None:
    """What the last box holds, without blanks at its ends; None if there is none, or it is not closed."""
    _, opened, rest = response.rpartition(BOX)
    if not opened:
        return None
    depth = 1
    for place, character in enumerate(rest):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return rest[:place].strip()
    return None


FORMATS: Mapping[str, Callable[[str], bool]] = {"boxed": boxed, "think_boxed": think_boxed}
