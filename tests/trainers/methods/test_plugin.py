"""A method of a third party: one file in an installed package, one recipe, and the whole way from asking to a checkpoint."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.tiny import BASE

from ...conftest import Done

METHOD = '''
"""Learns the shortest well-formed response to each question."""

from dataclasses import dataclass, field

from proctor.harness.runs.store import Sample
from proctor.trainers.methods.base import Example, Sft, Stage, StageInput, StageOutput


@dataclass(frozen=True)
class Settings:
    longest: int = 1000


@dataclass(frozen=True)
class Brevity:
    settings: Settings = field(default_factory=Settings)
    needs_gold = False

    @property
    def stages(self):
        return [Stage("brevity", Sft(), self.shortest)]

    def shortest(self, given: StageInput) -> StageOutput:
        asked = [Sample(item, given.prompt(item)) for item in given.items]
        made = []
        for one, responses in zip(asked, given.student.ask("responses", asked, given.sampling), strict=True):
            texts = [response.text for response in responses if "boxed" in (response.text or "")]
            texts = [text for text in texts if len(text) <= self.settings.longest]
            if texts:
                made.append(Example(one.item.id, one.prompt, min(texts, key=len)))
        return StageOutput(made, {"prompts": len(asked)}, "responses with a box")
'''

RECIPE = """
extends = "mm_upt_figures"
method = "brevity"

[method_settings]
longest = 200

[collect]
prompts = 8
least = 4

[sampling]
n = 2
max_tokens = 24

[policy]
steps = 2
prompts = 4
minibatches = 1
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder in which a package with the method is installed, and the recipe beside it."""
    site = tmp_path / "site"
    (site / "brevity-1.0.dist-info").mkdir(parents=True)
    (site / "brevity.py").write_text(METHOD)
    (site / "brevity-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: brevity\nVersion: 1.0\n")
    (site / "brevity-1.0.dist-info" / "entry_points.txt").write_text("[proctor.methods]\nbrevity = brevity:Brevity\n")
    (tmp_path / "brevity_figures.toml").write_text(RECIPE)
    return site


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package can be imported in this process."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "brevity", raising=False)


def proctor(folder: Path, site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, in whose path the package is."""
    command = [sys.executable, "-m", "proctor.harness.cli", *words]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_method_is_one_file_and_one_recipe(site: Path, tmp_path: Path) -> None:
    done = proctor(tmp_path, site, "train", "brevity_figures.toml", "--out", "training", "--json")
    assert done.returncode == 0, done.stderr
    training = tmp_path / "training"
    check_whole(training / "checkpoints" / "step-000002")
    assert weights_digest(training / "checkpoints" / "step-000002") != weights_digest(BASE)
    stage = training / "stages" / "1-brevity"
    made = [json.loads(line) for line in (stage / "made.jsonl").read_text().splitlines()]
    assert len(made) >= 4
    assert all("boxed" in example["response"] for example in made)
    assert json.loads((stage / "counts.json").read_text()) == {"prompts": 8, "made": len(made)}
    stored = json.loads((training / "training.json").read_text())["identity"]["recipe"]
    assert stored["method_settings"] == {"longest": 200}

    asked = "eval --model training/checkpoints/step-000002 --suite figures --limit 20 --max-tokens 24"
    examined = proctor(tmp_path, site, *asked.split())
    assert examined.returncode == 0, examined.stderr
    manifest = json.loads(next((tmp_path / "runs").glob("*/run.json")).read_text())
    made = manifest["environment"]["training"]
    assert (made["recipe"], made["seed"], made["step"]) == ("brevity_figures", 0, 2)
    assert made["base"] == weights_digest(BASE)


def test_its_settings_are_read_strictly(installed: None, tmp_path: Path, cli: Callable[..., Done]) -> None:
    changed = ("--out", tmp_path / "x", "--dry-run", "--set", "method_settings.most=3")
    done = cli("train", tmp_path / "brevity_figures.toml", *changed)
    assert (done.code, "unknown key 'most'" in done.err) == (2, True), done.err


def test_without_it_the_methods_there_are_are_named(site: Path, tmp_path: Path, cli: Callable[..., Done]) -> None:
    done = cli("train", tmp_path / "brevity_figures.toml", "--out", tmp_path / "x", "--dry-run")
    assert done.code == 2
    assert "no method is called 'brevity'" in done.err
    assert "lmsi" in done.err


def test_a_stage_that_makes_too_little_says_what_was_found_and_needed(
    installed: None, tmp_path: Path, cli: Callable[..., Done]
) -> None:
    training = tmp_path / "training"
    done = cli("train", tmp_path / "brevity_figures.toml", "--out", training, "--set", "method_settings.longest=1")
    assert done.code == 2
    assert "made 0 examples, fewer than collect.least = 4: 8 prompts; needed: responses with a box" in done.err
    assert (training / "stages" / "1-brevity" / "asked" / "responses" / "run.json").is_file()
    assert not (training / "checkpoints").exists()
