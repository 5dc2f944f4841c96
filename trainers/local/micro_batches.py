"""Micro-batches by tokens: as many answers with their prompts as fit into a pass, padding counted."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """An answer of a batch and the prompt that it goes on from, which runs once for all of its answers."""

    prompt: Hashable
    prompt_tokens: int
    answer_tokens: int


def micro_batches(rows: Sequence[Row], most: int) -> Iterator[range]:
    """The rows in order, in batches of at most `most` tokens; a row that has more alone is a batch of its own."""
    start, prompts, longest_prompt, longest_answer = 0, set[Hashable](), 0, 0
    for place, row in enumerate(rows):
        prompts.add(row.prompt)
        longest_prompt = max(longest_prompt, row.prompt_tokens)
        longest_answer = max(longest_answer, row.answer_tokens)
        if place > start and len(prompts) * longest_prompt + (place + 1 - start) * longest_answer > most:
            yield range(start, place)
            start, prompts, longest_prompt, longest_answer = place, {row.prompt}, row.prompt_tokens, row.answer_tokens
    if start < len(rows):
        yield range(start, len(rows))
