"""Verdicts on generated pairs of every kind of answer against sympy, which decides from the trees and reads no text.

PROCTOR_TEST_SEED=NUMBER draws other pairs in the long test.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from proctor.harness.answers import grade

from .oracle.pairs import FAMILIES, Pair, pairs

SEED = int(os.environ.get("PROCTOR_TEST_SEED", "1"))
SHARES = 4


def disagreements(seed: int, count: int) -> list[Pair]:
    return [
        pair
        for pair in pairs(seed, count)
        if grade(f"We get $\\boxed{{{pair.answer}}}$.", pair.gold, pair.gold_type).correct != pair.equal
    ]


def test_verdicts_are_those_of_sympy() -> None:
    assert disagreements(0, 2_000) == []


@pytest.mark.nightly
@pytest.mark.parametrize("share", range(SHARES))
def test_verdicts_are_those_of_sympy_on_many_pairs(share: int) -> None:
    assert disagreements(SHARES * SEED + share, 6_000) == []


def test_pairs_are_of_every_kind_equal_and_not() -> None:
    counts = Counter((pair.kind, pair.equal) for pair in pairs(0, 1_000))
    assert len({kind for kind, _ in counts}) >= len(FAMILIES)
    assert min(counts.values()) >= 3
    assert len(counts) == 2 * len({kind for kind, _ in counts})
