"""PPO's clipped loss of a token, and the k3 estimate of a divergence, bounded so that no token alone ends a training.

The bounds are OpenRLHF's (0.11.2, models/loss.py and models/utils.py), so that both trainers learn the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..recipe import PolicySettings

MOST_LOG_RATIO = 20.0
MOST_K3 = 10.0


def policy_loss(log_ratio: Tensor, advantages: Tensor, policy: PolicySettings) -> tuple[Tensor, Tensor]:
    """The loss of each token, and 1.0 where its ratio is outside the clipping range, both of the shape of `log_ratio`.

    `log_ratio` is log pi(token) - log pi_old(token); the advantages (R, 1) or of its shape. The loss is
    -min(r A, clip(r) A), and with a dual clip c at most c |A| where A < 0.
    """
    ratio = log_ratio.clamp(-MOST_LOG_RATIO, MOST_LOG_RATIO).exp()
    low, high = 1 - policy.clip, 1 + (policy.clip if policy.clip_high is None else policy.clip_high)
    loss = -torch.minimum(ratio * advantages, ratio.clamp(low, high) * advantages)
    if policy.dual_clip is not None:
        most = policy.dual_clip * advantages.abs()
        loss = torch.where(advantages < 0, torch.minimum(loss, most), loss)
    return loss, ((ratio < low) | (ratio > high)).float()


def k3(log_ratio: Tensor) -> Tensor:
    """exp(-x) - 1 + x for x = log pi(token) - log pi_reference(token), at most MOST_K3: Schulman's third KL estimator."""
    towards = -log_ratio.clamp(min=-MOST_K3)
    return (towards.exp() - 1 - towards).clamp(max=MOST_K3)
