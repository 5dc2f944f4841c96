"""Several engines in Ray's workers: the same run as one engine's, and a killed worker loses nothing."""

import hashlib
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from .processes import ray_cluster, started_with

pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
pytestmark = [pytest.mark.engine, pytest.mark.slow]

EVAL = ("eval", "--suite", "figures", "--limit", "300", "--max-tokens", "40")


def journals(folder: Path) -> set[str]:
    return {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("responses.jsonl")}


def test_two_workers_make_the_run_of_one_engine(cli_process, tiny, tmp_path):
    for out, workers in (("one", 1), ("two", 2)):
        done = cli_process(*EVAL, "--model", tiny, "--out", tmp_path / out, "--workers", workers)
        assert done.code == 0, done.err
    assert journals(tmp_path / "one") == journals(tmp_path / "two")
    assert len(journals(tmp_path / "one")) == 1


def test_a_running_cluster_is_joined(cli_process, tiny, tmp_path):
    with ray_cluster("--num-cpus=2", environment=os.environ) as environment:
        arguments = ("--limit", 20, "--workers", 2, "--ray", environment["RAY_ADDRESS"], "--out", tmp_path)
        done = cli_process(*EVAL[:3], "--max-tokens", 40, "--model", tiny, *arguments, env=environment)
    assert done.code == 0, done.err
    assert len(journals(tmp_path)) == 1


def test_a_killed_worker_ends_the_run_which_resumes(cli_process, tiny, tmp_path, monkeypatch):
    """The first worker that has answered is killed; what was answered stays, and the same command finishes it."""
    killed = threading.Event()
    monkeypatch.setenv("KILLED_IN", str(tmp_path))
    monkeypatch.setenv("SPT_NOENV", "1")  # a worker that renames itself keeps its environment

    def kill_a_worker() -> None:
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline and not killed.is_set():
            lines = sum(len(file.read_bytes().splitlines()) for file in tmp_path.rglob("responses.jsonl"))
            workers = started_with(f"KILLED_IN={tmp_path}", "ray::ReplicaWorker") if lines else []
            if workers:
                os.kill(workers[0], signal.SIGKILL)
                killed.set()
            time.sleep(0.05)

    killer = threading.Thread(target=kill_a_worker)
    killer.start()
    command = (*EVAL, "--model", tiny, "--out", tmp_path)
    done = cli_process(*command, "--workers", 2)
    killed.set()
    killer.join()
    assert done.code == 3, done.err
    assert "a worker died" in done.err
    assert done.err.count("Traceback") == 0
    assert cli_process(*command).code == 0
    alone = tmp_path.parent / "alone"
    assert cli_process(*EVAL, "--model", tiny, "--out", alone).code == 0
    assert journals(tmp_path) == journals(alone)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workers", 0), "at least one worker"),
        (("--workers", 2, "--engine-option", "colour=red"), "no option 'colour'"),
        (("--workers", 1, "--ray", "127.0.0.1:1"), "cannot reach a Ray cluster"),
    ],
    ids=["none", "a bad option", "no cluster"],
)
def test_a_mistake_is_one_line(cli_process, tiny, tmp_path, arguments, said):
    done = cli_process(*EVAL, "--model", tiny, "--out", tmp_path, *arguments)
    assert done.code in (2, 3)
    assert said in done.err
    assert "Traceback" not in done.err


SPREAD = """
import os
from proctor.harness.types import Response

class Spread:
    name = "spread"
    def __init__(self, target, options): pass
    def identity(self): return {}
    def versions(self): return {}
    def generate(self, requests, sampling):
        import time
        for one in requests:
            time.sleep(0.05)
            yield from (Response(one.item_id, k, os.environ.get("CUDA_VISIBLE_DEVICES", "")) for k in one.samples)
"""


def test_a_worker_has_the_gpus_that_its_model_is_spread_over(cli_process, tmp_path):
    """Ray is told of GPUs that are not there; each worker says which are its own."""
    (tmp_path / "spread.py").write_text(SPREAD)
    spread = ("--engine", f"{tmp_path / 'spread.py'}:Spread", "--engine-option", "tensor_parallel=2", "--model", "x")
    with ray_cluster("--num-cpus=4", "--num-gpus=6", environment=os.environ) as environment:
        fleet = ("--ray", environment["RAY_ADDRESS"], "--out", tmp_path / "runs")
        done = cli_process(*EVAL, *spread, *fleet, "--workers", 3, env=environment)
        many = cli_process(*EVAL, *spread, *fleet, "--workers", 4, env=environment)
    assert done.code == 0, done.err
    (journal,) = (tmp_path / "runs").rglob("responses.jsonl")
    seen = {json.loads(line)["text"] for line in journal.read_text().splitlines()}
    assert sorted(gpu for one in seen for gpu in one.split(",")) == list("012345")
    assert {len(one.split(",")) for one in seen} == {2}
    assert many.code == 2
    assert "4 workers of 2 GPUs each need 8; the cluster has 6" in many.err
