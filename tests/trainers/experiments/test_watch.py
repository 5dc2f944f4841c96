"""The watcher examines every finished checkpoint exactly once, whoever wrote it and whenever it starts."""

import shutil
import threading
from pathlib import Path

import pytest

from proctor.benchmarks.examination import find_runs, plan
from proctor.harness.cli import main
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Sampling
from proctor.trainers.experiments.watch import Watcher
from proctor.trainers.tiny import BASE


def copy(name: Path, marked: bool = True) -> Path:
    shutil.copytree(BASE, name)
    if marked:
        (name / "COMPLETE").touch()
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
