"""The protocols of one suite by name."""

from __future__ import annotations

from collections.abc import Callable

from ...harness.types import Item, Prompt
from ..base import Protocol, strict
from .mm_upt import mm_upt
from .self_judge import self_judge


def family(boxed: Callable[[Item], Prompt], *others: Protocol) -> dict[str, Protocol]:
    """`strict`, `mm_upt` and `self_judge` over the suite's boxed prompt, and the protocols that come with their own."""
    return {protocol.name: protocol for protocol in (strict(boxed), *others, mm_upt(boxed), self_judge(boxed))}
