"""Recorded groups made of answers alone, for tests of what is measured on them."""

from collections.abc import Sequence

from proctor.harness.types import Item
from proctor.trainers.groups import RecordedGroup

GOLD = "5"


def recorded(
    *stated: str | None, name: str = "q", scores: Sequence[float | None] | None = None, gold: str = GOLD
) -> RecordedGroup:
    """A group whose responses state these answers; None states none."""
    responses = tuple("I cannot tell." if one is None else rf"It is \boxed{{{one}}}." for one in stated)
    item = Item(name, "figures", "How tall is bar A?", gold, "number")
    return RecordedGroup(
        item, responses, tuple(one == gold for one in stated), None if scores is None else tuple(scores)
    )
