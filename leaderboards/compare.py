"""Two scored runs of one suite, item by item."""

from __future__ import annotations

from ..harness.errors import UsageError
from ..harness.score import Scored
from ..harness.stats import Difference, paired_difference


def compare(before: Scored, after: Scored) -> Difference:
    """The paired difference in accuracy, `after` minus `before`.

    Raises UsageError unless both examined the same items and gave every one a verdict.
    """
    keys = [scored.run.manifest.identity["data"] for scored in (before, after)]
    if keys[0] != keys[1]:
        raise UsageError(f"{before.run.path} and {after.run.path} did not examine the same items")
    for scored in (before, after):
        if not scored.complete:
            raise UsageError(f"{scored.run.path} is incomplete: finish it before comparing")
    return paired_difference(before.item_scores(), after.item_scores(), before.clusters)
