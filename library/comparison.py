"""`compare`: two models on the same items, item by item."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .evaluation import Evaluation, score
from .harness.errors import UsageError, printable
from .harness.report.text import interval, p_value, points
from .leaderboards.compare.compare import (
    Comparison,
    ComparisonSide,
    SuiteComparison,
    compare_arms,
    judged_side,
    read_side_runs,
)

if TYPE_CHECKING:
    import pandas as pd

Arm = Evaluation | str | os.PathLike[str]
"""An evaluation, or a run directory, a folder of runs or a board, with @PATTERN where one model of it is meant."""


class ModelComparison:
    """B minus A on every suite that was compared; made by `compare`. `found` holds all that `proctor compare` shows."""

    def __init__(self, found: Comparison) -> None:
        self.found = found

    @property
    def difference(self) -> float:
        """B minus A in accuracy, from -1 to 1. Raises UsageError if several suites were compared."""
        return self._only.difference.value

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% confidence interval of the difference. Raises UsageError if several suites were compared."""
        return self._only.difference.low, self._only.difference.high

    @property
    def p(self) -> float:
        """The two-sided p of the difference. Raises UsageError if several suites were compared."""
        return self._only.difference.p

    @property
    def _only(self) -> SuiteComparison:
        if len(self.found.suites) != 1:
            names = ", ".join(one.suite for one in self.found.suites)
            raise UsageError(f"several suites were compared: {names}; name one, or see to_frame()")
        return self.found.suites[0]

    def to_frame(self) -> pd.DataFrame:
        """A row for each suite: both scores, and the difference with its errors, in shares from 0 to 1."""
        import pandas as pd

        rows = []
        for one in self.found.suites:
            change = dataclasses.asdict(one.difference)
            change.pop("seeds")
            names = {"value": "difference", "low": "ci_low", "high": "ci_high", "n": "items"}
            change = {names.get(name, name): value for name, value in change.items()}
            rows.append(
                {
                    "suite": one.suite,
                    "protocol": one.protocol,
                    "score_a": one.scores[0],
                    "score_b": one.scores[1],
                    **change,
                    "p_holm": one.p_holm,
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return "\n".join(f"<ModelComparison {_line(self.found, one)}>" for one in self.found.suites)


def compare(
    a: Arm,
    b: Arm,
    *,
    suites: Sequence[str] = (),
    protocol: str | None = None,
    pool_seeds: bool = False,
    common: bool = False,
) -> ModelComparison:
    """B minus A on the same items, with a paired error: `proctor compare` from Python.

    `suites` are those to compare (default: all, which both must have), `protocol` the one that judges (default: the one that
    asked). With `pool_seeds` several runs of an arm are trainings with several seeds of one thing, with `common` only items
    that all runs have are compared. Raises UsageError for other items or protocols, IncompleteRunError for missing answers.
    """
    sides = [_side(one, suites, protocol, pool_seeds) for one in (a, b)]
    return ModelComparison(compare_arms(sides[0], sides[1], suites, common=common))


def _side(arm: Arm, suites: Sequence[str], protocol: str | None, pool_seeds: bool) -> ComparisonSide:
    if not isinstance(arm, Evaluation):
        return read_side_runs(os.fspath(arm), protocol, None, suites, seeds=pool_seeds)
    judged = arm if protocol in (None, arm.protocol) else score(arm, protocol)
    return ComparisonSide(arm.model, {arm.suite: (judged_side(arm.model, judged.answers, judged.scored),)})


def _line(found: Comparison, one: SuiteComparison) -> str:
    change = one.difference
    shown = interval(change.low, change.high, signed=True, clusters=change.clusters)
    return (
        f"{printable(found.b)} minus {printable(found.a)} on {one.suite}: {points(change.value, signed=True)} points, "
        f"95% {shown}, p {p_value(change.p)}; {change.n} items, {change.gained} gained, {change.lost} lost"
    )
