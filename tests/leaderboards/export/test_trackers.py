"""Trackers get a training's metrics and the scores of its checkpoints at their steps, and each gives them back."""

import dataclasses
import json
import os
import struct
import subprocess
import sys

import pytest

from proctor.benchmarks.examination import score_run
from proctor.harness.cli import main
from proctor.harness.errors import DataError, UsageError, install
from proctor.harness.runs.evaluate import run_eval
from proctor.leaderboards.board.table import rows
from proctor.leaderboards.export.curves import read_curves

METRICS = [{"step": n, "reward": n / 4, "kl": 0.125} for n in range(1, 5)]
SCORE = "examination/figures/strict/accuracy"


@pytest.fixture
def training(tmp_path):
    """A training of four steps, whose last line is being written."""
    folder = tmp_path / "my-training"
    folder.mkdir()
    identity = {"recipe": {"name": "r", "policy": {"steps": 4}}, "base": {"weights": "b", "configuration": ""}}
    (folder / "training.json").write_text(json.dumps({"identity": identity}))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(one) + "\n" for one in METRICS) + '{"step": 5, "rew')
    return folder


@pytest.fixture
def runs(tmp_path, examine, scripted):
    """Runs of its base, two of its checkpoints and a stranger; `right` items of four are answered rightly."""

    def run(name, right, weights):
        say = lambda item, sample: r"\boxed{5}" if int(item[1:]) < right else r"\boxed{6}"  # noqa: E731
        run_eval(examine(), scripted(say, name, weights), tmp_path / "runs" / name.replace("/", "-"))

    run("some-base", 1, "b")
    run("my-training/step-000002", 2, "c")
    run("my-training/step-000004", 4, "d")
    run("stranger/step-000002", 3, "e")
    return tmp_path / "runs"


def all_rows(folder):
    return [row for path in sorted(folder.iterdir()) for row in rows(score_run(path))]


def test_metrics_and_scores_come_together_by_step(training, runs):
    curves = read_curves(training, all_rows(runs))
    points = dict(curves.points)
    assert curves.name == "my-training"
    assert curves.settings["recipe"]["policy"] == {"steps": 4}
    assert list(points) == [0, 1, 2, 3, 4]
    assert points[1] == {"train/reward": 0.25, "train/kl": 0.125}
    assert {step: values[SCORE] for step, values in points.items() if SCORE in values} == {0: 0.25, 2: 0.5, 4: 1.0}
    assert points[2]["train/reward"] == 0.5
    assert points[2][f"{SCORE} low"] < 0.5 < points[2][f"{SCORE} high"]
    assert points[4][f"{SCORE}/task=read"] == 1.0


def test_a_training_without_examinations(training):
    assert len(read_curves(training).points) == 4


def test_an_incomplete_run_has_no_point(training, tmp_path, examine, scripted):
    failing = scripted(lambda item, sample: RuntimeError("no memory"), "my-training/step-000002")
    run_eval(examine(), failing, tmp_path / "runs" / "failed")
    incomplete = all_rows(tmp_path / "runs")
    partial = [dataclasses.replace(row, status="partial", score="0.5") for row in incomplete]
    for found in (incomplete, partial):
        assert not any(SCORE in values for _, values in read_curves(training, found).points)


def test_two_runs_that_claim_one_place_are_refused(training, runs, examine, scripted):
    run_eval(examine(seed=1), scripted(name="my-training/step-000002", weights="c"), runs / "again")
    with pytest.raises(UsageError, match="name the runs of one sampling"):
        read_curves(training, all_rows(runs))


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[1]",
        '{"step": "1"}',
        '{"step": true}',
        '{"step": -1}',
        '{"step": 9, "x": NaN}',
        '{"step": 9, "x": 1e999}',
        '{"step": 9, "x": "1"}',
        '{"step": 9, "x": true}',
        '{"step": 9, "x": [1]}',
        '{"step": 4, "x": 1}',
        "[" * 10000,
    ],
)
def test_damaged_metrics_are_refused_with_their_place(training, line):
    text = "".join(json.dumps(one) + "\n" for one in METRICS) + line + "\n"
    (training / "metrics.jsonl").write_text(text)
    with pytest.raises(DataError, match=r"metrics\.jsonl"):
        read_curves(training)


def test_what_is_no_training_is_refused(tmp_path, training):
    with pytest.raises(UsageError, match="no training directory"):
        read_curves(tmp_path)
    for text in ("", "{}", '{"identity": []}', "[" * 10000):
        (training / "training.json").write_text(text)
        with pytest.raises(DataError, match="damaged"):
            read_curves(training)


def test_a_hostile_metric_is_a_name_on_one_line(training):
    (training / "metrics.jsonl").write_text(json.dumps({"step": 1, "a\n\u202e" + 300 * "x": 1}) + "\n")
    ((_, values),) = read_curves(training).points
    (name,) = values
    assert name.startswith("train/a\\n\\u202exxx")
    assert len(name) == 200


def test_tensorboard_reads_every_value_back(training, runs, tmp_path, cli):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out = tmp_path / "events"
    done = cli("board", "export", "tensorboard", training, "--runs", runs, "--out", out, "--json")
    assert done.code == 0
    assert json.loads(done.out) == {"training": "my-training", "steps": 5, "examined": [0, 2, 4], "where": str(out)}
    found = EventAccumulator(str(out / "my-training")).Reload()
    curves = read_curves(training, all_rows(runs))
    names = {name for _, values in curves.points for name in values}
    assert set(found.Tags()["scalars"]) == names
    for name in names:
        expected = [(step, pytest.approx(values[name])) for step, values in curves.points if name in values]
        assert [(one.step, one.value) for one in found.Scalars(name)] == expected


def test_tensorboard_writes_the_same_bytes_in_one_file(training, runs, tmp_path, cli):
    pytest.importorskip("tensorboard")
    out, written = tmp_path / "events", []
    for _ in range(2):
        assert cli("board", "export", "tensorboard", training, "--runs", runs, "--out", out).code == 0
        (file,) = (out / "my-training").iterdir()
        written.append(file.read_bytes())
    assert written[0] == written[1]


def test_runs_of_other_models_are_said_to_be_none(training, tmp_path, examine, scripted, cli):
    pytest.importorskip("tensorboard")
    run_eval(examine(), scripted(), tmp_path / "runs" / "other")
    done = cli("board", "export", "tensorboard", training, "--runs", tmp_path / "runs", "--out", tmp_path / "events")
    assert done.code == 0
    assert "no run is an examination of a checkpoint of my-training" in done.err


def test_a_tracker_that_is_not_installed_is_one_clear_line(training, tmp_path, cli, monkeypatch):
    for name in ("wandb", "trackio"):
        monkeypatch.setitem(sys.modules, name, None)
        for package in ("leaderboards.export", "harness.trackers"):
            monkeypatch.delitem(sys.modules, f"proctor.{package}.{name}", raising=False)
        done = cli("board", "export", name, training, "--project", "p")
        assert done.code == 2
        assert f"this needs {name}: {install('trackers')}" in done.err


def logged_by_wandb(file):
    """The history of an offline run: LevelDB's log format after a header of 7 bytes, of `Record` messages."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, at, message, found = file.read_bytes(), 7, b"", []
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        message += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last of several
            record, message = Record.FromString(message), b""
            if record.HasField("history"):
                items = {one.key or "/".join(one.nested_key): json.loads(one.value_json) for one in record.history.item}
                found.append(items)
    return found


def test_wandb_gets_every_value_offline(training, runs, tmp_path, monkeypatch, cli_process):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    done = cli_process("board", "export", "wandb", training, "--runs", runs, "--project", "p", "--json")
    assert done.code == 0, done.err
    (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    assert json.loads(done.out)["where"] == str(file.parent)
    found = {
        one.pop("_step"): {name: value for name, value in one.items() if name[0] != "_"}
        for one in logged_by_wandb(file)
    }
    assert found == {step: dict(values) for step, values in read_curves(training, all_rows(runs)).points}


def test_wandb_refuses_in_one_line(training, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    assert main(["board", "export", "wandb", str(training), "--project", "a/b:c"]) == 2


def test_trackio_gets_every_value(training, runs, tmp_path, monkeypatch, cli_process):
    pytest.importorskip("trackio")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    done = cli_process("board", "export", "trackio", training, "--runs", runs, "--project", "p", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["where"] == "project p"
    assert logged_by_trackio() == (
        "my-training",
        {step: dict(values) for step, values in read_curves(training, all_rows(runs)).points},
    )


def logged_by_trackio():
    """The one run of project p in TRACKIO_DIR: its name, and its values by step."""
    code = (
        "import json; from trackio.sqlite_storage import SQLiteStorage as store\n"
        "(name,) = store.get_runs('p'); print(json.dumps([name, store.get_logs('p', name)]))"
    )
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, logged = json.loads(read.stdout)
    return name, {one.pop("step"): {key: value for key, value in one.items() if key != "timestamp"} for one in logged}


FOLLOWED = """
import sys
from proctor.trainers.recipe_settings import TrackSettings
from proctor.trainers.tracking import LiveTrackers

trackers = LiveTrackers(TrackSettings((sys.argv[1],), sys.argv[2]), "my-training", {"recipe": {"name": "r"}})
for step, reward in ((1, 0.25), (2, 0.5)):
    trackers.log(step, {"reward": reward, "kl": 0.125})
trackers.close()
"""


def followed(tracker, project="p", **environment):
    """Two steps of a training told to a tracker as it runs; what the process said."""
    told = os.environ | environment
    command = [sys.executable, "-c", FOLLOWED, tracker, project]
    return subprocess.run(command, capture_output=True, text=True, env=told, check=True).stderr


STEPS = {1: {"train/reward": 0.25, "train/kl": 0.125}, 2: {"train/reward": 0.5, "train/kl": 0.125}}


def test_wandb_follows_a_training_offline_whatever_the_environment_says(tmp_path):
    pytest.importorskip("wandb")
    said = followed("wandb", WANDB_MODE="online", WANDB_DIR=str(tmp_path))
    (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    found = {
        one.pop("_step"): {name: value for name, value in one.items() if name[0] != "_"}
        for one in logged_by_wandb(file)
    }
    assert found == STEPS
    assert "does not follow" not in said


def test_trackio_follows_a_training_here_whatever_the_environment_says(tmp_path, monkeypatch):
    pytest.importorskip("trackio")
    said = followed("trackio", TRACKIO_DIR=str(tmp_path), TRACKIO_SPACE_ID="somebody/space")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    name, found = logged_by_trackio()
    assert (name, found) == ("my-training", STEPS)
    assert "does not follow" not in said


def test_a_tracker_that_refuses_is_left_out_with_one_warning(tmp_path):
    pytest.importorskip("wandb")
    said = followed("wandb", project="a/b:c", WANDB_DIR=str(tmp_path))
    assert said.count("wandb does not follow the training any more: ") == 1
