"""The bench's measures: by hand on small groups, by their laws on any, and on rewards that are known to be good or bad."""

import dataclasses
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from proctor.harness.errors import DataError, UsageError
from proctor.trainers.base import Group
from proctor.trainers.bench import measures, report
from proctor.trainers.bench.calibration import auc as pooled_auc
from proctor.trainers.bench.calibration import calibrate, calibration_error
from proctor.trainers.bench.measures import MEASURES, GroupOutcome, difficulty, reward_group
from proctor.trainers.bench.report import Entry, bench
from proctor.trainers.groups import RecordedGroup
from proctor.trainers.rewards.advantages import ADVANTAGES, advantage, group_norm
from proctor.trainers.rewards.registry import open_reward

from ..recorded_runs import recorded

GROUP_NORM = ("group_norm", group_norm)


def outcome(correct: Sequence[int], rewards: Sequence[float], name: str = "group_norm") -> GroupOutcome:
    row = np.array(rewards, dtype=np.float64)
    return GroupOutcome(np.array(correct, dtype=bool), row, advantage(name)(row))


def test_the_label_is_the_mean_of_the_highest() -> None:
    assert measures.label_accuracy(outcome([1, 0, 0, 1], [3, 1, 1, 2])) == 1
    assert measures.label_accuracy(outcome([1, 0, 0, 1], [2, 3, 1, 1])) == 0
    assert measures.label_accuracy(outcome([1, 0, 0, 1], [3, 3, 1, 3])) == pytest.approx(2 / 3)


def test_order_by_hand() -> None:
    """Right: 3 and 1; wrong: 2 and 1. Pairs: 3>2, 3>1, 1<2, 1=1."""
    one = outcome([1, 1, 0, 0], [3, 1, 2, 1])
    assert measures.auc(one) == pytest.approx((2 + 0.5) / 4)
    # P = 2, Q = 1, N = 6, one pair tied in r, two in y
    assert measures.tau_b(one) == pytest.approx((2 - 1) / math.sqrt((6 - 1) * (6 - 2)))


@pytest.mark.parametrize("correct", [[1, 1, 1], [0, 0, 0]])
def test_order_is_undefined_in_pure_groups(correct: list[int]) -> None:
    assert math.isnan(measures.auc(outcome(correct, [1, 2, 3])))
    assert math.isnan(measures.tau_b(outcome(correct, [1, 2, 3])))


def test_false_reinforcement_by_hand() -> None:
    assert measures.false_reinforcement(outcome([1, 0, 0], [0, 1, 0])) == 1
    assert measures.false_reinforcement(outcome([1, 0, 0], [1, 0, 0])) == 0
    assert measures.false_reinforcement(outcome([1, 0, 0], [1, 1, 0])) == 1  # tied
    assert measures.false_reinforcement(outcome([0, 0, 0], [1, 1, 1])) == 0  # no signal
    assert measures.false_reinforcement(outcome([1, 0, 0], [0, 1, 0], "log_softmax")) == 0  # never positive


def test_direction_by_hand() -> None:
    """r - mean of (1, 0, 1, 0) is (1/2, -1/2, 1/2, -1/2); right are the first and the second."""
    assert measures.direction(outcome([1, 1, 0, 0], [1, 0, 1, 0], "dr_grpo")) == 0
    assert measures.direction(outcome([1, 0, 1, 0], [1, 0, 1, 0], "dr_grpo")) == pytest.approx(0.5)
    assert measures.direction(outcome([0, 1, 0, 1], [1, 0, 1, 0], "dr_grpo")) == pytest.approx(-0.5)
    assert measures.negative_direction(outcome([0, 1, 0, 1], [1, 0, 1, 0])) == 1
    assert measures.negative_direction(outcome([1, 0, 1, 0], [0.1, 0.1, 0.1, 0.1])) == 0


@pytest.mark.parametrize(("right", "name"), [(0, "0"), (4, "(0, 1/3]"), (5, "(1/3, 2/3]"), (8, "(1/3, 2/3]")])
def test_difficulties(right: int, name: str) -> None:
    assert difficulty([place < right for place in range(12)]) == name
    assert difficulty([True] * 9 + [False] * 3) == "(2/3, 1)"
    assert difficulty([True] * 12) == "1"


def groups_of(least: int = 2) -> st.SearchStrategy[tuple[list[bool], list[float]]]:
    return st.integers(least, 12).flatmap(
        lambda n: st.tuples(
            st.lists(st.booleans(), min_size=n, max_size=n),
            st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n),
        )
    )


@given(groups_of(), st.randoms(use_true_random=False), st.sampled_from(ADVANTAGES.names()))
def test_the_order_of_a_group_changes_nothing(
    group: tuple[list[bool], list[float]], shuffle: random.Random, name: str
) -> None:
    correct, rewards = group
    order = shuffle.sample(range(len(correct)), len(correct))
    one = outcome(correct, rewards, name)
    other = outcome([correct[k] for k in order], [rewards[k] for k in order], name)
    for measure in MEASURES:
        if measure.name not in ("no_signal", "false_reinforcement", "negative_direction"):
            assert measure.of_group(one) == pytest.approx(measure.of_group(other), abs=1e-9, nan_ok=True)
        else:
            assert measure.of_group(one) == measure.of_group(other)


@given(groups_of())
def test_an_oracle_is_perfect(group: tuple[list[bool], list[float]]) -> None:
    correct, _ = group
    one = outcome(correct, [float(right) for right in correct])
    assert measures.false_reinforcement(one) == 0
    assert measures.negative_direction(one) == 0
    assert measures.label_accuracy(one) == float(any(correct))
    if len(set(correct)) == 2:
        assert measures.auc(one) == 1
        assert measures.tau_b(one) == pytest.approx(1)
        assert measures.direction(one) > 0


@given(groups_of(), st.floats(-1e6, 1e6), st.sampled_from(ADVANTAGES.names()))
def test_a_constant_has_no_signal(group: tuple[list[bool], list[float]], value: float, name: str) -> None:
    correct, _ = group
    one = outcome(correct, [value] * len(correct), name)
    assert measures.no_signal(one) == 1
    assert measures.false_reinforcement(one) == 0
    assert math.isnan(measures.tau_b(one))
    assert measures.label_accuracy(one) == pytest.approx(np.mean(correct))


@given(groups_of())
def test_a_negated_reward_mirrors_the_order(group: tuple[list[bool], list[float]]) -> None:
    correct, rewards = group
    one, other = outcome(correct, rewards), outcome(correct, [-reward for reward in rewards])
    assert measures.auc(other) == pytest.approx(1 - measures.auc(one), nan_ok=True)
    assert measures.tau_b(other) == pytest.approx(-measures.tau_b(one), nan_ok=True)
    assert measures.direction(other) == pytest.approx(-measures.direction(one), abs=1e-9)


@given(groups_of())
def test_tau_b_is_scipys(group: tuple[list[bool], list[float]]) -> None:
    correct, rewards = group
    assume(len(set(correct)) == 2 and len(set(rewards)) > 1)
    assert measures.tau_b(outcome(correct, rewards)) == pytest.approx(kendalltau(rewards, correct).statistic)


class Given:
    """A reward that gives a fixed row."""

    name = "given"
    needs_gold = False

    def __init__(self, row: object) -> None:
        self.row = row

    def __call__(self, group: Group, seed: int) -> object:
        return self.row


@pytest.mark.parametrize("row", [[1.0], [1.0, math.nan], [1.0, math.inf], None, "no", [[1.0], [2.0]], [1.0, "x"]])
def test_a_reward_that_gives_no_numbers_is_refused(row: object) -> None:
    with pytest.raises(DataError, match="given"):
        reward_group(recorded("5", "6"), Given(row), group_norm, 0)  # type: ignore[arg-type]


def test_rewards_too_large_for_an_advantage_are_refused() -> None:
    with pytest.raises(DataError, match="too large"):
        reward_group(recorded("5", "6"), Given([1e308, -1e308]), group_norm, 0)  # type: ignore[arg-type]


def test_a_judge_is_asked_for_where_there_is_none() -> None:
    entries = [Entry("judge_only", open_reward("judge_only", {}))]
    with pytest.raises(UsageError, match="--judge"):
        bench([recorded("5", "6", scores=[1, 0]), recorded("5", "6")], entries, "judge_only", GROUP_NORM)


def test_smaller_groups_keep_answers_and_scores_together() -> None:
    whole = recorded("5", "6", "5", "7", "8", scores=[0.5, 0.6, 0.5, None, 0.8])
    score_of = dict(zip(whole.responses, whole.judge_scores or (), strict=True))
    drawn = list(report.draws(whole, 3, 0))
    assert drawn == list(report.draws(whole, 3, 0)) != list(report.draws(whole, 3, 1))
    for one in drawn:
        assert len(one.responses) == 3
        assert one.correct == tuple("5" in text for text in one.responses)
        assert one.judge_scores == tuple(score_of[text] for text in one.responses)
    assert max(len(set(one.responses)) for one in drawn) == 3


def test_calibration_by_hand() -> None:
    """Scores 0.95 right, 0.95 wrong, 0.15 wrong, and one missing; in a second group 0.95 right."""
    groups = [recorded("5", "6", "7", "8", scores=[0.95, 0.95, 0.15, None], item="a")]
    groups += [recorded("5", item="b", scores=[0.95])]
    found = calibrate(groups, 0)
    assert found is not None
    assert found.unscored == 1
    assert found.auc.value == pytest.approx((2 * 0.5 + 2 * 1) / 4)
    assert found.brier.value == pytest.approx((0.05**2 + 0.95**2 + 0.15**2 + 0.05**2) / 4)
    assert found.calibration_error.value == pytest.approx(3 / 4 * abs(0.95 - 2 / 3) + 1 / 4 * 0.15)
    assert found.right_mean.value == pytest.approx(0.95)
    assert found.wrong_mean.value == pytest.approx(0.55)
    assert found.bins[9][0] == 3
    assert found.bins[1][:2] == (1, pytest.approx(0.15))
    assert math.isnan(found.bins[5][1])


def test_weights_of_calibration_count_as_repeats() -> None:
    draw = np.random.default_rng(1)
    scores, right, weights = draw.integers(0, 6, 40) / 5, draw.random(40) < 0.5, draw.integers(0, 4, 40)
    repeated = np.repeat(scores, weights), np.repeat(right, weights)
    ones = np.ones(weights.sum())
    for statistic in (pooled_auc, calibration_error):
        assert statistic(scores, right, weights.astype(float)) == pytest.approx(statistic(*repeated, ones))


def test_without_scores_there_is_no_calibration() -> None:
    assert calibrate([recorded("5", "6"), recorded("5", "6", scores=[None, None])], 0) is None


def simulated(count: int = 120, n: int = 8) -> list[RecordedGroup]:
    """Groups whose right answer, 5, is drawn with a chance between 0.35 and 0.95; wrong responses may be long."""
    lot = random.Random(7)
    found = []
    for number in range(count):
        chance = 0.35 + 0.6 * lot.random()
        answers = ["5" if lot.random() < chance else str(lot.choice([6, 7, 8])) for _ in range(n)]
        group = recorded(*answers, item=f"q{number}")
        padded = tuple(("word " * lot.randint(1, 40) if lot.random() < 0.5 else "") + text for text in group.responses)
        found.append(dataclasses.replace(group, responses=padded))
    return found


class LongAndWrong:
    """A broken idea: length is liked, and most of all beside a rare answer."""

    name = "long_and_wrong"
    needs_gold = False

    def __call__(self, group: Group, seed: int) -> list[float]:
        counts = [group.answers.count(answer) for answer in group.answers]
        return [len(text) / 1000 - count for text, count in zip(group.responses, counts, strict=True)]


def test_a_broken_reward_is_seen() -> None:
    entries = [Entry("majority_vote", open_reward("majority_vote", {})), Entry("broken", LongAndWrong())]
    _, broken = bench(simulated(), entries, "majority_vote", GROUP_NORM).results
    for name, sign in (("false_reinforcement", 1), ("auc", -1), ("label_accuracy", -1), ("direction", -1)):
        found = broken.differences[name]
        assert found.excludes_zero, name
        assert sign * found.value > 0.2, name


def test_the_ceiling_is_above_and_the_coin_below_the_vote() -> None:
    names = ("majority_vote", "ground_truth", "random")
    entries = [Entry(name, open_reward(name, {})) for name in names]
    vote, truth, coin = bench(simulated(), entries, "majority_vote", GROUP_NORM).results
    assert truth.measures["auc"].value == 1
    assert truth.measures["false_reinforcement"].value == 0
    assert truth.differences["direction"].low > 0 > coin.differences["direction"].high
    assert coin.measures["auc"].low < 0.5 < coin.measures["auc"].high
    at = {size: row["label_accuracy"].value for size, row in vote.by_size.items()}
    assert at[2] < at[4] < at[8] == vote.measures["label_accuracy"].value
