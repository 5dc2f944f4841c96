"""A Ray cluster that believes in GPUs, and `proctor train` on it. Everything else here is the real thing.

Runs under an interpreter that has OpenRLHF (`make test-openrlhf` makes one); elsewhere these tests are skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..processes import ray_cluster, started_with

SHIM = Path(__file__).parent / "shim"
GPUS = 3
EXTENSIONS = Path(os.environ.get("TORCH_EXTENSIONS_DIR", Path(sys.prefix) / "torch_extensions"))
"""Where DeepSpeed's compiled operators are kept."""

collect_ignore = (
    [] if importlib.util.find_spec("openrlhf") else [file.name for file in Path(__file__).parent.glob("test_*.py")]
)
if not collect_ignore:
    os.environ |= {"PYTHONPATH": str(SHIM), "VLLM_CPU_KVCACHE_SPACE": "1"}  # for the processes that tests start
    runpy.run_path(str(SHIM / "sitecustomize.py"))  # for this process, which has started already
    for lock in EXTENSIONS.glob("*/lock"):  # of a session that was ended while it compiled: who finds it waits for ever
        lock.unlink()


def environment() -> dict[str, str]:
    """What OpenRLHF needs to run on a CPU: the shim, fewer threads, and the place of DeepSpeed's operators."""
    return {
        **os.environ,
        "PYTHONPATH": str(SHIM),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TORCH_EXTENSIONS_DIR": str(EXTENSIONS),
        "DS_ACCELERATOR": "cpu",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
        "RAY_USAGE_STATS_ENABLED": "0",
        "TOKENIZERS_PARALLELISM": "false",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # or every engine takes the first core
        "VLLM_NO_USAGE_STATS": "1",
    }


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for processes that a training of this process starts."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def cluster() -> Iterator[dict[str, str]]:
    """The environment of a process that joins the cluster."""
    options = "--num-cpus=16", f"--num-gpus={GPUS}", "--object-store-memory=500000000"
    with ray_cluster(*options, environment=environment()) as joined:
        yield joined


class Training:
    """A running `proctor train`."""

    def __init__(self, out: Path, surroundings: dict[str, str], arguments: tuple[object, ...]) -> None:
        self.out, self._cluster = out, surroundings["RAY_TMPDIR"]
        command = [sys.executable, "-m", "proctor.harness.cli", "train", *map(str, arguments), "--out", str(out)]
        self.process = subprocess.Popen(
            command, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def end(self, timeout: float = 900) -> tuple[int, str]:
        """Exit code and what was said on stderr."""
        _, said = self.process.communicate(timeout=timeout)
        return self.process.returncode, said.decode()

    def metrics(self) -> list[dict[str, float]]:
        """The steps so far."""
        file = self.out / "metrics.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def checkpoints(self) -> list[Path]:
        """The complete ones."""
        return sorted((self.out / "checkpoints").glob("step-*"))

    def processes(self, title: str) -> list[int]:
        """Ids of running processes of this training and its cluster that have `title` in their name."""
        return started_with(f"RAY_TMPDIR={self._cluster}", title)

    def has_ended(self, title: str, within: float = 60.0) -> bool:
        """True once no process of it has that title."""
        deadline = time.monotonic() + within
        while self.processes(title):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)
        return True

    def wait_for_step(self, step: int, timeout: float = 600) -> None:
        """Until that many steps are done."""
        deadline = time.monotonic() + timeout
        while len(self.metrics()) < step:
            assert self.process.poll() is None, self.end()
            assert time.monotonic() < deadline, (self.out / "openrlhf" / "log.txt").read_text()[-3000:]
            time.sleep(0.2)

    def kill(self) -> None:
        """End it with all that it started in its group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


@pytest.fixture
def train(cluster: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Training]]:
    """Starts `proctor train RECIPE ...` in a folder of the test."""
    started: list[Training] = []

    def begin(*arguments: object, out: str = "training") -> Training:
        started.append(Training(tmp_path / out, cluster, arguments))
        return started[-1]

    yield begin
    for training in started:
        training.kill()
