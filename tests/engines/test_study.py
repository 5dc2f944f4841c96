"""A study of two families on a CPU: killed while it asks, trains and examines, it ends in a verified board."""

import json
from pathlib import Path

import pytest

from ..trainers.experiments.killing import kill_once
from .families import build

pytestmark = [pytest.mark.slow, pytest.mark.engine]

STUDY = """
[suites]
iconqa = "sample"
chartqa = "sample"
mathvision = "sample"

[examine]
protocols = ["strict", "official"]
max_tokens = 40

[models]
base = "tiny"
other = "internvl"

[trainings.mm_upt]
recipe = "mm_upt_figures"
base = "base"
examine = "all"

[trainings.mm_upt.set]
checkpoint_every = 2
policy.steps = 6
policy.prompts = 4
policy.minibatches = 1
sampling.n = 4
sampling.max_tokens = 24
"""


def answers(out: Path) -> dict[str, bytes]:
    return {run.name: (run / "responses.jsonl").read_bytes() for run in sorted((out / "runs").iterdir())}


def test_a_killed_study_goes_on_to_a_verified_board(tmp_path, cli_process):
    (tmp_path / "study.toml").write_text(STUDY)
    build("internvl", tmp_path / "internvl")
    command = ["-m", "proctor.harness.cli", "run", str(tmp_path / "study.toml")]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for reached in (
        "runs/other.chartqa.strict.*",
        "trainings/*/checkpoints/step-000004",
        "runs/mm_upt-*000006.iconqa*",
    ):
        assert kill_once(command, killed, reached) == -9
    dry = cli_process(*command[2:], "--out", killed, "--dry-run", "--json")
    steps = json.loads(dry.out)["steps"]
    assert [one["done"] for one in steps[:3]] == [True, True, True]
    assert 0 < steps[3]["left"] < steps[3]["answers"]
    assert steps[3]["seconds"] > 0
    done = cli_process(*command[2:], "--out", killed, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["verified"], found["unproven"]) == (True, [])
    assert len(found["runs"]) == 5 * 6  # two models and three checkpoints; three suites, two prompts
    assert {one["title"] for one in found["comparisons"]} == {
        "mm_upt against base, by strict",
        "mm_upt against base, by official",
    }
    assert all(Path(found[name]).exists() for name in ("board", "page"))
    assert cli_process(*command[2:], "--out", whole, "--json").code == 0
    assert answers(killed) == answers(whole)
