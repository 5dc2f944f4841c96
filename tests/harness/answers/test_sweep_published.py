"""The sweep over all published items, where a checkout has them; see sweep.py for the ways of writing."""

from __future__ import annotations

from collections import Counter

import pytest

from proctor.harness.types import Item

from .sweep import FOLDER, PUBLISHED, golds, published, sweep_golds, sweep_options

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all((FOLDER / path).is_file() for path in PUBLISHED),
        reason=f"no published items at {FOLDER}; set PROCTOR_TEST_DATA to their folder",
    ),
]

REFUSED = {
    "mathverse to-493": "the gold is two conditions with a value each, and an announced answer ends before a condition",
    "mathverse to-494": "the gold is two conditions with a value each, and an announced answer ends before a condition",
    "mathverse to-459": "the gold is a whole sentence that begins with an instruction",
    "mathverse to-501": "the gold is two statements with a semicolon between, of which a sentence concludes the last one",
}
"""Items whose golds have writings that are refused, and why."""


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    return published(tmp_path_factory.mktemp("published"))


def test_every_option_is_that_option_in_every_way(items: list[Item]) -> None:
    swept = sweep_options(items)
    assert swept.writings >= 250_000
    assert swept.credited == []
    assert len(swept.refused) <= swept.writings / 10_000, Counter(one.item for one in swept.refused)


def test_every_gold_is_right_in_every_way_and_its_neighbour_wrong(items: list[Item]) -> None:
    swept = sweep_golds(golds(items))
    unexpected = [one for one in swept.refused if " ".join(one.item.split()[:2]) not in REFUSED]
    assert swept.writings >= 35_000
    assert swept.credited == []
    assert len(unexpected) <= swept.writings / 10_000, unexpected
    assert len(swept.refused) <= 60
