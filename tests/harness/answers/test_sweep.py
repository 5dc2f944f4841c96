"""Every option and every other gold of the bundled samples, written in many ways: read as what it is, and as no other."""

from __future__ import annotations

import pytest

from .sweep import FREE_WAYS, OPTION_WAYS, bundled, golds, neighbours, sweep_golds, sweep_options


@pytest.mark.parametrize("way", OPTION_WAYS)
def test_an_option_written_in_this_way_is_that_option(way: str) -> None:
    swept = sweep_options(bundled(), [way])
    assert swept.writings
    assert swept.credited == []
    assert swept.refused == []


@pytest.mark.parametrize("way", FREE_WAYS)
def test_a_gold_written_in_this_way_is_right_and_another_is_wrong(way: str) -> None:
    swept = sweep_golds(golds(bundled()), [way])
    assert swept.writings
    assert swept.credited == []
    assert swept.refused == []


def test_golds_of_many_types_have_a_neighbour_of_their_type() -> None:
    items = golds(bundled())
    beside = {item.answer_type for item, _ in neighbours(items)}
    assert {"number", "text", "time", "relaxed:0.05", "float:abs=0.001"} <= beside
    assert len({item.answer_type for item in items}) >= 10
