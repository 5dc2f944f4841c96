"""`proctor reward regress` on whole trainings: a reward that must help, and one against itself."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.nightly


def test_the_truth_is_better_than_a_coin(tmp_path: Path, cli_process) -> None:
    """Labels teach the bundled model the figures; a random reward teaches nothing."""
    short = ["--recipe", "mm_upt_figures", "--seeds", "2", "--set", "policy.steps=20", "--out", tmp_path / "out"]
    command = ["reward", "regress", "ground_truth", "--baseline", "random", *short, "--require", "better"]
    done = cli_process(*command, "--json", "--html", tmp_path / "page.html", timeout=3600)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["verdict"] == "better"
    (suite,) = told["suites"]
    assert suite["interval"][0] > 0
    assert suite["seeds"]["runs"] == [2, 2]
    assert told["against_base"]["candidate"][0]["interval"][0] > 0
    assert told["against_base"]["baseline"][0]["interval"][0] < 0
    swapped = cli_process("reward", "regress", "random", "--baseline", "ground_truth", *short)
    assert swapped.code == 2
    assert "reward" in swapped.err


def test_a_reward_is_not_distinguishable_from_itself(tmp_path: Path, cli_process) -> None:
    command = [
        "reward",
        "regress",
        "majority_vote",
        "--baseline",
        "majority_vote",
        "--recipe",
        "mm_upt_figures",
        "--seeds",
        "2",
        "--set",
        "policy.steps=20",
    ]
    done = cli_process(*command, "--out", tmp_path / "out", "--json", timeout=3600)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["verdict"] == "not distinguishable"
    assert told["suites"][0]["difference"] == 0  # the same seeds: the same trainings
    assert told["suites"][0]["detectable"] > 0
    assert told["against_base"]["candidate"][0]["difference"] > 0
