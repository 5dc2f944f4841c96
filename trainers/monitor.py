"""What to watch while training, from a step's groups. Labels enter here, for the record only."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from ..harness import answers
from ..harness.types import Item
from ..harness.votes import vote
from .base import Group


def group_metrics(
    items: Sequence[Item], groups: Sequence[Group], rewards: Sequence[NDArray[np.float64]]
) -> dict[str, float]:
    """Means over the groups of a step.

    Majority voting collapses when `majority_share` goes to 1 while `accuracy` and `distinct_answers` fall; `label_accuracy`
    is the share of groups whose majority answer is right.
    """
    votes = [vote(group.item_id, group.answers, group.choices) for group in groups]
    right = [
        [_right(item, response) for response in group.responses] for item, group in zip(items, groups, strict=True)
    ]
    return {
        "reward": fmean(float(row.mean()) for row in rewards),
        "reward_std": fmean(float(row.std()) for row in rewards),
        "no_signal_share": fmean(float(np.ptp(row) == 0) for row in rewards),
        "majority_share": fmean(one.share for one in votes),
        "distinct_answers": fmean(len(one.classes) for one in votes),
        "tied_share": fmean(float(one.tied) for one in votes),
        "unparsed_share": fmean(fmean(answer is None for answer in group.answers) for group in groups),
        "accuracy": fmean(fmean(row) for row in right),
        "label_accuracy": fmean(
            float(one.winner is not None and row[one.winner[0]]) for one, row in zip(votes, right, strict=True)
        ),
    }


def _right(item: Item, response: str) -> bool:
    grade = answers.grade(response, item.answer, item.answer_type, item.choices or None, item.unit)
    return grade.correct is True
