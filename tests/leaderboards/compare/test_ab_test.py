"""What is said of two rewards: better, worse, not distinguishable; and what it would take to say more."""

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.stats.intervals import seeded_difference
from proctor.harness.stats.sample_size import detectable, sample_sizes
from proctor.harness.types import Prompt, Sampling
from proctor.leaderboards.compare.ab_test import (
    BETTER,
    UNDECIDED,
    WORSE,
    Arm,
    SeedCurves,
    decide_ab,
    judge_arms,
    page,
    read_side,
)
from proctor.leaderboards.compare.compare import SuiteComparison

from ...conftest import RIGHT, WRONG, ScriptedModel, small_items

HOSTILE = "<script>alert(1)</script>[red]\x1b[31m\n\udc80"


def scores(shares, items=300, seed=0):
    """Item scores of one training for each share of right answers."""
    rng = random.Random(seed)
    return [{f"q{n}": float(rng.random() < share) for n in range(items)} for share in shares]


def change(before, after, **options):
    """A comparison of trainings with these shares of right answers."""
    tables = scores(before, seed=1, **options), scores(after, seed=2, **options)
    difference = seeded_difference(*tables, {name: name for name in tables[0][0]})
    return SuiteComparison("s", "strict", ((), ()), (0.0, 0.0), (0, 0), difference, difference.p, (), ())


def contender(finished=3, failed=0):
    return Arm("reward", {seed: {} for seed in range(finished)}, {90 + n: "it diverged" for n in range(failed)})


def test_a_large_difference_is_better_or_worse_by_its_sign():
    low, high = [0.5, 0.52, 0.48], [0.8, 0.82, 0.79]
    assert decide_ab([change(low, high)], contender(), contender())[0] == BETTER
    assert decide_ab([change(high, low)], contender(), contender())[0] == WORSE


def test_a_difference_within_the_noise_of_seeds_is_not_distinguishable():
    """Item by item these two would differ for certain: it is the seeds that spread as widely."""
    spread = change([0.4, 0.6, 0.8], [0.5, 0.7, 0.9])
    alone = change([0.6], [0.7], items=900)
    assert alone.difference.p < 0.05 < spread.difference.p
    assert decide_ab([spread], contender(), contender())[0] == UNDECIDED


def test_one_seed_never_decides():
    one = change([0.2], [0.9])
    assert one.difference.p < 1e-6
    word, reasons = decide_ab([one], contender(1), contender(1))
    assert word == UNDECIDED
    assert "fewer than 2 finished seeds" in reasons[-1]
    assert decide_ab([change([0.2, 0.2], [0.9])], contender(1), contender(2))[0] == UNDECIDED


def test_a_candidate_that_fails_more_often_is_worse_whatever_the_others_reach():
    good = change([0.5, 0.52, 0.48], [0.8, 0.82])
    word, reasons = decide_ab([good], contender(2, failed=1), contender(3))
    assert word == WORSE
    assert "1 of 3 trainings with candidate reward failed: seed 90: it diverged" in reasons[0]
    assert decide_ab([], contender(0, failed=3), contender(3))[0] == WORSE


def test_a_failed_baseline_is_told_and_does_not_make_the_candidate_better():
    same = change([0.5, 0.52], [0.5, 0.52, 0.48])
    word, reasons = decide_ab([same], contender(3), contender(2, failed=1))
    assert word == UNDECIDED
    assert "trainings with baseline reward failed" in reasons[0]
    assert decide_ab([], contender(3), contender(0, failed=3))[0] == UNDECIDED


def test_worse_on_one_suite_is_worse_although_better_on_another():
    low, high = [0.5, 0.52, 0.48], [0.8, 0.82, 0.79]
    assert decide_ab([change(low, high), change(high, low)], contender(), contender())[0] == WORSE


def test_the_level_holds_for_all_suites_together():
    one = change([0.5, 0.52, 0.48], [0.8, 0.82, 0.79])
    adjusted = dataclasses.replace(one, p_holm=0.06)
    assert decide_ab([adjusted], contender(), contender())[0] == UNDECIDED


def test_what_the_present_size_shows_is_about_what_the_comparison_says():
    found = change([0.5, 0.55, 0.6], [0.52, 0.56, 0.63]).difference
    assert detectable(found, 3, found.clusters) == pytest.approx(found.detectable, rel=0.25)


def test_noise_alone_shrinks_with_more_seeds_and_with_more_items():
    """Every score is a coin: nothing belongs to an item or to a seed, so all of the error is of both."""
    found = change([0.5] * 6, [0.5] * 6).difference
    assert found.seeds.crossed_stderr == pytest.approx(found.stderr, rel=0.1)
    assert detectable(found, 24, found.clusters) == pytest.approx(detectable(found, 6, 4 * found.clusters), rel=0.1)
    assert detectable(found, 24, found.clusters) == pytest.approx(found.detectable / 2, rel=0.15)


@given(st.integers(2, 6), st.integers(30, 200), st.floats(0.01, 0.2), st.integers(0, 50))
def test_the_sizes_told_are_the_smallest_that_show_the_effect(seeds, items, effect, seed):
    rng = random.Random(seed)
    tables = [scores([rng.uniform(0.4, 0.7) for _ in range(seeds)], items, seed + side) for side in (0, 1)]
    found = seeded_difference(*tables, {name: name for name in tables[0][0]})
    told = sample_sizes(found, effect)
    if effect >= found.detectable:
        assert told is None
        return
    if told.seeds is not None:
        assert detectable(found, told.seeds, items) <= effect
        assert told.seeds == seeds + 1 or detectable(found, told.seeds - 1, items) > effect
    if told.items is not None:
        assert detectable(found, seeds, told.items, wary=True) <= effect
        assert told.items == items + 1 or detectable(found, seeds, told.items - 1, wary=True) > effect
    assert (told.both is None) == (told.seeds is not None or told.items is not None)
    if told.both is not None:
        assert detectable(found, *told.both) <= effect


def test_a_difference_smaller_than_seeds_alone_or_items_alone_could_show_takes_both():
    found = change([0.45, 0.6, 0.7], [0.5, 0.62, 0.75], items=60).difference
    told = sample_sizes(found, 0.01)
    assert (told.seeds, told.items) == (None, None)
    assert told.both[0] > 3
    assert told.both[1] > 60


@pytest.fixture
def trained(tmp_path):
    """Contenders from runs: `trained("name", [{"q0"}, {"q0", "q1"}])` has two seeds, right on these items."""
    asked = [Sample(item, Prompt((item.question,))) for item in small_items(16)]

    def make(name, rights, failed=()):
        finished = {}
        for seed, right in enumerate(rights):
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            model = ScriptedModel(lambda i, k, right=right: RIGHT if i in right else WRONG, name, str(path))
            run_eval(Examination("figures", "strict", asked, Sampling()), model, path)
            finished[seed] = {"figures": read_side(path)}
        return Arm(name, finished, dict.fromkeys(failed, HOSTILE))

    return make


def q(*numbers):
    return {f"q{n}" for n in numbers}


def test_from_runs_to_a_verdict_and_a_page(trained, tmp_path):
    base = trained("base", [q(0)]).finished[0]
    low, high = [q(0), q(0, 1), q(1)], [q(*range(14)), q(*range(15)), q(*range(1, 15))]
    found = judge_arms(trained(HOSTILE, high), trained("low", low), base, 0.01)
    assert found.word == BETTER
    (suite,) = found.suites
    assert suite.change.difference.seeds.runs == (3, 3)
    assert list(suite.by_seed) == [0, 1, 2]
    assert suite.by_seed[0].difference.gained == 13
    assert found.against_base["candidate"].suites[0].difference.value > 0.5
    told = found.to_json()
    assert (told["verdict"], told["candidate"]["finished"]) == ("better", [0, 1, 2])
    assert told["suites"][0]["by_seed"]["1"]["difference"] == pytest.approx(100 * 13 / 16)

    for seed in (0, 1):
        (tmp_path / f"t{seed}").mkdir()
        lines = [f'{{"step": {step}, "reward": 0.{step}, "majority_share": null}}' for step in range(1, 4)]
        (tmp_path / f"t{seed}" / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    curves = [SeedCurves("candidate", 0, tmp_path / "t0"), SeedCurves("baseline", 1, tmp_path / "t1")]
    text = b"".join(page(found, [HOSTILE], [*curves, SeedCurves("baseline", 2, tmp_path / "none")])).decode()
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count('class="line s0 d0"') == 2  # the key and one curve
    assert "0.300" in text


def test_a_contender_without_a_finished_training_is_not_compared(trained):
    base = trained("base", [q(0)]).finished[0]
    found = judge_arms(trained("all fail", [], failed=(0, 1)), trained("low", [q(0), q(1)]), base, 0.01)
    assert (found.word, found.compared, list(found.against_base)) == (WORSE, False, ["baseline"])
    assert found.to_json()["candidate"]["failed"][0] == {"seed": 0, "reason": HOSTILE}
    b"".join(page(found, [], []))


def test_what_could_have_been_seen_is_told_where_nothing_was(trained):
    base = trained("base", [q(0)]).finished[0]
    same = [q(0, 1), q(0, 2)]
    found = judge_arms(trained("a", same), trained("b", same), base, 0.01)
    assert found.word == UNDECIDED
    assert any("2 seeds and 16 items would have shown a true difference of" in line for line in found.reasons)
    assert any("to see 1.00 points takes about" in line for line in found.reasons)
