"""kill -9 anywhere: the same command, run again, ends with the bytes of a run that was never interrupted."""

import os
import random
import signal
import sys
import time

import pytest

from proctor.benchmarks.examination import plan
from proctor.harness import files
from proctor.harness.runs import store
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Sampling

WATCHED = {store.__file__, files.__file__}


def answered(path):
    return [one for one in RunReader(path).responses() if one.error is None]


def hold_and_die(examination, model, path, at):
    """Hold an examination in a forked process that kills itself at the `at`-th line of the store's code.

    Returns True if it came to its end before that.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if frame.f_code.co_filename not in WATCHED:
            return None
        count += event == "line"
        if count > at:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    try:
        sys.settrace(trace)
        run_eval(examination, model, path)
        os._exit(0)
    except BaseException:
        os._exit(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_line_of_the_store(tmp_path, examine, scripted):
    """Also killed a second time while it resumes."""
    say = {"say": lambda i, k: f"{i} {k}", "flight": 2}
    run_eval(examine(3, n=2), scripted(**say), tmp_path / "whole")
    wanted = (tmp_path / "whole" / "responses.jsonl").read_bytes()
    rng = random.Random(0)
    points, at = 0, 0
    while True:
        path = tmp_path / f"run{at}"
        ended = hold_and_die(examine(3, n=2), scripted(**say), path, at)
        if not ended:
            hold_and_die(examine(3, n=2), scripted(**say), path, rng.randrange(600))
        before = {(one.item_id, one.sample) for one in answered(path)} if (path / "run.json").exists() else set()
        model = scripted(**say)
        assert run_eval(examine(3, n=2), model, path).complete
        assert (path / "responses.jsonl").read_bytes() == wanted, at
        assert RunReader(path).complete
        assert before.isdisjoint(model.asked), "what was answered was asked again"
        assert len(before) + len(model.asked) == 6
        if ended:
            break
        points += 1
        at += 1 + at // 12
    assert points > 30


def journal_lines(path):
    try:
        return (path / "responses.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def kill_and_finish(begin, path, moments):
    """Start, kill -9 at each moment (an answer count, or seconds from the start), then run to the end."""
    for moment in moments:
        process = begin(path)
        end = time.monotonic() + (moment if isinstance(moment, float) else 120)
        while process.poll() is None and time.monotonic() < end:
            if isinstance(moment, int) and journal_lines(path) >= moment:
                break
            time.sleep(0.002)
        process.kill()
        process.communicate()
    process = begin(path)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()


def test_killed_processes_of_the_command_line(tmp_path, start, slow_cli):
    def begin(path):
        command = ["eval", "--engine", "slow", "--model", "m", "--suite", "figures", "--limit", 80, "--samples", 2]
        options = ["--temperature", 1, "--engine-option", "delay=0.004", "--engine-option", "flight=3"]
        return start(slow_cli, *command, *options, "--run", path)

    kill_and_finish(begin, tmp_path / "whole", [])
    kill_and_finish(begin, tmp_path / "run", [0.3, 1, 41, 158])
    files = [(tmp_path / name / "responses.jsonl").read_bytes() for name in ("run", "whole")]
    assert files[0] == files[1]
    assert files[0].count(b"\n") == 160


DRAWN = Sampling(n=2, temperature=0.9, top_p=0.95, max_tokens=48)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("sampling", "items", "moments"),
    [
        pytest.param(DRAWN, 60, [60], id="drawn, in the middle"),
        pytest.param(DRAWN, 200, [1.5, 1, 200, 390], id="drawn, four times", marks=pytest.mark.nightly),
        pytest.param(
            Sampling(max_tokens=48),
            200,
            [1.5, 1, 100, 190],
            id="greedy, four times",
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_killed_evaluations_of_the_tiny_checkpoint(tmp_path, start, tiny, tiny_model, sampling, items, moments):
    """The real engine, on pictures: killed while it loads, at its first answers, in the middle and near the end."""

    def begin(path):
        command = ["-m", "proctor.harness.cli", "eval", "--model", tiny, "--suite", "figures", "--limit", items]
        drawn = ["--samples", sampling.n, "--temperature", sampling.temperature, "--top-p", sampling.top_p]
        return start(*command, "--max-tokens", 48, *drawn, "--engine-option", "batch=20", "--run", path)

    assert run_eval(plan("figures", "strict", sampling, limit=items), tiny_model, tmp_path / "whole").complete
    kill_and_finish(begin, tmp_path / "run", moments)
    files = [(tmp_path / name / "responses.jsonl").read_bytes() for name in ("run", "whole")]
    assert files[0] == files[1]
    assert files[0].count(b"\n") == items * sampling.n
    assert RunReader(tmp_path / "run").complete
