"""How a judge's reply is read: it must end with one JSON object that holds exactly three scores, else there is no score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..harness.limits import REPLY_CHARACTERS, SCORES_CHARACTERS

WEIGHTS: Mapping[str, float] = {"answer_correctness": 0.5, "reasoning_quality": 0.3, "visual_grounding": 0.2}
"""The parts of the overall score (arXiv 2603.21289)."""

OVERALL = "overall"


def overall_score(scores: Mapping[str, float]) -> float:
    """The weighted sum of the three scores, in [0, 1]."""
    return min(1.0, max(0.0, sum(weight * scores[name] for name, weight in WEIGHTS.items())))


def read_scores(reply: str) -> dict[str, float] | None:
    """The three scores that a reply ends with; None unless it ends with a well formed JSON object, the only one in it.

    Text before the object is allowed, and a code fence around it. The object must have the three keys, each once, with
    finite numbers in [0, 1], and no other key than "overall", which is held to the same rule and else ignored: it is
    computed here. Objects do not nest.
    """
    if len(reply) > REPLY_CHARACTERS:
        return None
    text = reply.rstrip().removesuffix("```").rstrip()
    start = text.rfind("{")
    if start < 0 or not text.endswith("}") or any(map(_is_object, _objects(text[:start]))):
        return None
    return _scores(text[start:])


def _is_object(text: str) -> bool:
    """True for a JSON object, whatever is in it; LaTeX's braces are none."""
    try:
        return isinstance(json.loads(text[:SCORES_CHARACTERS]), dict)
    except (ValueError, RecursionError):
        return len(text) > SCORES_CHARACTERS


def _objects(reply: str) -> list[str]:
    """The texts from a "{" to the next "}" without another brace between them, in linear time."""
    pieces = []
    start = -1
    for place, character in enumerate(reply):
        if character == "{":
            start = place
        elif character == "}" and start >= 0:
            pieces.append(reply[start : place + 1])
            start = -1
    return pieces


def _scores(text: str) -> dict[str, float] | None:
    if len(text) > SCORES_CHARACTERS:
        return None
    try:
        pairs: list[tuple[str, Any]] = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    values = dict(pairs)
    valid = len(values) == len(pairs) and set(values) - {OVERALL} == set(WEIGHTS)
    if not valid or not all(_is_score(value) for value in values.values()):
        return None
    return {name: float(values[name]) for name in WEIGHTS}


def _is_score(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1  # false for NaN as well
