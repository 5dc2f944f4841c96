"""What to watch while training, from a step's groups. Labels enter here, for the record only."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, pstdev

import numpy as np
from numpy.typing import NDArray

from ..harness import answers
from ..harness.types import Item
from ..harness.votes import Vote, vote
from .base import Group


def group_metrics(
    items: Sequence[Item], groups: Sequence[Group], rewards: Sequence[NDArray[np.float64]]
) -> dict[str, float]:
    """Means over the groups of a step.

    Majority voting collapses when `majority_share` goes to 1 while `accuracy` and `distinct_answers` fall; `label_accuracy`
    is the share of groups whose majority answer is right. Both are there only for items with a label.
    """
    votes = [vote(group.item_id, group.answers, group.choices) for group in groups]
    return {
        "reward": fmean(float(row.mean()) for row in rewards),
        "reward_std": fmean(float(row.std()) for row in rewards),
        "no_signal_share": fmean(float(np.ptp(row) == 0) for row in rewards),
        "majority_share": fmean(one.share for one in votes),
        "distinct_answers": fmean(len(one.classes) for one in votes),
        "tied_share": fmean(float(one.tied) for one in votes),
        "unparsed_share": fmean(fmean(answer is None for answer in group.answers) for group in groups),
        "bad_format_share": fmean(fmean(not fine for fine in group.well_formed) for group in groups),
        **_label_metrics(items, groups, votes),
    }


def _label_metrics(items: Sequence[Item], groups: Sequence[Group], votes: Sequence[Vote]) -> dict[str, float]:
    """What only labels can tell, of the items that have one; nothing where none has."""
    right, winners = [], []
    for item, group, counted in zip(items, groups, votes, strict=True):
        if item.answer:
            row = [_right(item, response) for response in group.responses]
            right.append(fmean(row))
            winners.append(float(counted.winner is not None and row[counted.winner[0]]))
    return {"accuracy": fmean(right), "label_accuracy": fmean(winners)} if right else {}


def judge_metrics(groups: Sequence[Group]) -> dict[str, float]:
    """Of judged groups: mean and spread of the scores that the judge gave, and the share of those asked that it did not.

    Responses in bad format are not shown to the judge, so they count nowhere here. A spread near 0 means that the judge
    does not tell responses apart. Without any score, mean and spread are 0.
    """
    asked = [
        score
        for group in groups
        for score, fine in zip(group.judge_scores or (), group.well_formed, strict=True)
        if fine
    ]
    given = [score for score in asked if score is not None]
    return {
        "judge_score": fmean(given) if given else 0.0,
        "judge_score_std": pstdev(given) if given else 0.0,
        "judge_failed_share": (len(asked) - len(given)) / max(1, len(asked)),
    }


def _right(item: Item, response: str) -> bool:
    grade = answers.grade(response, item.answer, item.answer_type, item.choices or None, item.unit)
    return grade.correct is True
