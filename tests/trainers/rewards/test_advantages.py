"""Advantages against hand-worked numbers, and what holds for any group."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from proctor.harness.errors import UsageError
from proctor.trainers.rewards.advantages import (
    ADVANTAGES,
    Array,
    advantage,
    dr_grpo,
    group_norm,
    log_softmax,
    log_softmax_centred,
)

GROUPS = arrays(np.float64, st.integers(2, 16), elements=st.floats(-1, 2, width=32))
NAMES = ADVANTAGES.names()


def test_group_norm_by_hand() -> None:
    # rewards 1, 0, 0, 1: mean 1/2, sample standard deviation sqrt(1/3)
    expected = np.array([1, -1, -1, 1]) * 0.5 / np.sqrt(1 / 3)
    np.testing.assert_allclose(group_norm(np.array([1.0, 0, 0, 1])), expected, rtol=1e-5)


def test_dr_grpo_by_hand() -> None:
    np.testing.assert_allclose(dr_grpo(np.array([1.0, 0, 0, 0])), [0.75, -0.25, -0.25, -0.25])


def test_log_softmax_by_hand() -> None:
    # beta = 1, rewards ln 1, ln 2, ln 5: the induced distribution is 1/8, 2/8, 5/8
    np.testing.assert_allclose(log_softmax(np.log([1.0, 2, 5])), np.log([1 / 8, 2 / 8, 5 / 8]))
    # beta = 2, rewards 0, ln 3: weights 1 and 9
    np.testing.assert_allclose(log_softmax(np.array([0, np.log(3)]), 2.0), np.log([0.1, 0.9]))


def test_log_softmax_centred_by_hand() -> None:
    np.testing.assert_allclose(log_softmax_centred(np.array([0.2, 0.6, 1.0]), 3.0), [-1.2, 0, 1.2], atol=1e-12)


@given(GROUPS)
def test_centred_ones_sum_to_zero(rewards: Array) -> None:
    for function in (group_norm, dr_grpo, log_softmax_centred):
        assert abs(function(rewards).sum()) < 1e-6 * len(rewards)


@given(GROUPS, st.floats(0.01, 50))
def test_paper_and_code_differ_by_a_constant_and_in_sign(rewards: Array, beta: float) -> None:
    paper, code = log_softmax(rewards, beta), log_softmax_centred(rewards, beta)
    assert (paper <= 1e-12).all()
    assert np.exp(paper).sum() == pytest.approx(1)
    np.testing.assert_allclose(paper - paper.mean(), code, atol=1e-9)
    assert code.max() >= 0 >= code.min()


@pytest.mark.parametrize("name", NAMES)
@given(GROUPS, st.randoms())
def test_any_advantage_keeps_ranks_and_follows_the_order(name: str, rewards: Array, rng: object) -> None:
    found = advantage(name)(rewards)
    assert found.shape == rewards.shape
    assert np.isfinite(found).all()
    assert (np.diff(found[np.argsort(rewards, kind="stable")]) >= -1e-9).all()
    order = np.random.default_rng(rng.getrandbits(32)).permutation(len(rewards))  # type: ignore[attr-defined]
    np.testing.assert_allclose(advantage(name)(rewards[order]), found[order], atol=1e-9)


@given(st.floats(-1, 2), st.integers(2, 16))
def test_no_signal_means_no_advantage_but_for_the_papers_formula(reward: float, size: int) -> None:
    equal = np.full(size, reward)
    for function in (group_norm, dr_grpo, log_softmax_centred):
        np.testing.assert_allclose(function(equal), 0, atol=1e-9)
    np.testing.assert_allclose(log_softmax(equal), -np.log(size))


def test_huge_rewards_do_not_overflow() -> None:
    np.testing.assert_allclose(log_softmax(np.array([1e6, 0.0]), 10.0), [0, -1e7])


def test_unknown_advantage_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="dr_grpo, group_norm, log_softmax, log_softmax_centred"):
        advantage("gae")


def test_a_beta_that_would_do_nothing_is_refused() -> None:
    np.testing.assert_allclose(advantage("log_softmax_centred", 2.0)(np.array([0.0, 1.0])), [-1, 1])
    with pytest.raises(UsageError, match="has no beta"):
        advantage("group_norm", 2.0)


@pytest.mark.parametrize("beta", [0.0, -1.0, float("nan"), float("inf")])
def test_a_beta_that_does_nothing_or_the_opposite_is_refused(beta: float) -> None:
    with pytest.raises(UsageError, match="positive and finite"):
        advantage("log_softmax", beta)
