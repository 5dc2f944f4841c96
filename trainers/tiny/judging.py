"""What a base is taught of judging, and how well a checkpoint tells right responses from wrong ones.

What is judged is a right or mistaken response to a drawn question. The target solves the question, says whether the stated
answer is right, and then gives the scores:

    From 2 to 7. 7-2=5. 7 is wrong. {"answer_correctness": 0, "reasoning_quality": 0, "visual_grounding": 0}
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.drawn.question import DrawnQuestion, Solution
from ...benchmarks.drawn.suite import DrawnSuite
from ...harness.engines.transformers import TransformersEngine, TransformersOptions
from ...harness.types import Item, Prompt
from ..base import make_group
from ..judge import ModelJudge
from ..judge_prompt import judge_prompt
from ..recipe_settings import JudgeSettings

WRONG, SYSTEMATIC, DIRECT = 0.5, 0.5, 0.25
"""So many responses are wrong, so many of these in the task's own way, and so many state an answer without working."""
MAX_REPLY = 112


def response_to_judge(question: DrawnQuestion, pick: random.Random) -> tuple[Solution, str]:
    """A solution, right or mistaken, and a response that states it."""
    solution = question.solution
    if pick.random() < WRONG:
        solution = question.mistakes[0] if pick.random() < SYSTEMATIC else pick.choice(question.mistakes)
    return solution, solution.response(direct=pick.random() < DIRECT)


def judging_example(suite: DrawnSuite, question: DrawnQuestion, pick: random.Random) -> tuple[Prompt, str]:
    """What a judge is shown, in its short style, and what it is taught to reply."""
    solution, response = response_to_judge(question, pick)
    right = solution == question.solution
    scores = {
        "answer_correctness": int(right),
        "reasoning_quality": (1 if response.startswith(solution.worked) else 0.5) if right else 0,
        "visual_grounding": int(right),
    }
    group = make_group(suite.as_item(question, "x"), [response], needs_gold=False)
    reply = f"{question.worked} {solution.answer} is {'right' if right else 'wrong'}. {json.dumps(scores)}"
    return judge_prompt(group, 0, "short"), reply


@dataclass(frozen=True)
class Judged:
    """A response to a drawn question, and whether it is right."""

    item: Item
    response: str
    right: bool


def describe(judge: Path, judged: Sequence[Judged], seed: int) -> dict[str, dict[str, float]]:
    """How well a saved judge tells right responses from wrong ones, asked in the short style: by task and style of answer."""
    settings = JudgeSettings(prompt="short", max_tokens=MAX_REPLY, retries=0)
    groups = [make_group(one.item, [one.response], needs_gold=False) for one in judged]
    engine = TransformersEngine(judge, TransformersOptions(batch=64))
    scores = [row[0] for row in ModelJudge(engine, settings).score(groups, seed)]
    kinds: dict[str, list[tuple[float | None, bool]]] = {}
    for score, one in zip(scores, judged, strict=True):
        style = "direct" if one.response.startswith("\\boxed") else "worked"
        for kind in ("all", f"{one.item.meta['task']} {style}"):
            kinds.setdefault(kind, []).append((score, one.right))
    return {kind: quality(rows) for kind, rows in sorted(kinds.items())}


def quality(rows: Sequence[tuple[float | None, bool]]) -> dict[str, float]:
    """Of (score, right): how many, the share of right ones, the share without a score, accuracy, the area under the curve.

    Accuracy is the share of responses whose score is on the right side of 0.5; one without a score is on neither. The area is
    the chance that a right response scores above a wrong one, ties counted half; 0.5 is guessing.
    """
    above = [score for score, right in rows if right and score is not None]
    below = [score for score, right in rows if not right and score is not None]
    wins = sum((a > b) + 0.5 * (a == b) for a in above for b in below)
    return {
        "examples": len(rows),
        "right": round(sum(right for _, right in rows) / len(rows), 3),
        "unread": round(sum(score is None for score, _ in rows) / len(rows), 3),
        "accuracy": round(sum(score is not None and (score > 0.5) == right for score, right in rows) / len(rows), 3),
        "auc": round(wins / (len(above) * len(below)), 3) if above and below else math.nan,
    }
