"""`proctor reward regress` on bases of the gym tells planted rewards from majority vote as they are: an hour of one core."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

PLANTED = Path(__file__).with_name("planted.py")
UNTOLD = "not distinguishable"


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the conditions' bases are kept from one reward to the next."""
    return tmp_path_factory.mktemp("bases")


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("reward", "verdicts", "longer"),
    [
        ("ground_truth", {"short": "better", "sure": "better"}, ()),
        (f"{PLANTED}:worse", {"short": "worse", "sure": "worse"}, ()),
        (f"{PLANTED}:equal", {"short": UNTOLD, "sure": UNTOLD}, ()),
        (f"{PLANTED}:close", {"all_right": "better", "collapse": UNTOLD}, ()),
        (f"{PLANTED}:longer", {"short": UNTOLD, "sure": UNTOLD}, ("short",)),
    ],
    ids=["better", "worse", "equal", "better where votes are easy", "leaks length"],
)
def test_a_planted_reward_is_seen(
    cli: Callable[..., Any],
    tmp_path: Path,
    bases: Path,
    reward: str,
    verdicts: Mapping[str, str],
    longer: tuple[str, ...],
) -> None:
    for condition in verdicts:
        if not (bases / condition).exists():
            assert cli("gym", "make", condition, "--out", bases / condition).code == 0
        shutil.copytree(bases / condition, tmp_path / "out" / "bases" / condition)
    done = cli(
        *("reward", "regress", reward, "--baseline", "majority_vote", "--conditions", ",".join(verdicts)),
        *("--set", "policy.steps=25", "--set", "checkpoint_every=25", "--out", tmp_path / "out", "--json"),
    )
    found = json.loads(done.out)
    assert {name: one["word"] for name, one in found["conditions"].items()} == dict(verdicts)
    assert done.code == (1 if "worse" in found["verdict"] else 0)
    told = [reason for reason in found["reasons"] if "it may pay for length" in reason]
    assert [reason.split()[1] for reason in told] == list(longer)
