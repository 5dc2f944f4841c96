"""OpenRLHF in processes of its own: start it, follow its events, keep its checkpoints, end it.

Also a judge that the training serves itself: vLLM's OpenAI-compatible server in a process of its own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...harness import errors
from ...harness.engines.http_client import Endpoint
from ...harness.engines.vllm_process import OWNER
from ...harness.errors import EngineError, ProctorError
from ...harness.jsonl import Tail
from ...harness.limits import METRICS_LINE_BYTES
from ...harness.types import Json
from ..base import Progress
from ..training import TrainingFolder
from .plan import DRIVER, Plan

POLL_SECONDS = 0.5
STOP_SECONDS = 30.0
LAST_LINES = 4000


@contextmanager
def started(own: Path, plan: Plan, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """OpenRLHF in a process group of its own, which ends with the block; its files are in `own`."""
    Path(plan.events).write_bytes(b"")
    plan.write(own / "plan.json")
    with (own / "log.txt").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", DRIVER, str(own / "plan.json")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


@dataclass
class ProcessMonitor:
    """Keeps what a running training tells, and ends it when it falls silent.

    Its files are in `own`: events.jsonl, log.txt, and last/, the weights at its end, which is step `ends` of `total`.
    `start` is the checkpoint that it started from.
    """

    folder: TrainingFolder
    own: Path
    start: Path
    ends: int
    total: int
    process: subprocess.Popen[bytes]
    silence: int
    progress: Progress
    phase: str = "starting"
    failure: Mapping[str, Json] | None = None
    step: int = 0

    def to_the_end(self) -> None:
        """Follow until the process ends. Raises what it ended of."""
        self.step = self.folder.last_step()
        events = Tail(self.own / "events.jsonl", METRICS_LINE_BYTES)
        heard = time.monotonic()
        while True:
            ended = self.process.poll() is not None
            for event in events.new():
                heard = time.monotonic()
                self._take(event)
            if ended:
                break
            if time.monotonic() - heard > self.silence:
                raise EngineError(
                    f"no sign of life for {self.silence} s while {self.phase}: a dead engine is waited for without end; "
                    f"see {self._log}, and resume with --resume"
                )
            time.sleep(POLL_SECONDS)
        if self.failure or self.process.returncode:
            raise self._error()
        if self.folder.last_step() < self.ends:
            self.folder.adopt_checkpoint(self.ends, self.own / "last", self.start)

    @property
    def _log(self) -> Path:
        return self.own / "log.txt"

    def _take(self, event: Mapping[str, Json]) -> None:
        if "phase" in event:
            self.phase = str(event["phase"])
        elif "step" in event:
            self.step, metrics = int(event["step"]), event["metrics"]
            self.folder.record(self.step, metrics)
        elif "checkpoint" in event:
            self.folder.adopt_checkpoint(int(event["checkpoint"]), Path(event["path"]), self.start)
        else:
            self.failure = self.failure or event  # the others end of the first
        note = self.phase if not self.failure else "failed"
        self.progress(self.step, self.total, note)

    def _error(self) -> ProctorError:
        """What the training ended of, in one line."""
        failure = self.failure or {"error": self._last_words(), "kind": ""}
        kind = getattr(errors, str(failure["kind"]), None)
        message = " ".join(str(failure["error"]).split())[:500]
        if isinstance(kind, type) and issubclass(kind, ProctorError):
            return kind(message)
        return EngineError(f"OpenRLHF ended while {self.phase}: {message}; see {self._log}, and resume with --resume")

    def _last_words(self) -> str:
        """The last line of the log that speaks of an error, else how the process ended."""
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_LINES * 100))
            lines = log.read().decode(errors="replace").splitlines()
        errors = [line for line in lines if "Error" in line or "error:" in line]
        return errors[-1][-300:] if errors else f"exit code {self.process.returncode}"


SERVED_NAME = "judge"
START_SECONDS = 900.0
JUDGE_POLL_SECONDS = 1.0
JUDGE_STOP_SECONDS = 20.0
HOST = "127.0.0.1"


@contextmanager
def judge_server(model: Path, log: Path, environment: Mapping[str, str], gpus: int) -> Iterator[str]:
    """Serve `model` while the block runs; the value is the server's URL. Its output goes to `log`.

    Raises EngineError if it ends or does not answer within START_SECONDS.
    """
    port = _free_port()
    command = [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(model), "--served-model-name", SERVED_NAME, "--host", HOST, "--port", str(port)),
        *("--generation-config", "vllm", "--tensor-parallel-size", str(max(1, gpus))),
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603
            command,
            env={**environment, OWNER: str(os.getpid()), "VLLM_NO_USAGE_STATS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://{HOST}:{port}/v1"
    try:
        _wait_for(server, url, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(JUDGE_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    endpoint = Endpoint(url, SERVED_NAME, attempts=1)
    deadline = time.monotonic() + START_SECONDS
    trouble = "no answer"
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise EngineError(f"the judge's server ended with exit code {server.returncode}: see {log}")
        try:
            endpoint.served()
        except EngineError as error:
            trouble = str(error)
            time.sleep(JUDGE_POLL_SECONDS)
        else:
            return
    raise EngineError(f"the judge's server did not answer within {START_SECONDS:.0f} s ({trouble}): see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
