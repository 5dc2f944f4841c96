"""SIGTERM, SIGHUP, SIGINT and second writers, on real processes of the command line."""

import json
import signal
import time

import pytest

from proctor.harness.runs.store import RunReader


@pytest.fixture
def evaluate(start, slow_cli, tmp_path):
    """Starts `proctor eval` with the slow engine in `tmp_path/NAME`."""

    def begin(name="run", *options, items=40, **process):
        engine = [part for option in options for part in ("--engine-option", option)]
        command = ["eval", "--engine", "slow", "--model", "m", "--suite", "figures", "--limit", items]
        return start(slow_cli, *command, "--run", tmp_path / name, *engine, **process)

    return begin


def finish(process, timeout=120):
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out.decode(), err.decode()


def lines(path):
    try:
        return (path / "responses.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_drains_exits_130_and_the_same_command_finishes(evaluate, tmp_path, number):
    process = evaluate("run", "delay=0.02", "flight=4")
    wait_for(lambda: lines(tmp_path / "run") >= 3)
    process.send_signal(number)
    code, _, err = finish(process)
    assert code == 130, err
    assert "Traceback" not in err
    assert "run the same command again" in err
    answered = lines(tmp_path / "run")
    assert 0 < answered < 40
    assert answered % 4 == 0  # all that was in flight
    assert not RunReader(tmp_path / "run").complete

    assert finish(evaluate("run", "delay=0", "flight=3"))[0] == 0
    assert finish(evaluate("whole", "delay=0", "flight=1"))[0] == 0
    files = [(tmp_path / name / "responses.jsonl").read_bytes() for name in ("run", "whole")]
    assert files[0] == files[1]
    assert RunReader(tmp_path / "run").complete


def test_a_second_signal_ends_at_once(evaluate, tmp_path):
    process = evaluate("run", "delay=0.5", "flight=40")
    wait_for(lambda: lines(tmp_path / "run") >= 1)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    assert code == 130, err
    assert "Traceback" not in err
    assert time.monotonic() - started < 10  # draining would take 20 seconds
    list(RunReader(tmp_path / "run").responses())


def test_an_interrupted_json_command_still_prints_json(evaluate, tmp_path, start, slow_cli):
    command = ["eval", "--engine", "slow", "--model", "m", "--suite", "figures", "--run", tmp_path / "run", "--json"]
    process = start(slow_cli, *command, "--engine-option", "delay=0.05", "--limit", 60)
    wait_for((tmp_path / "run" / "responses.jsonl").exists)
    process.send_signal(signal.SIGTERM)
    code, out, err = finish(process)
    assert code == 130, err
    (result,) = json.loads(out)
    assert result["complete"] is False
    assert result["missing"] == 60 - lines(tmp_path / "run")


def test_a_second_process_is_refused_and_the_lock_dies_with_its_holder(evaluate, tmp_path):
    holder = evaluate("run", "delay=0.05", items=200)
    wait_for(lambda: lines(tmp_path / "run") >= 2)
    code, out, err = finish(evaluate("run", items=200))
    assert code == 3, err
    assert "another process is writing to it" in err
    assert err.strip().count("\n") <= 1  # a progress line and the message, no trace
    assert out == ""
    assert holder.poll() is None
    holder.kill()
    holder.wait()
    code, _, err = finish(evaluate("run", items=200))
    assert code == 0, err
    assert lines(tmp_path / "run") == 200


def test_engine_failures_end_with_3_and_a_later_command_mends_them(evaluate, tmp_path):
    code, out, err = finish(evaluate("run", "fail=3", items=10))
    assert code == 3, err
    assert "3 of 10 answers missing" in err
    assert "the engine is tired" in err
    assert "incomplete" in out
    code, out, err = finish(evaluate("run", items=10))
    assert code == 0, err
    assert finish(evaluate("whole", items=10))[0] == 0
    files = [(tmp_path / name / "responses.jsonl").read_bytes() for name in ("run", "whole")]
    assert files[0] == files[1]
