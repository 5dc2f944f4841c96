"""How a judge's reply is read: it must end with one JSON object that holds exactly three scores, else there is no score.

Thinking does not count, and drafts in it do no harm. Around the object there may be a code fence and the marks
[BEGIN SCORES] and [END SCORES], as the prompt of Actor-Judge's code asks for (arXiv 2603.21289).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..harness.answers.statements.thinking import after_thinking
from ..harness.limits import REPLY_CHARACTERS, SCORES_CHARACTERS

WEIGHTS: Mapping[str, float] = {"answer_correctness": 0.5, "reasoning_quality": 0.3, "visual_grounding": 0.2}
"""The parts of the overall score (arXiv 2603.21289)."""

OVERALL = "overall"
STATED = (OVERALL, "overall_score")
"""What the judge's own overall score may be called."""
ENDS = ("```", "[END SCORES]")


def overall_score(scores: Mapping[str, float]) -> float:
    """The weighted sum of the three scores, in [0, 1], whatever the judge says of the whole."""
    return min(1.0, max(0.0, sum(weight * scores[name] for name, weight in WEIGHTS.items())))


def read_scores(reply: str) -> dict[str, float] | None:
    """The scores that a reply ends with; None unless it ends with a well formed JSON object, the only one in it.

    Text before the object is allowed. The object must have the three keys, each once, with finite numbers in [0, 1], and no
    other key than the judge's own overall score, which is held to the same rule and given as OVERALL. Objects do not nest.
    """
    if len(reply) > REPLY_CHARACTERS:
        return None
    text, never_closed = after_thinking(reply)
    if never_closed:
        return None
    for end in (*ENDS, *ENDS):
        text = text.rstrip().removesuffix(end).rstrip()
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
    values = {OVERALL if name in STATED else name: value for name, value in pairs}
    valid = len(values) == len(pairs) and set(values) - {OVERALL} == set(WEIGHTS)
    if not valid or not all(_is_score(value) for value in values.values()):
        return None
    return {name: float(value) for name, value in values.items()}


def _is_score(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1  # false for NaN as well
