"""RENT (arXiv 2505.22660): the mean entropy of the policy's distributions along a response, with a minus."""

from __future__ import annotations

from math import fsum

from ..base import Group, entropies


class NegativeEntropy:
    """r = -(1/T) sum_t H_t, with H_t = -sum_v p(v | x, y_<t) log p(v | x, y_<t) over the vocabulary, in nats; at most 0.

    A response of no tokens gets the lowest reward of its group.
    """

    name = "negative_entropy"
    needs_gold = False
    needs_entropies = True
    equal_answers_alike = False

    def __call__(self, group: Group, seed: int) -> list[float]:
        """Rewards of 0 or less. Raises UsageError without entropies."""
        rewards = [-fsum(row) / len(row) if row else None for row in entropies(group, self.name)]
        lowest = min((one for one in rewards if one is not None), default=0.0)
        return [lowest if one is None else one for one in rewards]
