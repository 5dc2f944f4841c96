"""The bundled checkpoints by their names, and what a study of them is estimated to take."""

import re
import shutil

import pytest

import proctor
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.tiny import BASE, TALKER

ASKED = ("--suite", "figures", "--limit", "2", "--max-tokens", "8")
STUDY = """
    [suites]
    figures = { data = "sample", limit = 2 }
    [examine]
    max_tokens = 2
    [models]
    base = "tiny"
    other = "tiny_talker"
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def weights(cli, model):
    done = cli("eval", "--model", model, *ASKED)
    assert done.code == 0, done.err
    return proctor.score(done.out.splitlines()[-1]).scored.run.manifest.identity["model"]["weights"]


def test_bundled_checkpoints_are_named_and_a_folder_of_that_name_wins(cli, tmp_path):
    assert weights(cli, "tiny") == weights_digest(BASE)
    found = proctor.evaluate("tiny_talker", "figures", limit=1, max_tokens=2)
    assert found.scored.run.manifest.identity["model"]["weights"] == weights_digest(TALKER)
    shutil.copytree(TALKER, tmp_path / "tiny")
    assert weights(cli, "tiny") == weights_digest(TALKER)


def test_a_training_starts_from_a_bundled_checkpoint_by_its_name(cli, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other").write_text("")
    done = cli("train", "mm_upt_figures", "--base", "tiny_talker", "--out", "full")
    assert done.code == 2
    assert "full" in done.err, "the base was found, and then the folder refused"


def test_a_study_is_not_estimated_to_take_longer_answers_than_it_allows(cli, tmp_path):
    weights(cli, "tiny")
    (tmp_path / "study.toml").write_text(STUDY)
    done = cli("run", "study.toml", "--dry-run")
    assert done.code == 0, done.err
    assert re.search(r"2 answers; 4 tokens, ", done.out), done.out
    assert "without 1 examination of unknown speed" in done.out
