"""When an iteration goes on: only if the suite that decides improved, beyond what chance would do."""

import math
import random

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.stats.intervals import detectable_difference, paired_difference
from proctor.harness.types import Prompt, Sampling
from proctor.leaderboards.compare.ab_test import read_side
from proctor.leaderboards.compare.when_to_stop import IMPROVED, UNCHANGED, WORSE, Level, SuiteChange, changes, goes_on

from ...conftest import RIGHT, WRONG, ScriptedModel, small_items


def change(before, after, level=None, p=None):
    """The change from one list of scores to another, each item its own cluster."""
    level = level or Level()
    tables = [{f"q{place}": float(score) for place, score in enumerate(one)} for one in (before, after)]
    found = paired_difference(*tables, {name: name for name in tables[0]}, level.alpha, level.power)
    return SuiteChange("s", (0.0, 0.0), found, found.p if p is None else p, level)


def flipped(gained, lost, items=200):
    """So many items that become right, so many that become wrong, and others that stay."""
    before = [0] * gained + [1] * lost + [place % 2 for place in range(items - gained - lost)]
    return before, [1] * gained + [0] * lost + before[gained + lost :]


@pytest.mark.parametrize(
    ("gained", "lost", "word"),
    [(0, 0, UNCHANGED), (30, 5, IMPROVED), (5, 30, WORSE), (12, 10, UNCHANGED), (10, 12, UNCHANGED)],
)
def test_the_word_is_that_of_an_interval_beyond_nothing(gained, lost, word):
    found = change(*flipped(gained, lost))
    assert found.word == word
    assert f": {word}" in found.line
    assert goes_on([found]) == (word == IMPROVED)


def test_an_interval_above_nothing_is_no_improvement_if_the_exact_test_sees_none():
    found = change(*flipped(5, 0, 600))
    assert found.difference.low > 0
    assert found.p_holm == 0.0625
    assert found.word == UNCHANGED


def test_what_could_have_been_seen_is_told_where_nothing_was():
    found = change(*flipped(12, 10))
    mde = 100 * found.difference.detectable
    assert f"no improvement that 200 items could show (MDE {mde:.2f} points at 80% power)" in found.line
    assert "MDE" not in change(*flipped(30, 5)).line
    assert "5 items are too few to show any" in change([0] * 5, [1] * 5).line


def test_items_in_clusters_are_told_as_such():
    before, after = ({f"q{n}": float(n % 2) for n in range(40)} for _ in range(2))
    found = paired_difference(before, after, {f"q{n}": str(n // 2) for n in range(40)})
    assert "40 items in 20 clusters" in SuiteChange("s", (0.5, 0.5), found, found.p, Level()).line


def test_the_level_moves_the_interval_the_decision_and_what_can_be_seen():
    table = flipped(18, 6)
    usual, strict, wide = change(*table), change(*table, Level(alpha=0.005)), change(*table, Level(power=0.95))
    assert (usual.word, strict.word) == (IMPROVED, UNCHANGED)
    assert strict.difference.low < usual.difference.low
    assert usual.difference.detectable < min(strict.difference.detectable, wide.difference.detectable)
    assert wide.difference.low == usual.difference.low
    assert "(99.5% " in strict.line
    error = usual.difference.detectable / detectable_difference(1, 199)
    assert strict.difference.detectable == pytest.approx(detectable_difference(error, 199, 0.005), rel=0.05)
    assert wide.difference.detectable == pytest.approx(detectable_difference(error, 199, power=0.95), rel=0.05)


@pytest.mark.parametrize(("alpha", "power"), [(0, 0.8), (0.6, 0.8), (0.05, 0.4), (0.05, 1), (math.nan, 0.8)])
def test_levels_that_make_no_sense_are_refused(alpha, power):
    with pytest.raises(UsageError, match=r"--(alpha|power) must be from"):
        Level(alpha, power)


def test_a_round_that_does_nothing_passes_no_oftener_than_half_of_alpha():
    rng = random.Random(0)
    rounds = 400
    passed = 0
    for _ in range(rounds):
        tables = [[rng.random() < 0.6 for _ in range(60)] for _ in range(2)]
        passed += change(*tables, Level(alpha=0.2)).word == IMPROVED
    assert passed / rounds < 0.1 + 3 * math.sqrt(0.1 * 0.9 / rounds)
    assert passed  # else nothing was tested


def side(path, say, suite="figures"):
    asked = [Sample(item, Prompt((item.question,))) for item in small_items(40)]
    run_eval(Examination(suite, "strict", asked, Sampling()), ScriptedModel(say), path)
    return read_side(path)


def test_the_first_suite_decides_and_the_others_are_told_after_holm(tmp_path):
    """What is worse elsewhere is said, and stops nothing; what is better elsewhere keeps nothing going."""
    wrong = side(tmp_path / "wrong", lambda item, sample: WRONG)
    right = side(tmp_path / "right", lambda item, sample: RIGHT)
    half = side(tmp_path / "half", lambda item, sample: RIGHT if int(item[1:]) < 14 else WRONG)
    before = {"figures": wrong, "iconqa": right, "mathvista": wrong}
    found = changes(before, {"figures": right, "iconqa": wrong, "mathvista": half}, Level())
    assert [one.word for one in found] == [IMPROVED, WORSE, IMPROVED]
    assert goes_on(found)
    assert [one.scores for one in found] == [(0, 1), (1, 0), (0, 14 / 40)]
    assert found[0].p_holm == found[0].difference.p
    assert found[1].p_holm == pytest.approx(2 * found[1].difference.p)
    assert not goes_on(changes({"figures": right, "iconqa": wrong}, {"figures": right, "iconqa": right}, Level()))
    told = found[1].to_json()
    assert (told["before"], told["after"], told["difference"], told["word"]) == (100, 0, -100, WORSE)
    assert told["items"] == 40
    assert told["clusters"] == 20
