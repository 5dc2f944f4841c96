"""The protocols of one suite by name."""

from __future__ import annotations

from collections.abc import Callable

from ...harness.types import Item, Prompt
from ..base import Protocol, strict
from .mm_upt import mm_upt, mm_upt_judged
from .self_judge import self_judge


def protocols_of(boxed: Callable[[Item], Prompt], *others: Protocol) -> dict[str, Protocol]:
    """`strict`, `mm_upt`, `mm_upt_judged` and `self_judge` over the suite's boxed prompt, and those with their own."""
    protocols = (strict(boxed), *others, mm_upt(boxed), mm_upt_judged(boxed), self_judge(boxed))
    return {protocol.name: protocol for protocol in protocols}
