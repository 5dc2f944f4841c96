"""The watcher examines every finished checkpoint exactly once, whoever wrote it and whenever it starts."""

import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from proctor.benchmarks.examination import find_runs, plan
from proctor.harness.cli import main
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Sampling
from proctor.trainers.experiments.watch import Watcher
from proctor.trainers.tiny import BASE, TALKER


def copy(name: Path, marked: bool = True) -> Path:
    shutil.copytree(BASE, name)
    if marked:
        (name / "COMPLETE").touch()
    return name


def taught(name: Path) -> Path:
    """A checkpoint whose weights are its own."""
    file = copy(name) / "model.safetensors"
    weights = load_file(file)
    weights[min(weights)][...] += len(list(name.parent.iterdir()))
    save_file(weights, file, {"format": "pt"})
    return name


def watcher(tmp_path: Path, told: list[str], opened: list[Path] | None = None) -> Watcher:
    def open_engine(path: Path) -> TransformersEngine:
        if opened is not None:
            opened.append(path)
        return TransformersEngine(path)

    plans = [plan("figures", "strict", Sampling(max_tokens=8), limit=4)]
    return Watcher(tmp_path / "training", tmp_path / "runs", plans, open_engine, told.append, quiet=0.2)


def sweep(one: Watcher) -> None:
    one.follow(threading.Event(), until_idle=True)


def test_what_is_examined_is_not_loaded_again(tmp_path: Path) -> None:
    checkpoints = tmp_path / "training" / "checkpoints"
    checkpoints.mkdir(parents=True)
    for step in (1, 2, 3):
        taught(checkpoints / f"step-{step:06}")
    (tmp_path / "training" / "training.json").write_text("{}")
    sweep(watcher(tmp_path, []))
    found = (tmp_path / "training" / "examined.jsonl").read_bytes()
    told: list[str] = []
    opened: list[Path] = []
    (sealed,) = (tmp_path / "runs").glob("*step-000003*/run.json")
    sealed.write_text(json.dumps({**json.loads(sealed.read_text()), "seal": None}))
    sweep(watcher(tmp_path, told, opened))
    assert [path.name for path in opened] == ["step-000001", "step-000003"]
    assert [line.split()[2] for line in told if line.startswith("nothing new")] == [
        f"training/step-00000{step}" for step in (1, 2, 3)
    ]
    assert len(find_runs([tmp_path / "runs"])) == 3
    assert (tmp_path / "training" / "examined.jsonl").read_bytes() == found


def test_each_checkpoint_is_examined_once(tmp_path: Path) -> None:
    (tmp_path / "training" / "checkpoints").mkdir(parents=True)
    copy(tmp_path / "training" / "checkpoints" / "step-000001")
    told: list[str] = []
    opened: list[Path] = []
    first = watcher(tmp_path, told, opened)
    sweep(first)
    sweep(first)
    assert len(opened) == 1
    (run,) = find_runs([tmp_path / "runs"])
    journal = (run / "responses.jsonl").read_bytes()
    (first_line,) = told
    assert first_line.startswith("evaluated training/step-000001 on 1 suite in ")
    sweep(watcher(tmp_path, told))  # another watcher, started later
    assert told[1:] == [f"nothing new: training/step-000001 is already evaluated on 1 suite in {tmp_path / 'runs'}"]
    assert find_runs([tmp_path / "runs"]) == [run]
    assert (run / "responses.jsonl").read_bytes() == journal
    assert RunReader(run).manifest.environment["model_name"] == "training/step-000001"


def test_the_same_weights_under_two_names_are_examined_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        copy(tmp_path / "training" / name)
    opened: list[Path] = []
    sweep(watcher(tmp_path, [], opened))
    assert len(opened) == 1
    assert len(find_runs([tmp_path / "runs"])) == 1


def test_a_checkpoint_that_its_training_drops_meanwhile_is_no_problem(tmp_path: Path) -> None:
    def open_engine(path: Path) -> TransformersEngine:
        if path.name == "step-000001":
            shutil.rmtree(path)
        return TransformersEngine(path)

    for step in (1, 2):
        copy(tmp_path / "training" / "checkpoints" / f"step-{step:06d}")
    told: list[str] = []
    one = watcher(tmp_path, told)
    one.open_engine = open_engine
    sweep(one)
    assert not one.problems
    assert len(told) == len(find_runs([tmp_path / "runs"])) == 1


def test_a_checkpoint_of_another_program_counts_when_it_is_whole(tmp_path: Path) -> None:
    checkpoint = copy(tmp_path / "training" / "global_step5_hf", marked=False)
    weights = checkpoint / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    told: list[str] = []
    one = watcher(tmp_path, told)
    sweep(one)
    assert "unfinished" in told[0]
    assert one.problems
    weights.write_bytes(whole)
    sweep(one)
    assert not one.problems
    assert len(find_runs([tmp_path / "runs"])) == 1


def test_a_checkpoint_without_processor_is_told_once_and_the_others_are_examined(tmp_path: Path) -> None:
    bad = copy(tmp_path / "training" / "a")
    (bad / "preprocessor_config.json").unlink()
    good = copy(tmp_path / "training" / "b")
    told: list[str] = []
    one = watcher(tmp_path, told)
    sweep(one)
    sweep(one)
    assert [message for message in told if "no image processor" in message] == told[:1]
    assert len(find_runs([tmp_path / "runs"])) == 1
    assert set(one.problems) == {bad}
    assert good not in one.problems


def test_a_checkpoint_that_is_overwritten_is_examined_again(tmp_path: Path) -> None:
    checkpoint = copy(tmp_path / "training" / "latest", marked=False)
    told: list[str] = []
    one = watcher(tmp_path, told)
    sweep(one)
    shutil.rmtree(checkpoint)
    shutil.copytree(TALKER, checkpoint)
    sweep(one)
    assert len(find_runs([tmp_path / "runs"])) == 2
    assert not one.problems


def test_neither_what_grows_nor_what_has_its_length_alone_is_examined(tmp_path: Path) -> None:
    checkpoint = copy(tmp_path / "training" / "a", marked=False)
    weights = checkpoint / "model.safetensors"
    whole = weights.read_bytes()
    with weights.open("wb") as file:  # as one who makes room before writing
        file.write(whole[: len(whole) // 2])
        file.truncate(len(whole))
    told: list[str] = []
    opened: list[Path] = []
    one = watcher(tmp_path, told, opened)
    one.quiet = 6.0
    thread = threading.Thread(target=sweep, args=(one,))
    thread.start()
    for _ in range(16):
        time.sleep(0.5)
        with (checkpoint / "log.txt").open("a") as file:
            file.write("more")
    assert not told
    thread.join(60)
    assert not opened
    assert "unfinished: nothing was written from byte" in told[0]
    weights.write_bytes(whole)
    sweep(one)
    assert opened == [checkpoint]
    assert not one.problems


def test_dates_in_the_future_do_not_stall(tmp_path: Path) -> None:
    checkpoint = copy(tmp_path / "training" / "a", marked=False)
    tomorrow = time.time() + 86400
    for file in checkpoint.iterdir():
        os.utime(file, (tomorrow, tomorrow))
    thread = threading.Thread(target=sweep, args=(watcher(tmp_path, []),), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert len(find_runs([tmp_path / "runs"])) == 1


def test_a_checkpoint_that_fails_is_not_loaded_for_ever(tmp_path: Path) -> None:
    opened: list[Path] = []
    stop = threading.Event()

    def open_engine(path: Path) -> TransformersEngine:
        opened.append(path)
        raise RuntimeError("out of memory")

    checkpoint = copy(tmp_path / "training" / "a")
    one = watcher(tmp_path, [])
    one.open_engine, one.retries = open_engine, (0.0, 0.0)
    thread = threading.Thread(target=one.follow, args=(stop,))
    thread.start()
    time.sleep(6)
    before = len(opened)
    (checkpoint / "generation_config.json").write_text("{}")  # it is another one now
    (checkpoint / "COMPLETE").touch()
    time.sleep(6)
    stop.set()
    thread.join(10)
    assert (before, len(opened)) == (3, 6)


def test_it_asks_as_the_training_asked(cli, tmp_path: Path) -> None:
    settings = ["policy.steps=1", "policy.prompts=2", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=7"]
    changes = [part for one in (*settings, "protocol=mm_upt", "prompts.max_pixels=6272") for part in ("--set", one)]
    assert cli("train", "mm_upt_figures", *changes, "--out", tmp_path / "training").code == 0
    asked = ("watch", tmp_path / "training", "--suite", "figures", "--limit", 2, "--once")
    done = cli(*asked, "--out", tmp_path / "as trained")
    assert done.code == 0, done.err
    assert "ask its base with: --protocol=mm_upt --max-tokens=7 --max-pixels=6272" in done.err
    assert cli(*asked, "--protocol", "strict", "--max-tokens", 5, "--out", tmp_path / "told").code == 0
    found = [RunReader(run).manifest for name in ("as trained", "told") for run in find_runs([tmp_path / name])]
    assert [one.sampling.max_tokens for one in found] == [7, 5]
    assert [one.asked_by.partition("+")[0] for one in found] == ["mm_upt", "strict"]


def test_a_training_of_a_protocol_of_a_file_executes_none(cli, tmp_path: Path) -> None:
    settings = ["policy.steps=1", "policy.prompts=2", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=7"]
    changes = [part for one in settings for part in ("--set", one)]
    assert cli("train", "mm_upt_figures", *changes, "--out", tmp_path / "training").code == 0
    file = tmp_path / "training" / "training.json"
    stored = json.loads(file.read_text())
    stored["identity"]["recipe"]["protocol"] = f"{tmp_path}/evil.py:PROTOCOL"
    file.write_text(json.dumps(stored))
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')")
    done = cli("watch", tmp_path / "training", "--suite", "figures", "--once", "--out", tmp_path / "runs")
    assert done.code == 2
    assert "--protocol FILE.py:NAME" in done.err
    assert not (tmp_path / "executed").exists()


def test_a_folder_without_checkpoints_says_so(start, tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    watch = start("-m", "proctor.harness.cli", "watch", tmp_path / "training", "--suite", "figures")
    assert watch.stderr is not None
    assert b"no checkpoints in" in watch.stderr.readline()
    watch.send_signal(signal.SIGHUP)
    watch.communicate(timeout=60)
    assert watch.returncode == 130


def test_it_waits_for_the_end_of_the_training(tmp_path: Path) -> None:
    copy(tmp_path / "training" / "a")
    one = watcher(tmp_path, [])
    thread = threading.Thread(target=one.follow, args=(threading.Event(), True))
    thread.start()
    thread.join(4)
    assert thread.is_alive()
    (tmp_path / "training" / "finished.json").write_text("{}")
    thread.join(10)
    assert not thread.is_alive()


def test_command_line_ends_with_3_when_a_checkpoint_could_not_be_examined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = copy(tmp_path / "training" / "a")
    (bad / "tokenizer.json").unlink()
    arguments = [
        "watch",
        str(tmp_path / "training"),
        "--suite",
        "iconqa",
        "--data",
        "sample",
        "--once",
        "--out",
        str(tmp_path / "runs"),
    ]
    assert main(arguments) == 3
    assert "no tokenizer" in capsys.readouterr().err


def test_one_bad_checkpoint_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    bad = copy(tmp_path / "training" / "a")
    (bad / "generation_config.json").write_text('{"eos_token_id": "x"}')
    copy(tmp_path / "training" / "b")
    one = watcher(tmp_path, [])
    sweep(one)
    assert set(one.problems) == {bad}
    assert len(find_runs([tmp_path / "runs"])) == 1
