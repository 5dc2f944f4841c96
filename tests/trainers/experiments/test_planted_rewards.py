"""`proctor reward regress` on bases of the gym tells planted rewards from majority vote: half an hour of one core.

What the verdict says of recorded trainings, where a reward is better in part too, is in tests/leaderboards/compare.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLANTED = Path(__file__).with_name("planted.py")


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the conditions' bases are kept from one reward to the next."""
    return tmp_path_factory.mktemp("bases")


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("reward", "verdict", "longer"),
    [
        ("ground_truth", "better taken together", True),
        (f"{PLANTED}:worse", "worse", True),
        (f"{PLANTED}:equal", "not distinguishable", False),
        (f"{PLANTED}:longer", "not distinguishable", True),
    ],
    ids=["better", "worse", "equal", "leaks length"],
)
def test_a_planted_reward_is_seen(
    cli: Callable[..., Any], tmp_path: Path, bases: Path, reward: str, verdict: str, longer: bool
) -> None:
    for condition in ("sure", "short"):
        if not (bases / condition).exists():
            assert cli("gym", "make", condition, "--out", bases / condition).code == 0
        shutil.copytree(bases / condition, tmp_path / "out" / "bases" / condition)
    done = cli(
        *("reward", "regress", reward, "--baseline", "majority_vote", "--conditions", "sure,short", "--json"),
        *("--set", "policy.steps=25", "--set", "checkpoint_every=25", "--out", tmp_path / "out"),
    )
    found = json.loads(done.out)
    assert found["verdict"] == verdict
    assert done.code == (1 if "worse" in verdict else 0)
    told = [reason for reason in found["reasons"] if "it may pay for length" in reason]
    assert [reason.split()[1] for reason in told] == ["short"] * longer
