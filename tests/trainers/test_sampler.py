"""Training prompts of a suite's data: the lock file holds for them too."""

import shutil

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.harness.errors import DataError
from proctor.trainers.recipe import PromptSettings
from proctor.trainers.sampler import training_prompts


@pytest.fixture
def charts(tmp_path, monkeypatch):
    """A copy of a bundled sample in the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SAMPLES / "images", tmp_path / "images")
    return shutil.copy(SAMPLES / "chartqa.jsonl", tmp_path / "chartqa.jsonl")


def test_data_that_the_lock_file_names_must_be_as_it_has_them(charts, cli):
    settings = PromptSettings("chartqa", str(charts))
    before = training_prompts(settings, 3)(0, 8)
    assert cli("suite", "pull", "chartqa", "--data", charts).code == 0
    assert training_prompts(settings, 3)(0, 8) == before
    charts.write_text(charts.read_text().replace("?", "!", 1))
    with pytest.raises(DataError, match=r"not those of proctor-data\.lock: digest .*differing ids: 'h1' \(changed\)"):
        training_prompts(settings, 3)


def test_the_hub_must_be_pinned_first(charts):
    with pytest.raises(DataError, match="pin it first with `proctor suite pull chartqa`"):
        training_prompts(PromptSettings("chartqa", "hub"), 3)
