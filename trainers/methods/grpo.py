"""GRPO (arXiv 2402.03300): n responses to each prompt, a reward for each, and the advantages within each group."""

from __future__ import annotations

from .base import Played, Step, Turn


class Grpo:
    """The method of every recipe that names a reward: MM-UPT, Actor-Judge, TTRL, SRT and supervised GRPO."""

    needs_gold = False  # the reward says so itself, and `Step.reward` gives labels to such a one alone

    def play(self, step: Step) -> Played:
        """Rewards and advantages by the recipe."""
        drawn = step.draw("rollout", [step.prompt(item) for item in step.items], step.sampling.n, step.items)
        rewarded = step.reward(step.items, [text for row in drawn.texts for text in row], drawn)
        return Played([Turn(drawn, rewarded.advantages)], rewarded.metrics)
