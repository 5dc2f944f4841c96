"""Votes, rewards and advantages on groups whose right result is plain."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import UsageError
from proctor.harness.types import Item
from proctor.harness.votes import Vote, vote
from proctor.trainers.advantages import advantage, group_norm
from proctor.trainers.base import Group, make_group
from proctor.trainers.monitor import group_metrics
from proctor.trainers.registry import REWARDS

UNFINISHED = (
    "First I look at the picture. " + "The bars are hard to read, so I start again from the left. " * 4 + "Then"
)
ITEM = Item("q1", "figures", "How tall is bar A?", "7", "number")


def boxed(*answers: str | None) -> list[str]:
    return [UNFINISHED if answer is None else f"So \\boxed{{{answer}}}" for answer in answers]


def group(*answers: str | None, gold: bool = False) -> Group:
    return make_group(ITEM, boxed(*answers), gold)


def poll(*answers: str | None) -> Vote:
    one = group(*answers)
    return vote(one.item_id, one.answers)


def reward(name: str, one: Group, seed: int = 0) -> list[float]:
    return list(REWARDS.get(name)()(one, seed))


def test_majority_is_rewarded() -> None:
    assert reward("majority_vote", group("7", "8", "7", "9")) == [1, 0, 1, 0]


def test_equal_forms_vote_together() -> None:
    assert reward("majority_vote", group("1/2", "0.5", "\\frac{1}{2}", "3", "3")) == [1, 1, 1, 0, 0]


def test_absent_answers_never_win() -> None:
    assert reward("majority_vote", group(None, None, None, "7")) == [0, 0, 0, 1]
    assert reward("majority_vote", group(None, None)) == [0, 0]
    assert poll(None, None).share == 0


def test_a_tie_is_told_and_falls_the_same_way_in_any_order() -> None:
    answers = ["3", "4", "4", "3", "5"]
    one = poll(*answers)
    assert one.tied
    winner = {answers[index] for index in one.winner or ()}
    random.Random(0).shuffle(answers)
    again = poll(*answers)
    assert {answers[index] for index in again.winner or ()} == winner


@given(st.lists(st.sampled_from(["1", "2", "3", None]), min_size=1, max_size=12), st.randoms())
def test_majority_vote_does_not_see_the_order(answers: list[str | None], rng: random.Random) -> None:
    order = list(range(len(answers)))
    rng.shuffle(order)
    before = reward("majority_vote", group(*answers))
    after = reward("majority_vote", group(*(answers[index] for index in order)))
    assert after == [before[index] for index in order]


def test_ground_truth_needs_and_uses_the_label() -> None:
    assert reward("ground_truth", group("7", "8", "7.0", None, gold=True)) == [1, 0, 1, 0]
    with pytest.raises(UsageError, match="no label"):
        reward("ground_truth", group("7"))


def test_the_control_depends_on_the_seed_alone() -> None:
    some, other = group(*["1"] * 64), group(*["2"] * 64)
    assert reward("random", some, 5) == reward("random", other, 5) != reward("random", some, 6)
    assert set(reward("random", some, 5)) == {0.0, 1.0}


@pytest.mark.parametrize("name", REWARDS.names())
def test_a_label_reaches_only_a_reward_that_declares_it(name: str) -> None:
    needs = REWARDS.get(name)().needs_gold
    groups = [make_group(dataclasses.replace(ITEM, answer=gold), boxed("7", "8"), needs) for gold in ("7", "8")]
    if needs:
        assert groups[0].gold != groups[1].gold
    else:
        assert groups[0] == groups[1]
        assert reward(name, groups[0]) == reward(name, groups[1])


def test_group_norm_by_hand() -> None:
    # rewards 1, 0, 0, 1: mean 1/2, sample standard deviation sqrt(1/3)
    expected = np.array([1, -1, -1, 1]) * 0.5 / np.sqrt(1 / 3)
    np.testing.assert_allclose(group_norm(np.array([1.0, 0, 0, 1])), expected, rtol=1e-5)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=16))
def test_group_norm_is_centred_and_finite(rewards: list[float]) -> None:
    advantages = group_norm(np.array(rewards))
    assert np.isfinite(advantages).all()
    assert abs(advantages.sum()) < 1e-6 * len(rewards)


def test_no_signal_means_no_advantage() -> None:
    np.testing.assert_array_equal(group_norm(np.ones(8)), np.zeros(8))


def test_unknown_advantage_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="group_norm"):
        advantage("gae")


def test_what_is_watched_while_training() -> None:
    groups = [group("7", "7", "8", None), group("5", "5", "5", "5")]
    rewards = [np.array([1.0, 1, 0, 0]), np.ones(4)]
    metrics = group_metrics([ITEM, ITEM], groups, rewards)
    assert metrics["reward"] == 0.75
    assert metrics["no_signal_share"] == 0.5
    assert metrics["majority_share"] == 0.75
    assert metrics["distinct_answers"] == 1.5
    assert metrics["unparsed_share"] == 0.125
    assert metrics["accuracy"] == 0.25
    assert metrics["label_accuracy"] == 0.5
