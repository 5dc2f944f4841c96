"""The clipped loss and the k3 estimate of single tokens, beside their formulas."""

import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import UsageError
from proctor.trainers.local.clipping import k3, policy_loss
from proctor.trainers.recipe import PolicySettings, load_recipe

LOG_RATIOS = st.floats(-60, 60)
ADVANTAGES = st.floats(-4, 4)
CLIPS = st.floats(0.05, 0.9)


def lost(log_ratio: float, advantage: float, policy: PolicySettings) -> tuple[float, float]:
    one = torch.tensor([log_ratio], dtype=torch.float64, requires_grad=True)
    loss, outside = policy_loss(one, torch.tensor([advantage], dtype=torch.float64), policy)
    loss.backward()
    assert one.grad is not None
    assert math.isfinite(float(one.grad))
    return float(loss.detach()), float(outside)


@given(LOG_RATIOS, ADVANTAGES, CLIPS, CLIPS, st.one_of(st.none(), st.floats(1.5, 5)))
def test_a_tokens_loss(log_ratio: float, advantage: float, clip: float, high: float, dual: float | None) -> None:
    policy = PolicySettings(clip=clip, clip_high=high, dual_clip=dual)
    ratio = math.exp(min(20, max(-20, log_ratio)))
    expected = -min(ratio * advantage, min(1 + high, max(1 - clip, ratio)) * advantage)
    if dual is not None and advantage < 0:
        expected = min(expected, -dual * advantage)
    loss, outside = lost(log_ratio, advantage, policy)
    assert loss == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert outside == (ratio < 1 - clip or ratio > 1 + high)


@given(LOG_RATIOS, ADVANTAGES, CLIPS)
def test_without_another_upper_bound_the_range_is_even(log_ratio: float, advantage: float, clip: float) -> None:
    assert lost(log_ratio, advantage, PolicySettings(clip=clip)) == lost(
        log_ratio, advantage, PolicySettings(clip=clip, clip_high=clip)
    )


@given(st.floats(-200, 200))
def test_k3_is_no_less_than_0_and_bounded_with_finite_gradients(log_ratio: float) -> None:
    one = torch.tensor([log_ratio], dtype=torch.float32, requires_grad=True)
    value = k3(one)
    value.backward()
    assert one.grad is not None
    assert math.isfinite(float(one.grad))
    assert -1e-6 <= float(value.detach()) <= 10
    if -2 < log_ratio < 5:
        assert float(value.detach()) == pytest.approx(math.exp(-log_ratio) - 1 + log_ratio, abs=1e-5)


@pytest.mark.parametrize("change", ["policy.clip_high=0", "policy.dual_clip=1", "policy.clip_high=-0.3"])
def test_a_range_that_cannot_be_is_refused(change: str) -> None:
    with pytest.raises(UsageError, match=change.partition("=")[0]):
        load_recipe("mm_upt_figures", [change])


def test_a_setting_that_came_later_is_stored_only_where_it_was_changed() -> None:
    stored = load_recipe("mm_upt_figures").to_json()["policy"]
    assert "clip_high" not in stored
    changed = load_recipe("mm_upt_figures", ["policy.clip_high=0.3"]).to_json()["policy"]
    assert changed == {**stored, "clip_high": 0.3}
    assert {one.name for one in dataclasses.fields(PolicySettings)} == {*stored, "clip_high", "dual_clip"}
