"""The forms of response that a recipe may ask for, by name: plain functions of a response's text.

A format is a function (response) -> bool. One of a third party is known by the entry point `proctor.formats`, or by its path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..errors import UsageError
from ..registry import Origin, Registry
from ..user_file import call, shown_value

AnswerFormat: TypeAlias = Callable[[str], bool]
BOX = "\\boxed{"


def boxed(response: str) -> bool:
    """A box, closed and with something in it."""
    return last_box(response) not in (None, "")


def think_boxed(response: str) -> bool:
    """<think>...</think> from the start on, followed by a box (arXiv 2603.21289)."""
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


def _checked(found: Any, origin: Origin) -> AnswerFormat:
    """A function whose answers are held to True or False. Raises UsageError for what is none, or raises something."""
    if not callable(found):
        raise UsageError(f"answer format {origin.shown} is no function of a response's text: {shown_value(found)}")
    what = f"answer format {origin.shown}"

    def kept(response: str) -> bool:
        given = call(what, found, response)
        if not isinstance(given, bool):
            raise UsageError(f"{what}: gave {shown_value(given)}, not True or False")
        return given

    kept.__doc__, kept.__module__ = found.__doc__, getattr(found, "__module__", __name__)
    return kept


FORMATS: Registry[AnswerFormat] = Registry(
    kind="answer format",
    group="proctor.formats",
    builtin={
        "boxed": "proctor.harness.answers.formats:boxed",
        "think_boxed": "proctor.harness.answers.formats:think_boxed",
    },
    adapt=_checked,
)
