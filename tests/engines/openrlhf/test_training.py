"""Whole trainings on OpenRLHF through the real command line: Ray, vLLM, DeepSpeed, a judge's server, on a CPU."""

from __future__ import annotations

import csv
import io
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.runs.checkpoints import COMPLETE, check_whole
from proctor.trainers.tiny import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CHANGES = (
    *("policy.steps=2", "policy.prompts=4", "checkpoint_every=1"),
    *("optimiser.warmup_steps=0", "optimiser.learning_rate=1e-3"),  # large, so that bf16 weights move at once
)
SMALL = tuple(part for change in CHANGES for part in ("--set", change))
ENDS_WITHIN = 120.0
"""Seconds in which a training ends, with a clear line, when one of its processes is killed."""


def processes(title: str) -> list[int]:
    """Ids of running processes with `title` in their command line or name, this one left out."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if title in command and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def gone(title: str, within: float = 60.0) -> bool:
    """True once no process has that title."""
    deadline = time.monotonic() + within
    while processes(title):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


@pytest.mark.parametrize("recipe", ["mm_upt_figures_openrlhf", "actor_judge_figures_openrlhf"])
def test_two_steps_with_checkpoints_that_are_examined_once(train, cli_process, tmp_path, recipe):
    training = train(recipe, *SMALL)
    code, said = training.end()
    assert code == 0, said
    steps = training.metrics()
    assert [one["step"] for one in steps] == [1, 2]
    assert all(abs(one["vllm_kl"]) < 0.05 for one in steps), steps  # the second after an update
    assert all(one["seconds_broadcasting"] > 0 for one in steps)
    if recipe.startswith("actor_judge"):
        assert all("judge_score" in one and one["judge_failed_share"] <= 0.2 for one in steps)
        assert gone("vllm.entrypoints.openai.api_server")

    paths = training.checkpoints()
    assert [path.name for path in paths] == ["step-000001", "step-000002"]
    before = load_file(BASE / "model.safetensors")
    for path in paths:
        assert (path / COMPLETE).exists()
        check_whole(path)
        TransformersEngine(path, device="cpu")
        after = load_file(path / "model.safetensors")
        assert before.keys() <= after.keys()  # a tied output layer is written too
        moved = [name for name in before if (before[name].to(after[name].dtype) != after[name]).any()]
        assert moved

    watched = cli_process(
        "watch", training.out, "--suite", "figures", "--once", "--out", tmp_path / "runs", "--max-tokens", 40
    )
    assert watched.code == 0, watched.err
    again = cli_process(
        "watch", training.out, "--suite", "figures", "--once", "--out", tmp_path / "runs", "--max-tokens", 40
    )
    assert again.code == 0
    assert len(list((tmp_path / "runs").glob("*/run.json"))) == 2
    built = cli_process("board", "build", tmp_path / "runs", "--draft", "--out", tmp_path / "board")
    assert built.code == 0, built.err
    rows = list(csv.DictReader(io.StringIO((tmp_path / "board" / "board.csv").read_text())))
    assert {row["model"] for row in rows} == {"training/step-000001", "training/step-000002"}
    assert {row["status"] for row in rows} == {"complete"}


def test_a_checkpoint_answers_alike_in_vllm(train):
    vllm_model = pytest.importorskip("proctor.harness.engines.vllm")
    from itertools import islice

    from proctor.benchmarks.base import boxed_prompt
    from proctor.benchmarks.suites.figures import SUITE
    from proctor.harness.types import Request, Sampling

    training = train("mm_upt_figures_openrlhf", *SMALL, "--set", "policy.steps=1")
    assert training.end()[0] == 0
    requests = [Request(item.id, boxed_prompt(item)) for item in islice(SUITE.load(), 20)]
    engines = (
        TransformersEngine(training.checkpoints()[0], device="cpu", dtype="float32"),
        vllm_model.open_engine(str(training.checkpoints()[0]), {"dtype": "float32", "enforce_eager": "true"}),
    )
    answers = [
        {one.item_id: one.text for one in engine.generate(iter(requests), Sampling(max_tokens=40))}
        for engine in engines
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("title", "recipe"),
    [
        ("ray::RolloutRayActor", "mm_upt_figures_openrlhf"),
        ("proctor.trainers.openrlhf.driver", "mm_upt_figures_openrlhf"),
        ("vllm.entrypoints.openai.api_server", "actor_judge_figures_openrlhf"),
    ],
    ids=["rollout engine", "driver", "judge"],
)
def test_a_killed_process_ends_the_training_in_time_and_it_resumes(train: Callable, title: str, recipe: str):
    changes = ("--set", "policy.steps=400", "--set", "policy.prompts=4", "--set", "checkpoint_every=2")
    training = train(recipe, *changes, "--set", "judge.retries=0") if "judge" in recipe else train(recipe, *changes)
    training.wait_for_step(3)
    for process in processes(title):
        os.kill(process, signal.SIGKILL)
    killed = time.monotonic()
    code, said = training.end(timeout=ENDS_WITHIN)
    assert time.monotonic() - killed < ENDS_WITHIN
    assert code in (1, 3), said
    assert len([line for line in said.splitlines() if line.startswith("proctor train:")]) == 1, said
    assert "Traceback" not in said
    kept = training.checkpoints()
    assert kept
    for path in kept:
        check_whole(path)
    assert gone("proctor.trainers.openrlhf.driver")
    assert gone("vllm.entrypoints.openai.api_server")

    done = int(kept[-1].name.removeprefix("step-"))
    resumed = train(recipe, *_shorter(changes, training, done + 2), "--resume")
    code, said = resumed.end()
    assert code == 2, said  # another number of steps is another recipe: nothing of it is mixed
    recorded = training.metrics()[-1]["step"]  # may be past the checkpoint
    again = train(*_arguments(training), "--resume")
    again.wait_for_step(max(recorded, done) + 2)
    assert [one["step"] for one in again.metrics()] == list(range(1, len(again.metrics()) + 1))
    again.process.send_signal(signal.SIGTERM)
    code, said = again.end(timeout=ENDS_WITHIN)
    assert code == 130, said
    assert gone("proctor.trainers.openrlhf.driver")


def _arguments(training) -> tuple[str, ...]:
    """What a training was started with, its --out left out."""
    command = list(training.process.args)
    return tuple(command[command.index("train") + 1 : command.index("--out")])


def _shorter(changes, training, steps: int) -> tuple[str, ...]:
    return tuple(f"policy.steps={steps}" if one.startswith("policy.steps") else one for one in changes)


def test_a_judge_that_does_not_answer_is_told_before_ray_starts(train):
    training = train(
        "actor_judge_figures_openrlhf", *SMALL, "--set", "judge.url=http://127.0.0.1:9/v1", "--set", "judge.model=m"
    )
    code, said = training.end(timeout=60)
    assert code in (2, 3)
    assert "127.0.0.1:9" in said
    assert not (training.out / "openrlhf" / "log.txt").exists()


def test_more_gpus_than_there_are_is_one_line(train):
    code, said = train("mm_upt_figures_openrlhf", *SMALL, "--set", "openrlhf.engines=9").end(timeout=120)
    assert code == 2, said
    assert "needs 11 GPUs and Ray has 3" in said
