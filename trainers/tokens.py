"""What is known of the tokens of a group's responses, and the rewards that need it.

A reward sees of this only what it declares, like a label: `needs_lengths`, `needs_logprobs`, `needs_entropies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from ..harness.errors import UsageError
from ..harness.types import Response, TokenStatistics

T = TypeVar("T")
Rows = tuple[tuple[float, ...], ...]

NEEDS: Mapping[str, tuple[str, str]] = {
    "needs_lengths": ("lengths", "numbers of tokens"),
    "needs_logprobs": ("logprobs", "token log-probabilities"),
    "needs_entropies": ("entropies", "token entropies"),
}
"""By what a reward declares: the field of a group that it is given then, and what that is called."""


@dataclass(frozen=True)
class GroupTokens:
    """Of each of n responses how many tokens it has, and their log-probabilities and entropies as `TokenStatistics` has them.

    None is what is not known of all responses. `truncated` tells which were cut off at the token limit; None if none was. It
    is no secret of the tokens: every reward sees it.
    """

    lengths: tuple[int, ...] | None = None
    logprobs: Rows | None = None
    entropies: Rows | None = None
    truncated: tuple[bool, ...] | None = None

    @classmethod
    def of_responses(cls, responses: Sequence[Response]) -> GroupTokens:
        """Of stored answers."""
        return cls.of(
            [one.completion_tokens for one in responses],
            [one.tokens or TokenStatistics() for one in responses],
            [one.truncated for one in responses],
        )

    @classmethod
    def of(
        cls, lengths: Sequence[int | None], told: Sequence[TokenStatistics], truncated: Sequence[bool]
    ) -> GroupTokens:
        """Of the numbers of tokens of n responses, what was told of each, and which were cut off."""
        logprobs, entropies = [one.logprobs for one in told], [one.entropies for one in told]
        return cls(_all(lengths), _all(logprobs), _all(entropies), tuple(truncated) if any(truncated) else None)

    def at(self, places: Sequence[int]) -> GroupTokens:
        """Of the responses at those places."""
        return GroupTokens(**{name: _at(row, places) for name, row in self.fields.items()})

    @property
    def fields(self) -> dict[str, Any]:
        """By name of the group's field."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _all(values: Sequence[T | None]) -> tuple[T, ...] | None:
    """All values, if none is missing."""
    known = tuple(one for one in values if one is not None)
    return known if len(known) == len(values) else None


def _at(row: Sequence[T] | None, places: Sequence[int]) -> tuple[T, ...] | None:
    return None if row is None else tuple(row[place] for place in places)


def needed(reward: object) -> dict[str, str]:
    """The fields of a group that the reward declares to need, with what they are called."""
    return dict(field for promise, field in NEEDS.items() if getattr(reward, promise, False))


def lacking(reward: object, tokens: GroupTokens | None) -> list[str]:
    """What the reward needs, and these groups lack, by what it is called."""
    held = {} if tokens is None else tokens.fields
    return [called for name, called in needed(reward).items() if held.get(name) is None]


def refuse_lacking(reward: str, missing: Sequence[str], who: str) -> None:
    """Raise UsageError if the reward needs what `who`, like "this run", does not give."""
    if missing:
        raise UsageError(f"reward {reward} needs {' and '.join(missing)}, which {who}")


def seen_by(reward: object, tokens: GroupTokens | None) -> dict[str, Any]:
    """The fields of a group that the reward sees: those that it declares to need, and which responses were cut off."""
    held = {} if tokens is None else tokens.fields
    cut_off = {"truncated": held["truncated"]} if held.get("truncated") else {}
    return {name: held.get(name) for name in needed(reward)} | cut_off
