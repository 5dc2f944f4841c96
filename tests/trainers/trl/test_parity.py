"""The local trainer's losses equal TRL's, and where a definition differs an option of TRL's says so."""

from __future__ import annotations

import pytest

pytest.importorskip("trl")

from .parity import GRPO, advantages, compared, dpo, rollout, sft

SAME, *OTHERS = GRPO


def test_grpo_is_trls() -> None:
    """Clipping and KL are at work: old and reference log-probabilities are not the policy's."""
    found = compared(rollout().theirs(**GRPO[SAME]), rollout().ours())
    assert found.theirs == pytest.approx(found.ours, abs=1e-6)
    assert found.gradient < 1e-6


@pytest.mark.parametrize("name", OTHERS)
def test_other_definitions_of_grpo_are_other_losses(name: str) -> None:
    found = compared(rollout().theirs(**GRPO[name]), rollout().ours())
    assert abs(found.theirs - found.ours) > 1e-4
    assert found.gradient > 1e-4


def test_advantages_are_trls_but_for_what_keeps_from_dividing_by_zero() -> None:
    assert advantages("none", "dr_grpo").gradient < 1e-6
    assert 1e-5 < advantages("group", "group_norm").gradient < 2e-4


@pytest.mark.parametrize("loss", [sft, dpo])
def test_staged_losses_are_trls(loss) -> None:
    found = loss()
    assert found.theirs == pytest.approx(found.ours, abs=1e-6)
    assert found.gradient < 1e-6
