"""The log-probability that the policy gave to its own response: EM-RL-sequence (arXiv 2505.15134), here per token by default.

With `per_token` false it is that method's own reward, log p(y|x), the one-sample estimate of the negative entropy of whole
responses: it falls with every further token, so it pays for short responses too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum
from typing import ClassVar

from ..base import Group, logprobs


@dataclass(frozen=True)
class ConfidenceSettings:
    """`per_token`: the mean over the response's tokens rather than their sum."""

    per_token: bool = True


@dataclass(frozen=True)
class Confidence:
    """r = (1/T) sum_t log p(y_t | x, y_<t) over the T tokens of a response, the end token among them; at most 0.

    A response of no tokens gets the lowest reward of its group.
    """

    settings: ConfidenceSettings = field(default_factory=ConfidenceSettings)
    name: ClassVar[str] = "confidence"
    needs_gold: ClassVar[bool] = False
    needs_logprobs: ClassVar[bool] = True
    equal_answers_alike: ClassVar[bool] = False

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards of 0 or less. Raises UsageError without log-probabilities."""
        rows = logprobs(group, self.name)
        rewards = [fsum(row) / (len(row) if self.settings.per_token else 1) if row else None for row in rows]
        lowest = min((one for one in rewards if one is not None), default=0.0)
        return [lowest if one is None else one for one in rewards]
