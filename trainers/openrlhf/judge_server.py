"""A judge that the training serves itself: vLLM's OpenAI-compatible server in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ...harness.endpoint import Endpoint
from ...harness.errors import EngineError
from ...harness.models.vllm_process import OWNER

SERVED_NAME = "judge"
START_SECONDS = 900.0
POLL_SECONDS = 1.0
STOP_SECONDS = 20.0
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
            server.wait(STOP_SECONDS)
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
            time.sleep(POLL_SECONDS)
        else:
            return
    raise EngineError(f"the judge's server did not answer within {START_SECONDS:.0f} s ({trouble}): see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
