"""The 95% interval of a share as boards had it at first: what their rows state is still verified, and nothing else uses it.

Wilson's, with the effective sample size of the clustered error and Student's quantile for G-1 degrees of freedom. Near 0 and
1 it missed the truth more often than it said, and a perfect score could have a lower end below that of one with a mistake.
"""

from __future__ import annotations

import math

from scipy import stats

from ...harness.stats.intervals import ROUNDING, Estimate


def earlier_interval(estimate: Estimate) -> tuple[float, float]:
    """Its ends by the earlier rule, from 0 to 1."""
    value, clusters = estimate.value, estimate.clusters
    if clusters < 2:
        return 0.0, 1.0
    effective = value * (1 - value) / estimate.stderr**2 if estimate.stderr > ROUNDING else float(clusters)
    z2 = float(stats.t.ppf(0.975, clusters - 1)) ** 2 / min(effective, float(estimate.n))
    centre = (value + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * (value * (1 - value) + z2 / 4)) / (1 + z2)
    return max(0.0, centre - half), min(1.0, centre + half)
