"""The ablation of Actor-Judge without a vote: the judge's score is the reward (arXiv 2603.21289)."""

from __future__ import annotations

from statistics import fmean

from ..base import Group, judge_scores


class JudgeOnly:
    """Needs a judge. A response without a score gets the mean of its group's scores, which neither favours nor hurts it."""

    name = "judge_only"
    needs_gold = False
    needs_judge = True
    bounds = (0.0, 1.0)
    equal_answers_alike = False

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards in [0, 1]; all 0 if no response has a score. Raises UsageError without a judge's scores."""
        scores = judge_scores(group, self.name)
        usable = [score for score in scores if score is not None]
        rest = fmean(usable) if usable else 0.0
        return [rest if score is None else score for score in scores]
