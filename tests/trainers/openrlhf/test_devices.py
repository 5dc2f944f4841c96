"""Which GPUs a training, its judge and the examinations of its checkpoints see."""

import json
import os
import shutil

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.folder import lock_folder
from proctor.trainers.openrlhf.devices import VISIBLE, Devices
from proctor.trainers.recipe import load_recipe
from proctor.trainers.recipe_settings import OpenRlhfSettings
from proctor.trainers.training import TrainingFolder

SETTINGS = OpenRlhfSettings(gpus=4, engines=4, judge_gpus=1, examine_gpus=2)

ENGINE = """
import os
from pathlib import Path

from proctor.harness.types import Response


class Seeing:
    def __init__(self, name):
        self.name = name

    def identity(self):
        return {"seeing": self.name}

    def versions(self):
        return {}

    def generate(self, requests, sampling):
        for request in requests:
            yield Response(request.item_id, 0, os.environ.get("CUDA_VISIBLE_DEVICES", "all"), finish_reason="stop")


def open_engine(target, options):
    return Seeing(target)
"""


@pytest.mark.parametrize(
    ("visible", "wanted"),
    [
        ("", (("0", "1", "2", "3"), ("4",), ("5", "6"))),
        ("7,6,5,4,3,2,1", (("7", "6", "5", "4"), ("3",), ("2", "1"))),
        ("GPU-a,GPU-b,GPU-c,GPU-d,GPU-e,GPU-f,GPU-g,GPU-h", None),
    ],
)
def test_each_has_its_own(monkeypatch, visible, wanted):
    monkeypatch.setenv(VISIBLE, visible)
    devices = Devices.of(SETTINGS, reference=True)
    parts = (devices.training, devices.judge, devices.examinations)
    assert wanted is None or parts == wanted
    assert [len(part) for part in parts[1:]] == [1, 2]
    assert len(set(sum(parts, ()))) == len(sum(parts, ()))
    assert devices.environment(devices.judge)[VISIBLE] == ",".join(devices.judge)
    alone = Devices.of(OpenRlhfSettings(gpus=4, engines=4), reference=True)
    assert alone.environment(alone.training).get(VISIBLE) == visible
    assert alone.environment(alone.training)["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize("running", [True, False])
def test_examinations_of_a_running_training_see_what_is_left_to_them(cli, tmp_path, tiny, monkeypatch, running):
    monkeypatch.setenv(VISIBLE, "0,1,2,3,4,5,6")
    training = tmp_path / "training"
    with TrainingFolder(training, load_recipe("mm_upt_figures_openrlhf"), tiny, resume=False):
        Devices.of(SETTINGS, reference=True).write(training)
        shutil.copytree(tiny, training / "checkpoints" / "step-000001")
    (tmp_path / "engine.py").write_text(ENGINE)
    asked = ("--suite", "figures", "--limit", 2, "--once", "--out", tmp_path / "runs")
    lock = lock_folder(training, "training", "training there") if running else None
    done = cli("watch", training, *asked, "--engine", f"{tmp_path}/engine.py:open_engine")
    if lock:
        lock.release()
    assert done.code == 0, done.err
    (file,) = (tmp_path / "runs").glob("*/responses.jsonl")
    seen = {json.loads(line)["text"] for line in file.read_text().splitlines()}
    assert seen == {"5,6" if running else "0,1,2,3,4,5,6"}
    assert os.environ[VISIBLE] == seen.pop()


def test_several_nodes_have_none_to_spare():
    with pytest.raises(UsageError, match="examine_gpus are of one node"):
        OpenRlhfSettings(nodes=2, engines=16, examine_gpus=1)
