"""Whether B regressed: limits for a comparison, read from a TOML file, for continuous integration.

    margin = 1.0        # a drop of up to so many percentage points is allowed; default 0
    alpha = 0.05        # level of the test, after Holm's adjustment for all suites; the default
    [margins]
    mathvision = 2.0    # another margin for one suite, which must be there

A suite regressed if its drop is larger than its margin, and no accident: the adjusted p is below alpha. What a gate cannot
see it says: the smallest drop that the items would show.
"""

from __future__ import annotations

import math
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...harness.errors import DataError
from ...harness.limits import TOML_BYTES
from ...harness.stats.intervals import ALPHA
from ...harness.types import Json
from .compare import Comparison, SuiteComparison

_LEVELS = 0.001, 0.5
"""The levels that make sense: sign flips, adjusted for nine suites, give no p below 0.0009."""
_KEYS = {"margin", "margins", "alpha"}
_LONGEST = 10**18
"""Whole numbers beyond this are not spelled out: Python writes none of more than 4,300 digits."""


@dataclass(frozen=True)
class Limits:
    """Margins in percentage points, and the level of the test."""

    margin: float = 0.0
    margins: Mapping[str, float] = field(default_factory=dict)
    alpha: float = ALPHA

    @classmethod
    def read(cls, path: Path) -> Limits:
        """Of a TOML file. Raises DataError for a file that is none, unknown keys, and values that no limit can have."""
        content = _content(path)
        try:
            found = tomllib.loads(content.decode())
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not valid TOML ({str(error)[:100]})") from error
        unknown = sorted(found.keys() - _KEYS)
        if unknown:
            raise DataError(f"{path}: unknown key {unknown[0]!r}; a gate has {', '.join(sorted(_KEYS))}")
        margins = found.get("margins", {})
        if not isinstance(margins, dict):
            raise DataError(f"{path}: margins must be a table: [margins], then lines like mathvision = 2.0")
        return cls(
            _number(path, "margin", found.get("margin", 0.0), 0, 100),
            {name: _number(path, f"margins.{name}", value, 0, 100) for name, value in margins.items()},
            _number(path, "alpha", found.get("alpha", ALPHA), *_LEVELS),
        )


def _content(path: Path) -> bytes:
    """The bytes of a regular file of a size that a gate can have. Raises DataError for anything else."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path} is no regular file: a gate is a file in TOML")
        with path.open("rb") as file:
            content = file.read(TOML_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > TOML_BYTES:
        raise DataError(f"{path}: has more than {TOML_BYTES} bytes")
    return content


def _number(path: Path, name: str, value: Json, low: float, high: float) -> float:
    """A number from `low` to `high`. Raises DataError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        shown = "a longer one" if type(value) is int and abs(value) > _LONGEST else f"{str(value)[:40]!r}"
        raise DataError(f"{path}: {name} must be a number from {low} to {high}, not {shown}")
    return float(value)


@dataclass(frozen=True)
class Decision:
    """Whether a suite passed, and why."""

    suite: str
    passed: bool
    reason: str
    margin: float
    detectable: float | None

    def to_json(self) -> Json:
        """All fields; margin and detectable difference in percentage points."""
        return {
            "suite": self.suite,
            "passed": self.passed,
            "reason": self.reason,
            "margin": self.margin,
            "detectable": None if self.detectable is None else round(self.detectable, 6),
        }


@dataclass(frozen=True)
class Gate:
    """The decisions on all suites; it passes if all pass."""

    limits: Limits
    decisions: tuple[Decision, ...]

    @property
    def passed(self) -> bool:
        """True if no suite failed."""
        return all(one.passed for one in self.decisions)

    def to_json(self) -> Json:
        """For machines."""
        return {
            "passed": self.passed,
            "alpha": self.limits.alpha,
            "suites": [one.to_json() for one in self.decisions],
        }


def decide(found: Comparison, limits: Limits) -> Gate:
    """A decision on each suite compared, and on each that the limits name."""
    compared = {one.suite for one in found.suites}
    absent = [
        Decision(suite, False, f"was not compared: {found.a} and {found.b} must both have it", margin, None)
        for suite, margin in limits.margins.items()
        if suite not in compared
    ]
    return Gate(limits, (*(_decision(one, limits) for one in found.suites), *absent))


def _decision(one: SuiteComparison, limits: Limits) -> Decision:
    margin = limits.margins.get(one.suite, limits.margin)
    points = 100 * one.difference.value
    sure, large = one.p_holm < limits.alpha, points < -margin
    why = [f"{points:+.2f} points, margin {margin:g}, p {one.p_holm:.2g} after Holm"]
    if large and not sure:
        why.append(f"the drop may be an accident: p is not below {limits.alpha:g}")
    why.append(_blindness(one, margin))
    detectable = 100 * one.difference.detectable
    return Decision(
        one.suite,
        not (sure and large),
        "; ".join(why),
        margin,
        detectable if math.isfinite(detectable) else None,
    )


def _blindness(one: SuiteComparison, margin: float) -> str:
    """What the gate may not see, and how large a suite would see the margin."""
    difference = one.difference
    if not math.isfinite(difference.detectable):
        return f"no drop could have been seen with {difference.clusters} clusters of items"
    text = f"a drop smaller than {100 * difference.detectable:.2f} would likely not have been seen"
    needed = difference.clusters_for(margin / 100)
    if needed and needed > difference.clusters:
        text += f" (to see {margin:g} takes about {needed} clusters of items; there are {difference.clusters})"
    return text
