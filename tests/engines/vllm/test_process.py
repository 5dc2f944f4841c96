"""`proctor eval --engine vllm` as a process: its streams, its death, its engine's death, and its orderly end."""

import json
import os
import signal
import subprocess

import pytest

from proctor.benchmarks.examination import plan
from proctor.harness.errors import EngineError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Request, Sampling

from ..processes import answered, finish, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SAMPLING = Sampling(n=4, temperature=1.0, top_p=0.95, max_tokens=48, seed=5)
ITEMS = 400


@pytest.fixture(scope="module")
def examination():
    return plan("figures", "strict", SAMPLING, limit=ITEMS)


@pytest.fixture(scope="module")
def whole(vllm_model, examination, tmp_path_factory):
    """The answers' bytes of a run that nothing interrupts."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert run_eval(examination, vllm_model, path).complete
    return (path / "responses.jsonl").read_bytes()


@pytest.fixture
def evaluate(start, tiny, tmp_path):
    """Starts `proctor eval` in `tmp_path/run`, at the head of a process group of its own."""

    def begin(**environment):
        command = ["eval", "--engine", "vllm", "--model", tiny, "--suite", "figures", "--limit", ITEMS]
        drawn = ["--samples", SAMPLING.n, "--temperature", SAMPLING.temperature, "--top-p", SAMPLING.top_p]
        more = ["--max-tokens", SAMPLING.max_tokens, "--seed", SAMPLING.seed, "--run", tmp_path / "run", "--json"]
        options = ["--engine-option", "dtype=float32", "--engine-option", "enforce_eager=true"]
        arguments = ["-m", "proctor.harness.cli", *command, *drawn, *more, *options]
        return start(*arguments, start_new_session=True, cwd=tmp_path, env={**os.environ, **environment})

    return begin


def descendants(process):
    """The processes below one: {id: command line}."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    found, known = {}, {process}
    while new := {int(pid): args for pid, parent, args in rows if int(parent) in known and int(pid) not in known}:
        found |= new
        known |= set(new)
    return found


def running(processes):
    """Those of the processes that did not end; one that only waits to be reaped did."""
    states = subprocess.run(
        ["ps", "-o", "pid=,stat=", "-p", ",".join(map(str, processes))], capture_output=True, text=True
    )
    rows = (line.split() for line in states.stdout.splitlines())
    return [pid for pid, state in rows if not state.startswith("Z")]


def test_a_killed_run_goes_on_to_the_same_bytes_and_its_engine_ends(evaluate, tmp_path, whole):
    process = evaluate()
    wait_for(lambda: answered(tmp_path / "run") >= 30, process)
    engine = descendants(process.pid)
    assert any("EngineCore" in args for args in engine.values()), engine
    process.kill()
    finish(process)
    assert 30 <= answered(tmp_path / "run") < ITEMS * SAMPLING.n
    wait_for(lambda: not running(engine), seconds=30)

    code, out, err = finish(evaluate())
    assert code == 0, err
    (scored,) = json.loads(out)  # nothing else is on stdout
    assert scored["complete"]
    assert (tmp_path / "run" / "responses.jsonl").read_bytes() == whole
    noise = [line for line in err.splitlines() if line.strip() and "figures" not in line]
    assert not noise


def test_ctrl_c_finishes_what_is_in_flight(evaluate, tmp_path, vllm_model, examination, whole):
    """A terminal sends it to the whole process group, the engine's processes included."""
    process = evaluate()
    wait_for(lambda: answered(tmp_path / "run") >= 10, process)
    os.killpg(process.pid, signal.SIGINT)
    code, _, err = finish(process)
    assert code == 130, err
    assert "run the same command again" in err
    assert "Traceback" not in err
    stored = list(RunReader(tmp_path / "run").responses())
    assert all(one.error is None for one in stored)
    assert 10 <= len(stored) <= ITEMS * SAMPLING.n
    assert run_eval(examination, vllm_model, tmp_path / "run").complete
    assert (tmp_path / "run" / "responses.jsonl").read_bytes() == whole


@pytest.mark.nightly
@pytest.mark.parametrize(("send", "number"), [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)])
def test_an_interrupt_while_it_starts_ends_all_of_it(evaluate, tmp_path, send, number):
    process = evaluate()
    wait_for(lambda: any("EngineCore" in args for args in descendants(process.pid).values()), process)
    engine = descendants(process.pid)
    send(process.pid, number)
    code, out, err = finish(process, timeout=30)
    assert code == 130, err
    assert out == ""
    (line,) = (line for line in err.splitlines() if line.strip())
    assert "run the same command again" in line
    wait_for(lambda: not running(engine), seconds=30)
    assert not (tmp_path / "run").exists()


def test_a_dead_engine_is_one_line_and_what_it_answered_stays(evaluate, tmp_path, vllm_model, examination, whole):
    process = evaluate()
    wait_for(lambda: answered(tmp_path / "run") >= 30, process)
    (worker, *_) = (pid for pid, args in descendants(process.pid).items() if "Worker" in args)
    os.kill(worker, signal.SIGKILL)
    code, out, err = finish(process)
    assert code == 3, err
    assert out == ""
    (line,) = (line for line in err.splitlines() if "vLLM's engine died" in line)
    assert "run the same command again" in line
    assert "Traceback" not in err
    assert answered(tmp_path / "run") >= 30
    assert run_eval(examination, vllm_model, tmp_path / "run").complete
    assert (tmp_path / "run" / "responses.jsonl").read_bytes() == whole


@pytest.mark.nightly
def test_what_does_not_fit_is_one_line(start, tiny, tmp_path):
    """No memory for even one request's keys and values."""
    command = ["-m", "proctor.harness.cli", "eval", "--engine", "vllm", "--model", tiny, "--suite", "figures"]
    settings = ["--engine-option", "gpu_memory_utilization=0.0000001", "--engine-option", "enforce_eager=true"]
    options = [*settings, "--run", tmp_path / "run"]
    environment = {name: value for name, value in os.environ.items() if name != "VLLM_CPU_KVCACHE_SPACE"}
    code, out, err = finish(start(*command, *options, cwd=tmp_path, env=environment), timeout=150)
    assert code == 3, err
    assert out == ""
    (line,) = (line for line in err.splitlines() if line.strip())
    assert "vLLM cannot start with" in line
    assert "memory" in line.lower()
    assert not (tmp_path / "run").exists()


def test_an_engine_that_is_gone_raises_on_the_next_question(vllm_model, examination, monkeypatch):
    from vllm.v1.engine.exceptions import EngineDeadError

    def die():
        raise EngineDeadError

    monkeypatch.setattr(vllm_model._llm.llm_engine, "step", die)
    asked = examination.asked[0]
    with pytest.raises(EngineError, match="vLLM's engine died"):
        list(vllm_model.generate([Request(asked.item.id, asked.prompt)], Sampling(max_tokens=4)))
