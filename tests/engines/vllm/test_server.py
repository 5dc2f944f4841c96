"""vLLM's own server and the openai engine: the answers of the other engines, whatever becomes of the server."""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress

import pytest
from PIL import Image as PilImage

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.examination import plan, score_run
from proctor.harness.engines.openai import open_engine
from proctor.harness.engines.replay import ReplayEngine
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Image, Item, Prompt, Request, Sampling

from ..processes import answered, finish, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.slow]

NAME = "tiny"
CONTEXT = 4096
GREEDY = Sampling(max_tokens=48)
SAMPLED = Sampling(n=2, temperature=1.0, top_p=0.95, max_tokens=48, seed=5)
ITEMS = 400


class Server:
    """vLLM's server of a checkpoint, on a port that stays the same from one start to the next."""

    def __init__(self, checkpoint, log):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        served = ["--model", checkpoint, "--served-model-name", NAME, "--host", "127.0.0.1", "--port", port]
        plain = ["--dtype", "float32", "--enforce-eager", "--limit-mm-per-prompt", '{"video": 0}']
        cpu = ["--no-enable-chunked-prefill"]  # on a CPU, a prompt in pieces and a seed end the engine
        self._command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *served, *plain, *cpu]
        self._log = log
        self._process = None

    def start(self):
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*map(str, self._command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"},
            )
        wait_for(self.answers, self._process, seconds=300)

    def answers(self):
        """True if it lists its models."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/models", timeout=5) as reply:
            return reply.status == 200
        return False

    def kill(self):
        """End the server and the processes of its engine, as kill -9 or a machine without memory does."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def server(tiny, tmp_path_factory):
    """A server of the bundled checkpoint, with pictures let through that are larger than its context.

    The figures are smaller than either limit, so that their tokens are the bundled checkpoint's.
    """
    folder = tmp_path_factory.mktemp("server")
    wide = shutil.copytree(tiny, folder / "checkpoint")
    settings = json.loads((wide / "preprocessor_config.json").read_text())
    settings["size"]["longest_edge"] = 3000 * 3000
    (wide / "preprocessor_config.json").write_text(json.dumps(settings))
    serving = Server(wide, folder / "log")
    try:
        serving.start()
        yield serving
    finally:
        serving.kill()


@pytest.fixture
def engine(server):
    """The openai engine on it."""
    return open_engine(NAME, {"url": server.url})


@pytest.fixture
def evaluate(server, start, tmp_path):
    """Starts `proctor eval` of the model with this name, in the run directory with this one."""

    def begin(run, model=NAME):
        command = ["-m", "proctor.harness.cli", "eval", "--engine", "openai", "--model", model, "--suite", "figures"]
        drawn = ["--samples", SAMPLED.n, "--temperature", SAMPLED.temperature, "--top-p", SAMPLED.top_p]
        more = ["--limit", ITEMS, "--max-tokens", SAMPLED.max_tokens, "--seed", SAMPLED.seed, "--run", tmp_path / run]
        options = ["--engine-option", f"url={server.url}", "--engine-option", "attempts=3", "--json"]
        return start(*command, *drawn, *more, *options, cwd=tmp_path)

    return begin


def verdicts(path):
    scored = score_run(path)
    assert scored.complete
    return [(one.item_id, one.sample, one.correct, one.extracted) for one in scored.verdicts]


def test_the_answers_are_those_of_the_other_engines(engine, vllm_model, tiny_model, tmp_path):
    """Texts, finish reasons and token counts, byte for byte; a stored run answers them too."""
    figures = plan("figures", "strict", GREEDY, limit=100)
    for name, model in {"server": engine, "transformers": tiny_model, "vllm": vllm_model}.items():
        assert run_eval(figures, model, tmp_path / name).complete
    assert run_eval(figures, ReplayEngine(tmp_path / "server"), tmp_path / "replay").complete
    journal, judged = (tmp_path / "server" / "responses.jsonl").read_bytes(), verdicts(tmp_path / "server")
    assert journal.count(b"\n") == len(figures.asked) == 100
    assert 0 < sum(correct for _, _, correct, _ in judged) < 100
    for name in ("transformers", "vllm", "replay"):
        assert (tmp_path / name / "responses.jsonl").read_bytes() == journal, name
        assert verdicts(tmp_path / name) == judged, name


def test_samples_are_those_of_the_offline_engine(engine, vllm_model, tmp_path):
    figures = plan("figures", "strict", SAMPLED, limit=30)
    for name, model in {"server": engine, "vllm": vllm_model}.items():
        assert run_eval(figures, model, tmp_path / name).complete
    journal = (tmp_path / "server" / "responses.jsonl").read_bytes()
    assert journal == (tmp_path / "vllm" / "responses.jsonl").read_bytes()


def painted(width, height):
    file = io.BytesIO()
    PilImage.effect_noise((width, height), 90).convert("RGB").save(file, "PNG")
    return file.getvalue()


UNANSWERABLE = {
    "a picture larger than the context": ((painted(2400, 2400), "How tall is bar A?"), f"context length ({CONTEXT})"),
    "a picture and a text larger than it": ((painted(1400, 1400), "x " * 2000), f"context length ({CONTEXT})"),
    "a text larger than it": (("x " * CONTEXT,), f"context length is {CONTEXT} tokens"),
    "a picture cut off": ((painted(84, 84)[:60], "How tall is bar A?"), "Failed to load image"),
    "a page instead of a picture": ((b"<html>not found</html>", "How tall is bar A?"), "cannot be decoded"),
}


@pytest.mark.parametrize("name", UNANSWERABLE)
def test_what_can_not_be_answered_is_an_error_of_its_item_only(engine, name):
    parts, message = UNANSWERABLE[name]
    shown = tuple(Image.of_bytes(part, "q.png") if isinstance(part, bytes) else part for part in parts)
    picture = Image.of_bytes(painted(84, 84), "good.png")
    item = Item(id="good", suite="figures", question="How tall is bar A?", answer="5", answer_type="number")
    good = [Request(f"good {n}", Prompt((picture, *boxed_prompt(item).parts))) for n in range(4)]
    asked = [*good[:2], Request("bad", Prompt(shown)), *good[2:]]
    found = {one.item_id: one for one in engine.generate(asked, GREEDY)}
    assert len(found) == len(asked)
    bad = found.pop("bad")
    assert bad.text is None
    assert message in bad.error
    assert bad.error.isprintable()
    assert all(one.error is None and one.text for one in found.values())


def test_a_model_that_is_not_served_is_one_line(evaluate, tmp_path):
    code, out, err = finish(evaluate("run", model="nobody"))
    assert code == 3, err
    assert out == ""
    (line,) = (line for line in err.splitlines() if line.strip())
    assert f"serves no model 'nobody'; it serves {NAME}" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.nightly
def test_a_killed_server_ends_the_run_which_goes_on_to_the_same_bytes(server, evaluate, tmp_path):
    code, _, err = finish(evaluate("whole"))
    assert code == 0, err
    whole = {(one.item_id, one.sample): one for one in RunReader(tmp_path / "whole").responses()}
    assert len(whole) == ITEMS * SAMPLED.n
    assert len({one.text for one in whole.values()}) > 20

    process = evaluate("run")
    wait_for(lambda: answered(tmp_path / "run") >= 30, process)
    server.kill()
    code, out, err = finish(process)
    assert code == 3, err
    assert out == ""
    (line,) = (line for line in err.splitlines() if line.strip() and "figures" not in line)
    assert "the server is gone" in line
    stored = [one for one in RunReader(tmp_path / "run").responses() if one.error is None]
    assert 30 <= len(stored) < len(whole)
    assert all(one == whole[one.item_id, one.sample] for one in stored)

    code, _, err = finish(evaluate("run"))
    assert code == 3, err
    assert "is the server running" in err

    server.start()
    code, out, err = finish(evaluate("run"))
    assert code == 0, err
    (scored,) = json.loads(out)
    assert scored["complete"]
    for name in ("responses.jsonl", "items.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
