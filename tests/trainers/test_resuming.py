"""`proctor train --resume --set ...`: what may change does and is recorded, and what changes what is learned is refused."""

import dataclasses
import json
from pathlib import Path

import pytest

from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.contamination import Fingerprints
from proctor.trainers.recipe_settings import LocalSettings

SMALL = ("policy.prompts=4", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=2")


def arguments(*changes: str, recipe: str = "mm_upt_figures") -> list[str]:
    return ["train", recipe, *(part for change in (*SMALL, *changes) for part in ("--set", change))]


@pytest.fixture
def begun(cli, tmp_path) -> Path:
    done = cli(*arguments("policy.steps=2"), "--out", tmp_path / "begun")
    assert done.code == 0, done.err
    return tmp_path / "begun"


def resumes(training: Path) -> list[dict]:
    return [json.loads(line) for line in (training / "resumes.jsonl").read_text().splitlines()]


def test_more_steps_learn_what_they_would_have_learned_at_once(cli, tmp_path, begun):
    stored = (begun / "training.json").read_bytes()
    done = cli(*arguments("policy.steps=4", "checkpoint_every=4"), "--out", begun, "--resume")
    assert done.code == 0, done.err
    whole = cli(*arguments("policy.steps=4"), "--out", tmp_path / "whole")
    assert whole.code == 0, whole.err
    last = Path("checkpoints") / "step-000004"
    assert weights_digest(begun / last) == weights_digest(tmp_path / "whole" / last)
    assert (begun / "metrics.jsonl").read_bytes() == (tmp_path / "whole" / "metrics.jsonl").read_bytes()
    assert json.loads((begun / "finished.json").read_text()) == {"last_checkpoint": "step-000004"}
    seen = [Fingerprints.read(folder / "trained_on.json") for folder in (begun, tmp_path / "whole")]
    assert seen[0] == seen[1]

    assert (begun / "training.json").read_bytes() == stored
    (line,) = resumes(begun)
    assert (line["done"], line["changed"]) == (2, {"recipe.checkpoint_every": 4, "recipe.policy.steps": 4})
    assert "packages" in line["environment"]
    assert not (tmp_path / "whole" / "resumes.jsonl").exists()


def test_fewer_steps_than_are_done_are_refused_and_change_no_record(cli, begun):
    done = cli(*arguments("policy.steps=1"), "--out", begun, "--resume")
    assert done.code == 2
    assert "has 2 steps already, and policy.steps is 1" in done.err
    assert (begun / "finished.json").exists()
    assert not (begun / "resumes.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("optimiser.learning_rate=1e-5", "recipe.optimiser.learning_rate"),
        ("policy.minibatches=4", "recipe.policy.minibatches"),
        ("sampling.n=8", "recipe.sampling.n"),
        ("seed=1", "recipe.seed"),
        ("optimiser.kind=adamw_8bit", "recipe.optimiser.kind"),
    ],
)
def test_what_changes_what_is_learned_is_refused_by_name(cli, begun, change, key):
    if "8bit" in change:
        pytest.importorskip("bitsandbytes")
    done = cli(*arguments("policy.steps=4", change), "--out", begun, "--resume")
    assert done.code == 2
    assert f"{key} differ" in done.err
    assert "policy.steps" not in done.err


def test_each_resume_that_took_a_step_is_a_line(cli, begun):
    for steps, changes in ((3, ("policy.accumulate=2",)), (3, ()), (4, ("local.micro_tokens=600",))):
        done = cli(*arguments(f"policy.steps={steps}", *changes), "--out", begun, "--resume")
        assert done.code == 0, done.err
    assert [(line["done"], line["changed"]) for line in resumes(begun)] == [
        (2, {"recipe.policy.accumulate": 2, "recipe.policy.steps": 3}),
        (3, {"recipe.local": {**dataclasses.asdict(LocalSettings()), "micro_tokens": 600}, "recipe.policy.steps": 4}),
    ]


def test_stages_that_follow_each_other_keep_their_length(cli, tmp_path):
    changes = ("policy.steps=1", "collect.prompts=8", "collect.least=1")
    assert cli(*arguments(*changes, recipe="srlm_figures"), "--out", tmp_path / "two").code == 0
    longer = cli(*arguments(*changes, "policy.steps=2", recipe="srlm_figures"), "--out", tmp_path / "two", "--resume")
    assert longer.code == 2
    assert "recipe.policy.steps differ" in longer.err
