"""Do the stored answers fit the sampling that the run states? What contradicts it, and what is odd but may be so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ...harness.report.text import counted
from ...harness.runs.store import Manifest
from ...harness.types import Response


def contradicted(manifest: Manifest, responses: Sequence[Response]) -> Iterator[str]:
    """What no answers that were drawn so can show, a line each."""
    most = manifest.identity["sampling"].get("max_tokens")
    if most is None:
        return
    longer = [one for one in responses if _tokens(one) > most]
    if longer:
        first = longer[0]
        yield (
            f"the run states max_tokens {most}, and {counted(len(longer), 'answer has', 'answers have')} more tokens: the "
            f"first of item {first.item_id:.60} has {first.completion_tokens}"
        )


def odd(manifest: Manifest, responses: Sequence[Response]) -> Iterator[str]:
    """What is seldom so of answers that were drawn so, a line each."""
    drawn = manifest.identity["sampling"]
    most = drawn.get("max_tokens")
    early = sum(one.truncated and 0 < _tokens(one) < most for one in responses) if most is not None else 0
    if early:
        yield (
            f"{counted(early, 'answer is', 'answers are')} marked as cut off with fewer tokens than the stated max_tokens "
            f"{most}: perhaps by the model's context"
        )
    if drawn.get("temperature") == 0 and manifest.sampling.n > 1 and (several := _several_texts(responses)):
        yield f"the run states greedy answers, and those to {counted(several, 'item')} differ between samples"


def _tokens(one: Response) -> int:
    return one.completion_tokens or 0


def _several_texts(responses: Sequence[Response]) -> int:
    texts: dict[str, set[str]] = defaultdict(set)
    for one in responses:
        if one.text is not None:
            texts[one.item_id].add(one.text)
    return sum(len(found) > 1 for found in texts.values())
