"""Trackers of experiments follow a training by its recipe, and none of them can end it."""

import json
import sys

import pytest

from proctor.harness.errors import UsageError
from proctor.trainers.provenance import trained_by
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tracking import LiveTrackers

SMALL = ("policy.steps=2", "policy.prompts=2", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=8")


def train(cli, out, *changes, resume=False):
    sets = [word for change in (*SMALL, *changes) for word in ("--set", change)]
    return cli("train", "mm_upt_figures", "--out", out, *sets, *(["--resume"] if resume else []))


def test_a_tracker_that_is_not_installed_does_not_end_the_training(cli, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.delitem(sys.modules, "proctor.harness.trackers.wandb", raising=False)
    done = train(cli, tmp_path / "one", 'track.to=["wandb", "tensorboard"]')
    assert done.code == 0
    assert done.err.count("wandb does not follow the training any more: this needs wandb") == 1
    assert len((tmp_path / "one" / "metrics.jsonl").read_text().splitlines()) == 2
    assert json.loads((tmp_path / "one" / "training.json").read_text())["identity"]["recipe"]["track"]
    done = train(cli, tmp_path / "one", "track.to=[]", "policy.steps=3", resume=True)
    assert (done.code, "does not follow" in done.err) == (0, False)


def test_who_follows_a_training_is_no_part_of_what_it_is(tmp_path):
    found = []
    for changes in ([], ['track.to=["trackio"]']):
        recipe = load_recipe("mm_upt_figures", changes).to_json()
        assert ("track" in recipe) == bool(changes)
        identity = {"recipe": recipe, "base": {"weights": "a" * 64}}
        folder = tmp_path / str(len(found))
        folder.mkdir()
        (folder / "training.json").write_text(json.dumps({"identity": identity}))
        found.append(trained_by(folder))
    assert found[0] == found[1]


def test_a_tracker_that_fails_at_a_step_is_not_told_more(monkeypatch, capsys):
    told = []

    class Failing:
        def log(self, step, values):
            told.append(step)
            if step == 2:
                raise RuntimeError("the disk is full\nand more")

        def close(self):
            told.append("closed")

    monkeypatch.setattr("proctor.trainers.tracking._OPEN", {"wandb": lambda *of: Failing()})
    trackers = LiveTrackers(load_recipe("mm_upt_figures", ['track.to=["wandb"]']).track, "t", {})
    for step in (1, 2, 3):
        trackers.log(step, {"reward": 1.0})
    trackers.close()
    assert told == [1, 2]
    assert capsys.readouterr().err == "wandb does not follow the training any more: the disk is full\n"


@pytest.mark.parametrize("change", ['track.to=["mlflow"]', 'track.project=" "', "track.mode='x'"])
def test_words_that_are_none_are_refused(change):
    with pytest.raises(UsageError, match="track"):
        load_recipe("mm_upt_figures", [change])
