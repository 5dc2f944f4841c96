"""A softmax policy over each prompt's recorded answers: the groups it draws, and its gradient step.

Its logits start at the logarithms of the recorded shares, unsmoothed: an answer that was never recorded has none and can
not be found, and a prompt whose recorded answers all agree does not move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .prompts import Flags, Floats, Ints, Prompts


@dataclass(frozen=True)
class Draw:
    """A group of n answers for each prompt: the class of each answer and the recorded response that stands for it, (P, n).

    `counts` (P, K) says how many answers of each class a group has.
    """

    classes: Ints
    responses: Ints
    counts: Ints


def start_logits(prompts: Prompts) -> Floats:
    """The logits (P, K) of the recorded shares; minus infinity for a class that fills up."""
    with np.errstate(divide="ignore"):
        return np.log(prompts.start)


def log_policy(logits: Floats) -> Floats:
    """Log-probabilities (P, K)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    normalised: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def draw_groups(policy: Floats, n: int, prompts: Prompts, rng: np.random.Generator) -> Draw:
    """A group of n answers for each prompt, and for each answer one of its class's recorded responses, all alike likely."""
    rows = np.arange(len(prompts))[:, None]
    uniform = rng.random((len(prompts), n))
    bounds = np.cumsum(policy, axis=1)
    classes: Ints = np.zeros(uniform.shape, np.int64)
    for bound in (bounds / bounds[:, -1:]).T[:-1]:
        classes += uniform >= bound[:, None]
    place = (rng.random(classes.shape) * prompts.sizes[rows, classes]).astype(np.int64)
    responses = prompts.members[rows, prompts.first[rows, classes] + place]
    return Draw(classes, responses, _totals(classes, np.ones(classes.shape), policy.shape[1]).astype(np.int64))


def ascend(logits: Floats, draw: Draw, advantages: Floats, rate: float) -> Floats:
    """The policy-gradient step: theta_k + rate * mean_i A_i (1[a_i = k] - pi_k), `advantages` (P, n)."""
    n = advantages.shape[1]
    pushed = _totals(draw.classes, advantages, logits.shape[1]) / n
    step: Floats = pushed - advantages.mean(axis=1, keepdims=True) * np.exp(log_policy(logits))
    return logits + rate * step


def kl_gradient(logits: Floats, start: Floats) -> Floats:
    """The gradient of KL(pi || pi_start) by the logits: pi_k (log(pi_k / start_k) - KL), all (P, K)."""
    now = log_policy(logits)
    policy = np.exp(now)
    present: Flags = np.isfinite(now)
    gap = np.where(present, now, 0.0) - np.where(present, log_policy(start), 0.0)
    gradient: Floats = policy * (gap - (policy * gap).sum(axis=1, keepdims=True))
    return gradient


def _totals(classes: Ints, values: Floats, width: int) -> Floats:
    """The sum of `values` by class: (P, n) to (P, width)."""
    count = len(classes)
    places = classes + width * np.arange(count)[:, None]
    sums = np.bincount(places.ravel(), values.ravel(), minlength=count * width)
    return sums.astype(np.float64).reshape(count, width)
