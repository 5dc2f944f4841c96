"""How vLLM's processes are kept, with plain processes in their place; and what is said where there is no vLLM."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from proctor.harness.engines.vllm_process import OWNER, Chatter, start_apart, starting
from proctor.harness.errors import install

FOLLOWER = """
import os, subprocess, sys, time
from proctor.harness.engines.vllm_process import OWNER, starting
with starting():
    child = "import time; from proctor.harness.engines.vllm_process import follow_owner as f; f(); print(1); time.sleep(99)"
    process = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE)
process.stdout.readline()
print(process.pid, OWNER in os.environ, flush=True)
time.sleep(99)
"""

STUCK = """
import multiprocessing, os, signal, time
from proctor.harness.engines import vllm_process
vllm_process.EXIT_SECONDS = 1

def work(ready):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    vllm_process.follow_owner()
    ready.set()
    time.sleep(99)

def fail():
    vllm_process.follow_owner()
    ready = multiprocessing.Event()
    worker = multiprocessing.Process(target=work, args=(ready,), daemon=True)
    worker.start()
    ready.wait()
    print(worker.pid, flush=True)
    raise ValueError  # the exit waits for the worker

os.environ[vllm_process.OWNER] = str(os.getpid())
multiprocessing.set_start_method("fork")
engine = multiprocessing.Process(target=fail)
engine.start()
engine.join()
print(engine.exitcode, flush=True)
time.sleep(99)  # a living owner
"""

HEEDLESS = """
import multiprocessing, os, time
from proctor.harness.engines.vllm_process import start_apart

def start():
    engine = multiprocessing.get_context("fork").Process(target=time.sleep, args=(99,))
    engine.start()
    print(engine.pid, flush=True)
    try:
        engine.join()
    except KeyboardInterrupt:
        time.sleep(99)

start_apart(start)
"""


def alive(process):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def ends(process, seconds=20):
    """Whether a process ends within the time."""
    deadline = time.monotonic() + seconds
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(process)


def test_a_process_ends_with_its_owner_even_by_kill_9(start):
    owner = start("-c", FOLLOWER)
    child, marked = owner.stdout.readline().decode().split()
    assert marked == "False"
    assert alive(child)
    owner.kill()
    owner.wait()
    assert ends(child)


def test_an_exit_that_hangs_is_ended_and_the_workers_follow(start):
    owner = start("-c", STUCK)
    worker = owner.stdout.readline().strip().decode()
    assert int(owner.stdout.readline()) == -signal.SIGALRM
    assert ends(worker)
    assert owner.poll() is None


def test_an_interrupt_ends_a_start_that_is_deaf_to_it(start):
    owner = start("-c", HEEDLESS)
    engine = owner.stdout.readline().strip().decode()
    began = time.monotonic()
    owner.send_signal(signal.SIGINT)
    _, err = owner.communicate(timeout=20)
    assert b"KeyboardInterrupt" in err
    assert time.monotonic() - began < 5
    assert not alive(engine)


def test_an_interrupt_ends_the_thread_of_a_start_without_processes(start):
    busy = "import time\ndef start():\n  print(1, flush=True)\n  while True: time.sleep(0.01)"
    told = "import threading, time\ntry: start_apart(start)\nexcept KeyboardInterrupt: print(threading.active_count())"
    owner = start("-c", f"{busy}\nfrom proctor.harness.engines.vllm_process import start_apart\n{told}")
    owner.stdout.readline()
    owner.send_signal(signal.SIGINT)
    assert owner.communicate(timeout=20) == (b"1\n", b"")


def test_a_start_returns_or_raises_as_it_would_here(monkeypatch):
    monkeypatch.delenv(OWNER, raising=False)
    assert start_apart(lambda: os.environ[OWNER]) == str(os.getpid())
    assert start_apart(lambda: signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
    with pytest.raises(ZeroDivisionError):
        start_apart(lambda: 1 / 0)
    assert OWNER not in os.environ
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_processes_of_others_are_left_alone(monkeypatch):
    imports = "import threading; from proctor.harness.engines.vllm_process import follow_owner as follow"
    code = f"{imports}; follow(); print(threading.active_count())"
    monkeypatch.delenv(OWNER, raising=False)
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"1\n"


def test_interrupts_are_not_for_the_engine():
    code = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    with starting():
        inside = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert inside == b"True\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_starting_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "info")
    before = dict(os.environ)
    with starting():
        assert os.environ["TRANSFORMERS_VERBOSITY"] == "info"
        assert (os.environ["VLLM_NO_USAGE_STATS"], os.environ["RAY_USAGE_STATS_ENABLED"]) == ("1", "0")
    assert dict(os.environ) == before


def test_what_is_printed_is_kept_and_the_cause_quoted(capfd, monkeypatch):
    monkeypatch.delenv("VLLM_LOGGING_LEVEL", raising=False)
    chatter = Chatter()
    with chatter.taken():
        os.write(1, b"INFO loading\n")
    before = chatter.size()
    assert chatter.cause() is None
    with chatter.taken():
        os.write(1, b"(Worker pid=1) ERROR 11-21 08:00:00 [core.py:1] torch.OutOfMemoryError: CUDA out of memory.\n")
        subprocess.run([sys.executable, "-c", "raise ValueError('second')"])
        os.write(2, b"(EngineCore pid=1) RuntimeError: Engine core initialization failed. See root cause above.\n")
    assert chatter.cause(before) == "OutOfMemoryError: CUDA out of memory."
    last = chatter.size()
    with chatter.taken():
        os.write(2, b"RuntimeError: Engine core initialization failed. See root cause above.\n")
    assert chatter.cause(last) is None
    assert capfd.readouterr() == ("", "")


def test_it_can_be_seen_on_stderr(capfd, monkeypatch):
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "INFO")
    with Chatter().taken():
        os.write(1, b"INFO loading\n")
    assert capfd.readouterr() == ("", "INFO loading\n")


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vllm is installed here")
def test_without_vllm_the_error_names_the_command_that_installs_it(cli, tiny, tmp_path):
    done = cli("eval", "--engine", "vllm", "--model", tiny, "--suite", "figures", "--out", tmp_path)
    assert done.code == 2
    assert done.out == ""
    assert install("vllm") in done.err
    assert len(done.err.strip().splitlines()) == 1
